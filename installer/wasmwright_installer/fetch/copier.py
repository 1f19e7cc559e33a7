"""A program that copies one file, and that runs where there is nothing: in images of one binary.

It is the system's own `dd`, with all that it needs to start: its libraries, and the loader that
finds them. The loader is called by its path, so nothing of what surrounds it is asked for.
"""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from wasmwright_installer.detect.programs import parse_program
from wasmwright_installer.errors import ArtifactError

LOADER: Final = "loader"
LIBRARIES: Final = "lib"
PROGRAM: Final = "dd"

_FOUND: Final = re.compile(r"^\s*(\S+) => (/\S+) \(0x[0-9a-f]+\)$", re.MULTILINE)


def lay_out(folder: Path) -> None:
    """Put the program into a directory, so that `copying` says how it is called there.

    Raises:
        ArtifactError: this system has none that can be called so.
    """
    program = shutil.which(PROGRAM)
    found = parse_program(Path(program).read_bytes()) if program else None
    if program is None or found is None or not found.interpreter:
        raise ArtifactError(
            f"{program or PROGRAM} of the installer's image cannot be lent to other images; build "
            "it on a base with GNU coreutils and the GNU C library",
            reason="CopierMissing",
        )
    (folder / LIBRARIES).mkdir(parents=True, exist_ok=True)
    for name, library in _libraries(found.interpreter, program):
        _copy(library, folder / LIBRARIES / name)
    _copy(found.interpreter, folder / LOADER)
    _copy(program, folder / PROGRAM)


def _libraries(loader: str, program: str) -> list[tuple[str, str]]:
    listed = subprocess.run(
        [loader, "--list", program], capture_output=True, text=True, check=False, timeout=30
    )
    return _FOUND.findall(listed.stdout)


def _copy(source: str, target: Path) -> None:
    shutil.copyfile(source, target)
    target.chmod(0o755)
