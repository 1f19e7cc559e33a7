"""Which containers CRI-O runs, and by which OCI runtime: read from the processes that watch them.

There is one conmon for each container. Its command line names the runtime, which it calls again
when the container ends, so a runtime must stay for as long as one names it.
"""

from collections.abc import Iterable, Sequence

from wasmwright_installer.detect.bundles import CONMON, Bundle, Process
from wasmwright_installer.detect.daemon import flag

_NAME_PARTS = 6
"""`k8s_<container>_<pod>_<namespace>_<uid>_<attempt>`."""


def monitored(processes: Iterable[Process]) -> tuple[Bundle, ...]:
    """Return every container that a conmon watches."""
    return tuple(_container(each.arguments) for each in processes if _is_monitor(each))


def _is_monitor(process: Process) -> bool:
    name = process.arguments[0].rsplit("/", 1)[-1] if process.arguments else ""
    return name.endswith(CONMON) and bool(flag(process.arguments, "-r", "--runtime"))


def _container(arguments: Sequence[str]) -> Bundle:
    name = flag(arguments, "-n", "--name")
    parts = name.split("_")
    identity = flag(arguments, "-c", "--cid")
    return Bundle(
        path=flag(arguments, "-b", "--bundle"),
        id=identity,
        pod=f"{parts[3]}/{parts[2]}" if len(parts) == _NAME_PARTS else name or identity,
        shim=CONMON,
        runtime_binary=flag(arguments, "-r", "--runtime"),
        is_live=True,
    )
