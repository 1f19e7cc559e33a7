"""The wheels that the images are made of: downloaded ones by their hashes, and our own."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from wasmtime import wat2wasm

from imagebuild.recipe import REPOSITORY, SMOKE_TEST, Part, key, smoke_test_source
from localcluster import commands, locks, paths
from localcluster.progress import Progress

PYTHON_VERSION = "3.13"
"""The Python of the images, whatever this program runs on."""


def ensure_dependencies(part: Part, progress: Progress) -> Path:
    """Return the directory of the pinned wheels of an image, downloading them if needed."""
    home = paths.cache_root() / "wheels"
    target = home / f"{part}-{key([part.requirements], PYTHON_VERSION)}"
    if target.is_dir():
        return target
    with locks.exclusive(home / ".lock"):
        if not target.is_dir():
            progress(f"downloading the pinned wheels of the {part}")
            _download(part, target)
    return target


def _download(part: Part, target: Path) -> None:
    """Download with pip in an environment of its own: the development environment has none."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".download-") as work:
        commands.run(sys.executable, "-m", "venv", f"{work}/venv")
        commands.run(
            *(f"{work}/venv/bin/pip", "download", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--require-hashes", "--only-binary", ":all:"),
            *("--python-version", PYTHON_VERSION, "--dest", f"{work}/wheels"),
            *("--requirement", str(part.requirements)),
        )
        # The same times each time: they are part of what buildah compares to find a cached layer.
        for path in (*Path(work, "wheels").iterdir(), Path(work, "wheels")):
            os.utime(path, (0, 0))
        Path(work, "wheels").rename(target)


def build_own(into: Path) -> None:
    """Build the wheel of this project."""
    commands.run(
        *(
            sys.executable,
            "-m",
            "hatchling",
            "build",
            "--target",
            "wheel",
            "--directory",
            str(into),
        ),
        cwd=REPOSITORY,
        env={"SOURCE_DATE_EPOCH": "315532800"},
    )


def lay_out_context(part: Part, own: Path, dependencies: Path, context: Path) -> None:
    """Make the directory that the Containerfiles expect; files are linked where that works."""
    context.mkdir()
    shutil.copytree(dependencies, context / "wheels", copy_function=_link)
    shutil.copytree(own, context / "dist", copy_function=_link)
    shutil.copyfile(part.requirements, context / "requirements.txt")
    module = context / f"{SMOKE_TEST}.wasm"
    module.write_bytes(wat2wasm(smoke_test_source().read_text()))
    for path in (context / "requirements.txt", module):
        os.utime(path, (0, 0))


def _link(source: str, target: str) -> None:
    """Link a file, or copy it to another file system."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
