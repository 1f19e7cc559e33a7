"""What runs on after a restart of containerd, though containerd knows nothing of it any more.

Measured: a restart makes containerd forget the tasks of shims on the runwasi library. Shim and
guest run on, hold memory and addresses, and are counted by nobody until they are killed.
"""

from collections.abc import Iterable, Mapping

from wasmwright_installer.detect.bundles import Process
from wasmwright_installer.home import Home


def orphans(
    processes: Iterable[Process], tasks: frozenset[str], home: Home
) -> Mapping[str, tuple[int, ...]]:
    """Return the containers of our runtimes that containerd has forgotten, with their processes.

    Args:
        processes: all of the host.
        tasks: the containers that containerd knows to run.
        home: where our binaries lie.
    """
    found: dict[str, tuple[int, ...]] = {}
    for process in processes:
        container = process.container or _served(process.arguments)
        if container and container not in tasks and _is_ours(process, home):
            found[container] = (*found.get(container, ()), process.pid)
    return found


def _is_ours(process: Process, home: Home) -> bool:
    places = (process.executable, *process.arguments[:2])
    return any(place.startswith((f"{home.store}/", f"{home.bin}/")) for place in places)


def _served(arguments: tuple[str, ...]) -> str:
    """The container that a shim was started for; a command that cleans up after one serves none."""
    if "-id" not in arguments[:-1] or arguments[-1] == "delete":
        return ""
    return arguments[arguments.index("-id") + 1]


def warn_of_orphans(found: Mapping[str, tuple[int, ...]]) -> tuple[str, ...]:
    """Say what runs on, and that somebody has to end it."""
    if not found:
        return ()
    pids = sorted(pid for each in found.values() for pid in each)
    shown = ", ".join(str(pid) for pid in pids[:10]) + (", ..." if len(pids) > 10 else "")  # noqa: PLR2004  # enough to find the rest
    told = (
        f"containers of wasm runtimes run on without containerd knowing of them: {len(found)} "
        f"(processes {shown}); end them, or restart the host, once their pods are gone"
    )
    return (told,)
