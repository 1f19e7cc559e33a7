"""Downloads as projects publish them: a tar.gz with one program, and its sha256."""

import gzip
import hashlib
import io
import tarfile
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Artifact:
    """A download."""

    file_name: str
    content: bytes
    member: str
    """The program's name in the archive."""

    @property
    def sha256(self) -> str:
        """The digest to check the download against."""
        return hashlib.sha256(self.content).hexdigest()


def pack(member: str, program: bytes, *, edition: int = 1) -> Artifact:
    """Return a program as a download, the same bytes each time.

    Another edition is another digest of a program that does the same: for upgrades. What is added
    behind the end of an ELF file, or as a comment behind the end of a script, changes nothing.
    """
    if edition != 1:
        program += f"\n# edition {edition}\n".encode()
    # Projects publish their archives with a leading `./`, so ours have it too.
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        entry = tarfile.TarInfo(f"./{member}")
        entry.size, entry.mode = len(program), 0o755
        tar.addfile(entry, io.BytesIO(program))
    return Artifact(
        file_name=f"{member}-{edition}.tar.gz",
        content=gzip.compress(content.getvalue(), compresslevel=1, mtime=0),
        member=member,
    )
