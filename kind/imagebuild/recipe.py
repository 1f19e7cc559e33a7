"""What the images are made of, and the key that changes when any of it does."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).parents[2]
CONTAINERFILES: Final = REPOSITORY / "deploy/images"
SMOKE_TEST: Final = "smoke-test"
"""The module that shows whether a node runs wasm: text in the tree, compiled for the image."""

_PROJECT_FILES = ("pyproject.toml", "README.md", "LICENSE", "scripts/hatch_build.py")
_IMPORT_ROOTS = ("operator", "installer")
_GENERATED = ("_pb2.py", "_pb2.pyi", "_pb2_grpc.py", ".pyc")


class Part(StrEnum):
    """An image, named like its Containerfile and its requirements."""

    OPERATOR = "operator"
    INSTALLER = "installer"

    @property
    def containerfile(self) -> Path:
        """How the image is built."""
        return CONTAINERFILES / f"{self}.Containerfile"

    @property
    def requirements(self) -> Path:
        """What is installed in it, pinned with hashes."""
        return REPOSITORY / "requirements" / f"{self}.txt"


@dataclass(frozen=True, slots=True)
class ImageNames:
    """The references of one build."""

    tag: str

    def reference(self, part: Part) -> str:
        """Return the full reference of an image."""
        return f"{self.repository(part)}:{self.tag}"

    @staticmethod
    def repository(part: Part) -> str:
        """Return where an image lives; `localhost` so that no node looks for it elsewhere."""
        return f"localhost/wasmwright/{part}"


def image_names(base: str) -> ImageNames:
    """Return the references of what the present source makes on top of `base`."""
    files = [path for part in Part for path in (part.containerfile, part.requirements)]
    files.append(smoke_test_source())
    return ImageNames(tag=key([*files, *source_files()], base))


def smoke_test_source() -> Path:
    """Return the text of the module."""
    return CONTAINERFILES / f"{SMOKE_TEST}.wat"


def source_files() -> Iterator[Path]:
    """Yield every file that this project's wheel is made of, but none that is generated."""
    for name in _PROJECT_FILES:
        yield REPOSITORY / name
    for root in _IMPORT_ROOTS:
        for path in sorted((REPOSITORY / root).rglob("*")):
            if path.is_file() and not path.name.endswith(_GENERATED):
                yield path


def key(files: Iterable[Path], *words: str) -> str:
    """Return a short hash of words and of files with their names."""
    digest = hashlib.sha256("\0".join(words).encode())
    for path in files:
        digest.update(f"\0{path.relative_to(REPOSITORY)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]
