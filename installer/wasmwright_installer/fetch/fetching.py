"""How a run fetches."""

import platform
from dataclasses import dataclass, field
from pathlib import Path

from wasmwright_installer.fetch.files import HandedFiles
from wasmwright_installer.fetch.limits import FetchLimits


@dataclass(frozen=True, slots=True)
class Fetching:
    """Where to, within which limits, with which files and for which machine."""

    folder: Path
    """Where the binaries and the manifest go."""
    limits: FetchLimits
    files: HandedFiles = field(default_factory=HandedFiles)
    images: Path | None = None
    """Where what was taken out of images lies: a directory for each source, named by its key."""
    machine: str = field(default_factory=platform.machine)
    """What the binaries must be built for, as `uname -m` says it."""

    @property
    def scratch(self) -> Path:
        """Where a small file may be kept for a moment."""
        return self.folder / ".scratch"

    def partial(self, sha256: str) -> Path:
        """Return where a download with this digest grows; a later run goes on with it."""
        return self.folder / f".{sha256}.partial"
