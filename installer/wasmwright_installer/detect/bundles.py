"""Which running pods would be lost, and which still use a binary: decided from task bundles.

containerd keeps one directory ("bundle") per container and notes in it which shim runs it. Shims
on the runwasi library do not answer what containerd asks when it starts, so a restart orphans
their pods; a bundle whose shim has died makes the next start hang. Both are measured facts, not
containerd's intention, so a shim that nobody vouches for counts as one that loses its pods.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from wasmwright_installer.home import own_handler

CONMON = "conmon"
"""What watches a container of CRI-O: a process of its own, which a restart leaves alone."""

_SURVIVING_SHIMS = (
    CONMON,
    "containerd-shim-runc-v1",
    "containerd-shim-runc-v2",
    "containerd-shim-kata-v2",
    "containerd-shim-runsc-v1",
)


@dataclass(frozen=True, slots=True)
class Bundle:
    """One container as containerd's task directory shows it."""

    path: str
    id: str
    pod: str
    """`namespace/name`, or the bundle's path when it belongs to no pod."""
    shim: str
    """The shim's binary, as containerd noted it or as the process shows it."""
    runtime_binary: str
    """The OCI runtime that runc's shim calls, where it noted one."""
    is_live: bool


@dataclass(frozen=True, slots=True)
class Process:
    """A process, as far as it matters here."""

    pid: int
    executable: str
    arguments: tuple[str, ...]
    parent: int = 0
    waits_in: str = ""
    """The kernel function that it sleeps in."""
    container: str = ""
    """The container that its control group is of."""


def survives_restart(bundle: Bundle, surviving_handlers: frozenset[str]) -> bool:
    """Tell whether a restart of containerd leaves a bundle's container running and known."""
    if own_handler(bundle.shim):
        return own_handler(bundle.shim) in surviving_handlers
    return bundle.shim.rsplit("/", 1)[-1] in _SURVIVING_SHIMS


def pods_lost_by_restart(
    bundles: Iterable[Bundle], surviving_handlers: frozenset[str]
) -> tuple[str, ...]:
    """Return the pods that would not survive a restart, by name."""
    lost = (b for b in bundles if b.is_live and not survives_restart(b, surviving_handlers))
    return tuple(sorted({bundle.pod for bundle in lost}))


def dead_bundles(
    bundles: Iterable[Bundle], surviving_handlers: frozenset[str]
) -> tuple[Bundle, ...]:
    """Return the bundles that would make containerd's next start hang."""
    return tuple(
        b for b in bundles if not b.is_live and not survives_restart(b, surviving_handlers)
    )


def pods_using(
    handler: str,
    stored: str,
    bundles: Iterable[Bundle],
    processes: Iterable[Process],
) -> tuple[str, ...]:
    """Return who still needs a handler's binary: pods by name, else processes by id.

    Args:
        handler: its links lie in `bin/<handler>/`.
        stored: the file that the link leads to, when no other link leads there; else "".
        bundles: what containerd runs.
        processes: all processes of the host.
    """
    pods = {
        bundle.pod
        for bundle in bundles
        if bundle.is_live
        and handler in (own_handler(bundle.shim), own_handler(bundle.runtime_binary))
    }
    if pods or not stored:
        return tuple(sorted(pods))
    users = (p for p in processes if p.executable.removesuffix(" (deleted)") == stored)
    return tuple(f"process {process.pid}" for process in users)


def live_task_ids(processes: Iterable[Process]) -> Mapping[str, Process]:
    """Map each task id that some shim serves (`-id <id>` on its command line) to that shim."""
    found: dict[str, Process] = {}
    for process in processes:
        arguments = process.arguments
        if "-namespace" in arguments and "-id" in arguments[:-1]:
            found[arguments[arguments.index("-id") + 1]] = process
    return found
