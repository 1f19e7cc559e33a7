"""Last step: what is no longer needed goes; a node that holds nothing of ours keeps no trace."""

from wasmwright_installer.apply.binaries import sweep_store
from wasmwright_installer.apply.host import Host
from wasmwright_installer.apply.links import BIN, STORE, LinkPlan
from wasmwright_installer.contract import HOST_ROOT
from wasmwright_installer.host.state import State


def remove_obsolete(host: Host, planned: LinkPlan) -> None:
    """Take away the links of runtimes that are no longer wanted."""
    for path in planned.obsolete:
        host.files.delete(path)
        host.files.delete_empty_folder(path.rpartition("/")[0])
    host.files.delete_empty_folder(BIN)


def record(host: Host, after: State) -> None:
    """Keep what the next run needs; when nothing of ours is left, leave nothing at all."""
    if after.files or after.runtimes or after.handlers:
        host.state.save(after)
        host.state.sweep(after)
        return
    host.state.remove()
    _remove_folders(host, after.folders)


def _remove_folders(host: Host, folders: tuple[str, ...]) -> None:
    host.files.delete_empty_folder(HOST_ROOT)
    for folder in reversed(folders):
        host.files.delete_empty_folder(folder)


def tidy(host: Host, before: State, folders: tuple[str, ...]) -> None:
    """After a run that was refused late: take away what it had put down for itself."""
    sweep_store(host)
    host.files.delete_empty_folder(BIN)
    host.files.delete_empty_folder(STORE)
    if before == State():
        host.state.remove()
        _remove_folders(host, folders)
