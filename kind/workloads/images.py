"""The images that our pods run: the wasm modules, and a native program beside them."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from platform import machine
from typing import Final

from localcluster import binaries, locks, oci, paths
from localcluster.progress import Progress, silent
from workloads.modules import Module, compile_module, file_name

WASM: Final = "localhost/wasmwright/wasm:1"
"""All modules, each a file; what runs is said by the pod's command."""
BYSTANDER: Final = "localhost/wasmwright/bystander:1"
"""A native program that does nothing, until it is told to end."""


def ensure_wasm() -> Path:
    """Return the archive of the image with the wasm modules."""
    files = {file_name(module): compile_module(module) for module in Module}
    return _ensure(WASM, files, entrypoint=file_name(Module.HELLO))


def ensure_bystander(progress: Progress = silent) -> Path:
    """Return the archive of the native program, which is the pause program of the local cluster."""
    files = {"/pause": binaries.ensure("pause", progress).read_bytes()}
    return _ensure(BYSTANDER, files, entrypoint="/pause")


def _ensure(name: str, files: Mapping[str, bytes], *, entrypoint: str) -> Path:
    key = hashlib.sha256(f"{name}\0{entrypoint}".encode())
    for path, content in sorted(files.items()):
        key.update(f"\0{path}\0{hashlib.sha256(content).hexdigest()}".encode())
    title = name.rpartition("/")[2].partition(":")[0]
    target = paths.cache_root() / "images" / f"{title}-{key.hexdigest()[:16]}.tar"
    with locks.exclusive(target.with_name(f".{target.name}.lock")):
        if not target.exists():
            oci.write(target, name, files, entrypoint=(entrypoint,), machine=machine())
    return target
