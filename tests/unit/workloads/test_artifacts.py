import gzip
import hashlib
import io
import tarfile

from workloads.artifacts import pack


def test_pack__holds_the_one_program_with_a_leading_dot_as_projects_publish_it() -> None:
    artifact = pack("shim-v1", b"program")

    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(artifact.content))) as opened:
        (member,) = opened.getmembers()
        assert (member.name, member.mode, member.uid) == ("./shim-v1", 0o755, 0)
        assert opened.extractfile(member).read() == b"program"  # type: ignore[union-attr]
    assert artifact.member == "shim-v1"
    assert artifact.sha256 == hashlib.sha256(artifact.content).hexdigest()


def test_pack__twice__is_the_same_to_the_byte() -> None:
    assert pack("shim-v1", b"program") == pack("shim-v1", b"program")


def test_pack__another_edition__has_another_digest_and_name() -> None:
    first, second = pack("shim-v1", b"program"), pack("shim-v1", b"program", edition=2)

    assert first.sha256 != second.sha256
    assert first.file_name != second.file_name
