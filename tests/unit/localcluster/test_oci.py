import json
import tarfile
from pathlib import Path

import pytest

from localcluster import images, oci
from localcluster.errors import SpecError
from localcluster.oci import Image


def write(archive: Path, content: bytes = b"program") -> None:
    oci.write(archive, "localhost/a:1", {"/a": content}, entrypoint=("/a",), machine="x86_64")


def test_images__archive_that_we_wrote__has_name_and_digest_of_its_manifest(
    tmp_path: Path,
) -> None:
    write(tmp_path / "a.tar")
    (image,) = oci.images(tmp_path / "a.tar")
    assert image.name == "localhost/a:1"
    with tarfile.open(tmp_path / "a.tar") as tar:
        assert f"blobs/sha256/{image.digest.removeprefix('sha256:')}" in tar.getnames()


def test_write__same_input__gives_the_same_bytes(tmp_path: Path) -> None:
    write(tmp_path / "a.tar")
    write(tmp_path / "b.tar")
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()


def test_write__other_content__is_another_image(tmp_path: Path) -> None:
    write(tmp_path / "a.tar")
    write(tmp_path / "b.tar", b"other")
    assert oci.images(tmp_path / "a.tar") != oci.images(tmp_path / "b.tar")


def test_write__done__leaves_no_partial_file(tmp_path: Path) -> None:
    write(tmp_path / "a.tar")
    assert [path.name for path in tmp_path.iterdir()] == ["a.tar"]


def index_archive(path: Path, annotations: dict[str, str]) -> Path:
    index = path.with_suffix(".json")
    manifest = {"digest": "sha256:0", "annotations": annotations}
    index.write_text(json.dumps({"manifests": [manifest]}))
    with tarfile.open(path, "w") as tar:
        tar.add(index, "index.json")
    return path


def test_images__archive_of_buildah__takes_the_full_name_from_its_reference(
    tmp_path: Path,
) -> None:
    reference = {"org.opencontainers.image.ref.name": "localhost/b:2"}
    archive = index_archive(tmp_path / "b.tar", reference)
    assert oci.images(archive) == (Image("localhost/b:2", "sha256:0"),)


@pytest.mark.parametrize("annotations", [{}, {"org.opencontainers.image.ref.name": "latest"}])
def test_images__image_without_a_full_name__tells_how_to_give_one(
    tmp_path: Path, annotations: dict[str, str]
) -> None:
    archive = index_archive(tmp_path / "b.tar", annotations)
    with pytest.raises(SpecError, match=r"without a full name.*buildah push"):
        oci.images(archive)


def test_images__something_else__says_that_it_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("text")
    with pytest.raises(SpecError, match="is not an OCI image archive"):
        oci.images(tmp_path / "x")


def test_images__tar_of_something_else__says_that_it_is_no_archive(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x.tar", "w") as tar:
        tar.add(tmp_path, "folder", recursive=False)
    with pytest.raises(SpecError, match=r"is not an OCI image archive.*index\.json"):
        oci.images(tmp_path / "x.tar")


def test_images__no_such_file__says_so(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="cannot read the image archive"):
        oci.images(tmp_path / "missing.tar")


def test_parse_listing__output_of_ctr__is_names_and_digests() -> None:
    listing = (
        "REF               TYPE        DIGEST     SIZE    PLATFORMS   LABELS\n"
        "localhost/a:1     application sha256:aa  1.4 MiB linux/amd64 managed\n"
        "sha256:bb         application sha256:aa  1.4 MiB linux/amd64 managed\n"
    )
    assert images.parse_listing(listing) == {
        Image("localhost/a:1", "sha256:aa"),
        Image("sha256:bb", "sha256:aa"),
    }


def test_parse_listing__no_images__is_empty() -> None:
    assert images.parse_listing("REF TYPE DIGEST SIZE PLATFORMS LABELS\n") == frozenset()
