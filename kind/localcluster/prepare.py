"""Everything that a cluster is made of, in the cache before the first thing of it is started.

Go compiles with all processors, so the components follow one another (and share what they have
compiled); Debian is installed meanwhile, which is mostly waiting for the network and the disk.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from platform import machine
from typing import Final, TypeVar

from localcluster import binaries, components, flavours, locks, oci, rootfs
from localcluster.components import Component
from localcluster.progress import Progress
from localcluster.spec import ClusterSpec

T = TypeVar("T")

KUBERNETES: Final = components.component("kubernetes")
ETCD: Final = components.component("etcd")
PAUSE: Final = components.component("pause")


@dataclass(frozen=True, slots=True)
class Parts:
    """What nodes are made of."""

    rootfs: Path
    kubernetes: Path
    runtimes: dict[str, Path]
    """By component: the programs of a container runtime that was compiled."""
    pause: Path
    """The archive of the image that holds a pod's namespaces."""


def needed(spec: ClusterSpec) -> tuple[Component, ...]:
    """Return the components that a cluster needs, each once, the largest first."""
    if not spec.nodes:
        return (KUBERNETES, ETCD)
    runtimes = (flavours.flavour(name).component for name in spec.nodes)
    compiled = dict.fromkeys(name for name in runtimes if name is not None)
    return (KUBERNETES, ETCD, PAUSE, *map(components.component, compiled))


def prepare(spec: ClusterSpec, progress: Progress) -> Parts | None:
    """Compile and install what the cluster needs; None if it has no nodes to be made of parts."""
    fill_cache(needed(spec), (rootfs.NODE,) if spec.nodes else (), progress)
    if not spec.nodes:
        return None
    return Parts(
        rootfs=rootfs.ensure(rootfs.NODE),
        kubernetes=binaries.ensure_component(KUBERNETES),
        runtimes={
            found.name: binaries.ensure_component(found)
            for found in needed(spec)
            if found.name in {flavours.flavour(name).component for name in spec.nodes}
        },
        pause=pause_archive(),
    )


def fill_cache(wanted: Iterable[Component], roots: Iterable[str], progress: Progress) -> None:
    """Compile these components and install these file systems, each if it is not there."""
    with ThreadPoolExecutor(2, thread_name_prefix="prepare") as pool:
        work = [
            pool.submit(_each, binaries.ensure_component, tuple(wanted), progress),
            pool.submit(_each, _ensure_root, tuple(roots), progress),
        ]
    for done in work:
        done.result()


def pause_archive() -> Path:
    """Return the archive of the pause image, which is made once per content of its program."""
    directory = binaries.ensure_component(PAUSE)
    archive = directory.with_name(f"{directory.name}.tar")
    with locks.exclusive(directory.with_name(f".{archive.name}.lock")):
        if not archive.exists():
            program = {"/pause": (directory / "pause").read_bytes()}
            oci.write(
                archive,
                flavours.PAUSE_IMAGE,
                program,
                entrypoint=("/pause",),
                machine=machine(),
            )
    return archive


def _each(ensure: Callable[[T, Progress], Path], wanted: tuple[T, ...], progress: Progress) -> None:
    for what in wanted:
        ensure(what, progress)


def _ensure_root(name: str, progress: Progress) -> Path:
    return rootfs.ensure(name, progress=progress)
