"""Last step: what is no longer needed goes; a node that holds nothing of ours keeps no trace.

What is needed is read from the disk and not from memory, so that the leavings of a run that was
killed go too.
"""

import contextlib

from wasmwright_installer.apply.host import Host
from wasmwright_installer.apply.links import LinkPlan
from wasmwright_installer.apply.probe import Observed
from wasmwright_installer.apply.store import sweep_store
from wasmwright_installer.errors import RefusedError
from wasmwright_installer.host.state import State


def remove_obsolete(host: Host, observed: Observed, links: LinkPlan, after: State) -> bool:
    """Take away links that are no longer wanted, then what only they led to.

    Returns:
        Whether anything went that was of use before.
    """
    for path in links.obsolete:
        host.files.delete(path)
    return sweep(host, observed, after) or bool(links.obsolete)


def sweep(host: Host, observed: Observed, state: State) -> bool:
    """Remove what is half made, empty directories, and binaries that nothing needs."""
    for top in (host.home.bin, host.home.store):
        for folder in host.files.names(top):
            _remove_half_made(host, f"{top}/{folder}")
            host.files.delete_empty_folder(f"{top}/{folder}")
    host.files.delete_empty_folder(host.home.bin)
    return sweep_store(host, observed, state.kept)


def _remove_half_made(host: Host, folder: str) -> None:
    for name in host.files.names(folder):
        if name.startswith("."):
            host.files.delete(f"{folder}/{name}")


def record(host: Host, after: State) -> None:
    """Keep what the next run needs; when nothing of ours is left, leave nothing at all."""
    if after.files or after.runtimes or after.handlers:
        host.state.save(after)
        host.state.sweep(after)
        return
    _remove_folders(host, after)  # those elsewhere go while the record of them is still there
    host.files.delete_tree(host.home.root)
    _remove_folders(host, after)


def tidy(host: Host, observed: Observed, after: State, *, is_new: bool) -> None:
    """After a run that was refused late: take away what it had put down for itself.

    A host that cannot even be swept has been told of by the refusal already.
    """
    with contextlib.suppress(RefusedError):
        host.state.close_journal()
        sweep(host, observed, after)
        host.state.sweep(after)
        if is_new:
            host.files.delete_tree(host.home.state)
            host.files.delete_empty_folder(host.home.root)
            _remove_folders(host, after)


def _remove_folders(host: Host, state: State) -> None:
    for folder in reversed(state.folders):
        host.files.delete_empty_folder(folder)
