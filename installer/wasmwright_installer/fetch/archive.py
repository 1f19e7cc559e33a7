"""The one file that is wanted of a tar archive; nothing else of it is ever written."""

import tarfile
from pathlib import Path

from wasmwright_installer.errors import ArtifactError


def member(runtime: str, archive: Path, path: str, limit: int) -> bytes:
    """Return a regular file of an archive by its exact name, with or without a leading `./`.

    Raises:
        ArtifactError: no such member, or it is no regular file of at most `limit` bytes.
    """
    name = path.removeprefix("./")
    try:
        with tarfile.open(archive, mode="r:*") as tar:
            for info in tar:
                if info.name.removeprefix("./") == name:
                    return _content(runtime, tar, info, limit)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise ArtifactError(
            f"runtime {runtime!r}: the download is no readable tar archive ({error}); "
            "leave source.http.path empty if it is the binary itself",
            reason="MemberNotFound",
        ) from error
    raise ArtifactError(
        f"runtime {runtime!r}: the archive has no member {path!r}; correct source.http.path",
        reason="MemberNotFound",
    )


def _content(runtime: str, tar: tarfile.TarFile, info: tarfile.TarInfo, limit: int) -> bytes:
    file = tar.extractfile(info) if info.isfile() else None
    if file is None or info.size > limit:
        what = f"is larger than {limit} bytes" if info.isfile() else "is no regular file"
        raise ArtifactError(
            f"runtime {runtime!r}: member {info.name!r} of the archive {what}; "
            "name the binary itself in source.http.path",
            reason="MemberNotFound",
        )
    return file.read()
