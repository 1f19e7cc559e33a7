"""A real shim: wasmtime on the library behind the shims of the runwasi project.

It is compiled once for each source and Rust version: 5 minutes on two idle cores. Its wasm pods
do not survive a restart of containerd, which is why the life-cycle tests need it.
"""

import hashlib
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Final

from localcluster import apt, commands, locks, paths
from localcluster.progress import Progress, silent
from workloads.artifacts import Artifact, pack

BINARY: Final = "containerd-shim-wasmtime-v1"
SOURCE: Final = Path(__file__).parents[2] / "tests/fixtures/wasmtime-shim"
PACKAGES: Final = ("build-essential", "libseccomp-dev", "pkg-config", "protobuf-compiler")


def ensure(progress: Progress = silent) -> Path:
    """Return the shim's binary, compiling it if it is not in the cache."""
    home = paths.cache_root() / "real-shim"
    target = home / f"{BINARY}-{_key()}"
    if target.exists():
        return target
    with locks.exclusive(home / ".lock"):
        if not target.exists():
            apt.install(_missing_packages(), progress)
            progress("compiling a real shim for the life-cycle tests (5 minutes on two idle cores)")
            _compile(home, target)
    return target


def artifact(*, edition: int = 1, progress: Progress = silent) -> Artifact:
    """Return the shim as a download."""
    return pack(BINARY, ensure(progress).read_bytes(), edition=edition)


def _key() -> str:
    digest = hashlib.sha256(rust_version().encode())
    for path in _source_files():
        digest.update(f"{path.relative_to(SOURCE)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _source_files() -> list[Path]:
    return [SOURCE / "Cargo.toml", *sorted((SOURCE / "src").rglob("*.rs"))]


@cache
def rust_version() -> str:
    """Return what the compiler calls itself."""
    return commands.run("rustc", "--version")


def _missing_packages() -> list[str]:
    return [package for package in PACKAGES if not _is_installed(package)]


def _is_installed(package: str) -> bool:
    asked = ("dpkg-query", "--show", "--showformat", "${db:Status-Status}", package)
    return commands.run(*asked, check=False) == "installed"


def _compile(home: Path, target: Path) -> None:
    """Compile a copy of the source: cargo's lock file stays beside the copy, in the cache."""
    source = home / "source"
    for path in _source_files():
        copy = source / path.relative_to(SOURCE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)
    built = paths.cache_root() / "cargo-target"
    libraries = Path("/usr/lib") / commands.run("gcc", "-print-multiarch").strip()
    commands.run_logged(
        ("cargo", "build", "--release", *_frozen(source)),
        log=home / "build.log",
        cwd=source,
        env={
            "CARGO_TARGET_DIR": str(built),
            "LIBSECCOMP_LINK_TYPE": "static",
            "LIBSECCOMP_LIB_PATH": str(libraries),
        },
    )
    new = target.with_name(f".{target.name}")
    shutil.copy2(built / "release" / BINARY, new)
    subprocess.run([new, "-v"], check=True, capture_output=True)
    new.rename(target)


def _frozen(source: Path) -> tuple[str, ...]:
    return ("--locked",) if (source / "Cargo.lock").exists() else ()
