"""Which processes hold up a start of containerd.

At its start containerd has each left-over bundle of a dead shim cleaned by `SHIM ... delete`, and
waits until nobody holds the other end of that command's output. The runwasi library's answer to it
opens a pipe that nobody will ever read and sleeps there, so containerd waits for ever: measured on
1.7, 2.1 and 2.4. To end that process is the cure; to restore a configuration is none.
"""

from collections.abc import Iterable

from wasmwright_installer.detect.bundles import Process

_SHIM = "containerd-shim-"
_OPENS_PIPE = "wait_for_partner"
"""Where the kernel lets wait who opens a pipe that has no reader."""
_INIT = 1


def stuck_deletes(processes: Iterable[Process]) -> tuple[Process, ...]:
    """Return the `delete` commands of shims that will never end by themselves.

    Besides those that wait for a reader, those that have lost their parent: containerd has given
    them up.
    """
    return tuple(
        process
        for process in processes
        if process.arguments[-1:] == ("delete",)
        and any(each.rpartition("/")[2].startswith(_SHIM) for each in process.arguments[:2])
        and (process.waits_in == _OPENS_PIPE or process.parent == _INIT)
    )


def container_of(delete: Process) -> str:
    """Return the container whose bundle a `delete` command is to clean."""
    arguments = delete.arguments
    return arguments[arguments.index("-id") + 1] if "-id" in arguments[:-1] else "?"
