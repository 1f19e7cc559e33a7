"""The files with what may not stand in a document: credentials, and certificates beside them.

Whoever starts `fetch` puts them into one directory; documents name them by paths below it.
"""

from dataclasses import dataclass
from pathlib import Path

from wasmwright_installer.errors import ArtifactError

_LARGEST = 1 << 20
"""Bytes; a Secret or a ConfigMap holds no more."""


@dataclass(frozen=True, slots=True)
class HandedFiles:
    """A directory of such files; None = there is none."""

    folder: Path | None = None

    def read(self, runtime: str, file: str) -> str:
        """Return the text of a file.

        Raises:
            ArtifactError: it is not there or is no text. What it holds is never told.
        """
        try:
            with self._path(file).open("rb") as opened:
                return opened.read(_LARGEST).decode()
        except OSError as error:
            raise ArtifactError(
                f"runtime {runtime!r}: {file} cannot be read from {self.folder or 'any directory'} "
                f"({error.strerror}); create what it is named after, with this key, or correct the "
                "source",
                reason="SourceFileMissing",
            ) from error
        except UnicodeDecodeError as error:
            raise unusable(runtime, file, "is no text") from error

    def readable(self, runtime: str, file: str) -> Path:
        """Return where a file is, for those who read it themselves.

        Raises:
            ArtifactError: as above.
        """
        self.read(runtime, file)
        return self._path(file)

    def _path(self, file: str) -> Path:
        if self.folder is None:
            raise FileNotFoundError(2, "fetch was started without --files")
        return self.folder / file

    def read_line(self, runtime: str, file: str) -> str:
        """Return the one line that a file holds, without space around it.

        Raises:
            ArtifactError: as above, or it is not one line of printable ASCII.
        """
        line = self.read(runtime, file).strip()
        if not line or not line.isascii() or not line.isprintable():
            raise unusable(runtime, file, "is not one line of printable ASCII characters")
        return line


def unusable(runtime: str, file: str, what: str) -> ArtifactError:
    """Return the error of a file whose content cannot be used, without the content."""
    return ArtifactError(
        f"runtime {runtime!r}: {file} {what}; correct what it is named after",
        reason="SourceFileInvalid",
    )
