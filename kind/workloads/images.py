"""The images that our pods run: the wasm modules, and a native program beside them."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from platform import machine
from typing import Final

from localcluster import binaries, locks, oci, paths
from localcluster.components import Component
from localcluster.progress import Progress, silent
from workloads.modules import Module, compile_module, file_name

WASM: Final = "localhost/wasmwright/wasm:1"
"""All modules, each a file; what runs is said by the pod's command."""
BYSTANDER: Final = "localhost/wasmwright/bystander:1"
"""A native program that does nothing, until it is told to end."""
COMPANION: Final = "localhost/wasmwright/companion:1"
"""A native program that serves, as sidecars do."""

_COMPANION: Final = Component("companion", commands=(), folder=Path(__file__).parent / "programs")


def ensure_wasm() -> Path:
    """Return the archive of the image with the wasm modules."""
    files = {file_name(module): compile_module(module) for module in Module}
    return _ensure(WASM, files, entrypoint=file_name(Module.HELLO))


def ensure_bystander(progress: Progress = silent) -> Path:
    """Return the archive of the native program, which is the pause program of the local cluster."""
    files = {"/pause": binaries.ensure("pause", progress).read_bytes()}
    return _ensure(BYSTANDER, files, entrypoint="/pause")


def ensure_companion(progress: Progress = silent) -> Path:
    """Return the archive of the companion."""
    program = binaries.ensure_component(_COMPANION, progress) / _COMPANION.name
    return _ensure(COMPANION, {"/companion": program.read_bytes()}, entrypoint="/companion")


def _ensure(name: str, files: Mapping[str, bytes], *, entrypoint: str) -> Path:
    content = (entrypoint.encode(), *(b"%s %s" % (k.encode(), v) for k, v in sorted(files.items())))
    return keep(
        name,
        content,
        lambda to: oci.write(to, name, files, entrypoint=(entrypoint,), machine=machine()),
    )


def keep(name: str, content: Iterable[bytes], write: Callable[[Path], None]) -> Path:
    """Return the archive of an image in the cache, written if there is none with this content."""
    key = hashlib.sha256(name.encode())
    for part in content:
        key.update(hashlib.sha256(part).digest())
    title = name.rpartition("/")[2].partition(":")[0]
    target = paths.cache_root() / "images" / f"{title}-{key.hexdigest()[:16]}.tar"
    with locks.exclusive(target.with_name(f".{target.name}.lock")):
        if not target.exists():
            write(target)
    return target
