"""Compile the programs of the cluster into the cache, once per content of their modules.

The directory of a component is `bin/<component>-<key>`, where the key is a hash of the module's
files, the flags and the Go version. It appears by a rename, so it is whole or not there, and a
file lock keeps two processes from compiling the same thing twice.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from localcluster import commands, components, locks, paths
from localcluster.components import Component
from localcluster.progress import Progress, silent

_ENVIRONMENT = {"CGO_ENABLED": "0", "GOWORK": "off"}


def ensure(executable: str, progress: Progress = silent) -> Path:
    """Return the path of a program such as `kubectl`, compiling its component if needed."""
    found = components.component_of(executable)
    return ensure_component(found, progress) / executable


def ensure_component(component: Component, progress: Progress = silent) -> Path:
    """Return the directory that holds the component's programs, compiling them if needed."""
    target = directory(component)
    if target.is_dir():
        return target
    with locks.exclusive(target.with_name(f".{target.name}.lock")):
        if not target.is_dir():
            progress(f"compiling {_title(component)}")
            _build(component, target)
    return target


def missing(wanted: Iterable[Component]) -> tuple[Component, ...]:
    """Return those components that are not in the cache."""
    return tuple(component for component in wanted if not directory(component).is_dir())


def directory(component: Component) -> Path:
    """Return where the component is in the cache, or will be."""
    key = build_key(component, _go_version())
    return paths.cache_root() / "bin" / f"{component.name}-{key}"


def build_key(component: Component, go_version: str) -> str:
    """Return the hash of everything that the component's programs depend on."""
    digest = hashlib.sha256()
    for path in sorted(component.directory.iterdir()):
        digest.update(f"{path.name}\0".encode() + path.read_bytes() + b"\0")
    for part in (*_flags(component), *component.commands, *sorted(_ENVIRONMENT), go_version):
        digest.update(f"{part}\0".encode())
    return digest.hexdigest()[:16]


def _flags(component: Component) -> tuple[str, ...]:
    return ("-trimpath", "-ldflags", component.ldflags())


def _build(component: Component, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    for leftover in target.parent.glob(f".{target.name}.build-*"):
        shutil.rmtree(leftover)
    work = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}.build-"))
    output = work / "bin"
    output.mkdir(mode=0o755)
    what = component.commands or (".",)
    command = ("go", "build", *_flags(component), "-o", f"{output}/", *what)
    commands.run_logged(command, log=work / "build.log", env=_ENVIRONMENT, cwd=component.directory)
    output.rename(target)
    shutil.rmtree(work)


def _title(component: Component) -> str:
    return f"{component.name} {component.version}".strip()


@cache
def _go_version() -> str:
    return commands.run("go", "env", "GOVERSION", "GOOS", "GOARCH").replace("\n", " ").strip()
