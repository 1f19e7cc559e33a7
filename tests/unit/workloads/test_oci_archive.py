import hashlib
import io
import json
import tarfile
from typing import Any

import pytest

from workloads import oci_archive
from workloads.oci_archive import Image

FIRST = Image("localhost/a/first:1", {"/x.wasm": b"same"}, ("/x.wasm",))
SECOND = Image("localhost/a/second:2", {"/x.wasm": b"same"}, ("/x.wasm", "-v"))


def unpack(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        return {member.name: opened.extractfile(member).read() for member in opened}  # type: ignore[union-attr]


def blob(files: dict[str, bytes], descriptor: dict[str, Any]) -> bytes:
    content = files["blobs/" + descriptor["digest"].replace(":", "/")]
    assert len(content) == descriptor["size"]
    assert f"sha256:{hashlib.sha256(content).hexdigest()}" == descriptor["digest"]
    return content


def test_archive__names_each_image_in_full_for_containerd_and_by_tag_for_the_rest() -> None:
    files = unpack(oci_archive.archive(FIRST, SECOND))

    annotations = [m["annotations"] for m in json.loads(files["index.json"])["manifests"]]
    assert annotations == [
        {"io.containerd.image.name": image.name, "org.opencontainers.image.ref.name": tag}
        for image, tag in ((FIRST, "1"), (SECOND, "2"))
    ]


def test_archive__descriptor_leads_to_manifest_config_and_layer() -> None:
    files = unpack(oci_archive.archive(SECOND))

    descriptor = json.loads(files["index.json"])["manifests"][0]
    manifest = json.loads(blob(files, descriptor))
    config = json.loads(blob(files, manifest["config"]))
    layer = blob(files, manifest["layers"][0])
    assert config["config"] == {"Entrypoint": ["/x.wasm", "-v"]}
    assert config["rootfs"]["diff_ids"] == [manifest["layers"][0]["digest"]]
    with tarfile.open(fileobj=io.BytesIO(layer)) as opened:
        member = opened.getmember("x.wasm")
        assert member.mode == 0o755
        assert opened.extractfile(member).read() == b"same"  # type: ignore[union-attr]


def test_archive__images_with_the_same_files__share_their_layer() -> None:
    files = unpack(oci_archive.archive(FIRST, SECOND))

    blobs = [name for name in files if name.startswith("blobs/")]
    assert len(blobs) == 2 + 2 + 1


def test_archive__made_twice__is_the_same_to_the_byte() -> None:
    assert oci_archive.archive(FIRST, SECOND) == oci_archive.archive(FIRST, SECOND)


@pytest.mark.parametrize(
    ("machine", "expected"), [("x86_64", "amd64"), ("aarch64", "arm64"), ("s390x", "s390x")]
)
def test_architecture__is_in_the_words_of_images(
    machine: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.machine", lambda: machine)

    assert oci_archive.architecture() == expected
