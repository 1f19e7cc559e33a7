"""The images that our pods run: the wasm modules, and a native program beside them."""

import hashlib
import os
from pathlib import Path
from typing import Final

from localcluster import binaries, paths
from localcluster.progress import Progress, silent
from workloads import oci_archive
from workloads.modules import Module, compile_module
from workloads.oci_archive import Image

BYSTANDER: Final = "localhost/wasmwright/bystander:1"
"""A native program that does nothing, until it is told to end."""


def wasm_image(module: Module) -> str:
    """Return the reference of the image that holds a module."""
    return f"localhost/wasmwright/{module}-wasm:1"


def ensure_wasm() -> Path:
    """Return the archive of all wasm images."""
    images = [
        Image(
            name=wasm_image(module),
            files={f"/{module}.wasm": compile_module(module)},
            entrypoint=(f"/{module}.wasm",),
        )
        for module in Module
    ]
    return _keep(oci_archive.archive(*images), "wasm")


def ensure_bystander(progress: Progress = silent) -> Path:
    """Return the archive of the native program, which is the pause program of the local cluster."""
    program = binaries.ensure("pause", progress).read_bytes()
    image = Image(name=BYSTANDER, files={"/pause": program}, entrypoint=("/pause",))
    return _keep(oci_archive.archive(image), "bystander")


def _keep(content: bytes, name: str) -> Path:
    key = hashlib.sha256(content).hexdigest()[:16]
    target = paths.cache_root() / "images" / f"{name}-{key}.tar"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        new = target.with_name(f".{target.name}.{os.getpid()}")
        new.write_bytes(content)
        new.rename(target)
    return target
