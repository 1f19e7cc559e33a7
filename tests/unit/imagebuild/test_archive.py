import json
import tarfile
from pathlib import Path

import pytest

from imagebuild import archive

REFERENCE = "localhost/wasmwright/operator:abc"
INDEX = {
    "schemaVersion": 2,
    "manifests": [
        {"digest": "sha256:1", "annotations": {"org.opencontainers.image.ref.name": REFERENCE}}
    ],
}


def test_name_for_containerd__gives_the_full_name_where_containerd_looks_for_it() -> None:
    (manifest,) = archive.name_for_containerd(INDEX)["manifests"]

    assert manifest["digest"] == "sha256:1"
    assert manifest["annotations"] == {
        "io.containerd.image.name": REFERENCE,
        "org.opencontainers.image.ref.name": "abc",
    }


def test_pack__holds_the_layout_with_its_names(tmp_path: Path) -> None:
    layout = tmp_path / "layout"
    (layout / "blobs/sha256").mkdir(parents=True)
    (layout / "blobs/sha256/1").write_text("blob")
    (layout / "index.json").write_text(json.dumps(INDEX))

    archive.pack(layout, tmp_path / "images.tar")

    with tarfile.open(tmp_path / "images.tar") as packed:
        assert packed.getnames() == ["blobs/sha256/1", "index.json"]
        index = json.loads(packed.extractfile("index.json").read())  # type: ignore[union-attr]
    assert index == archive.name_for_containerd(INDEX)


def test_pack__interrupted__leaves_no_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "layout").mkdir()
    (tmp_path / "layout/index.json").write_text(json.dumps(INDEX))

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(tarfile.TarFile, "add", interrupt)
    with pytest.raises(KeyboardInterrupt):
        archive.pack(tmp_path / "layout", tmp_path / "images.tar")

    assert not (tmp_path / "images.tar").exists()
