"""containerd 1.x under systemd: a marked block in the file that holds the CRI's table.

1.x replaces a plugin's whole table by that of a later file, and its default handlers by any that a
file names. So there is no file of our own, and runc is written out where the file has no handlers.
"""

from wasmwright_installer.config import in_place, tables
from wasmwright_installer.config.files import MADE, FilePlan, Handlers, changes_between
from wasmwright_installer.config.tables import GRPC_TABLE
from wasmwright_installer.detect.daemon import Daemon
from wasmwright_installer.layouts.layout import Layout, Task


def _is_for(daemon: Daemon) -> bool:
    return daemon.version.major == 1


def _holder(task: Task) -> tuple[str, bytes]:
    """Return the file whose table counts, which is the last that has one."""
    tree, main = task.base.tree, task.present.main
    holders = [
        path
        for path, content in tree.items()
        if tables.plugin(tables.parse(path, content), GRPC_TABLE) is not None
    ]
    path = holders[-1] if holders else main
    return path, tree.get(path, f"{MADE}\n".encode())


def _lost(task: Task) -> Handlers:
    """Return what the daemon serves of itself until a file names any handler."""
    declared = tables.runtimes(tables.parse(*_holder(task)), GRPC_TABLE) or {}
    return {name: table for name, table in task.defaults.items() if name not in declared}


def _must_stay(task: Task) -> bool:
    """Tell whether others rely on the runtimes that we wrote out.

    They do once they have added handlers of their own: without ours in the file, runc would be
    gone.
    """
    declared = tables.runtimes(tables.parse(*_holder(task)), GRPC_TABLE)
    return bool(declared) and bool(_lost(task))


def _plan(task: Task) -> FilePlan:
    present, base = task.present, task.base
    path, content = _holder(task)
    lost = _lost(task)
    handlers = {**lost, **task.handlers}
    reason = f"containerd 1.x replaces tables across files, so {path} is edited in place"
    if lost:
        reason += f"; {', '.join(lost)} is written out, since the file's handlers replace it"
    after = {**base.tree, path: in_place.add(path, content, GRPC_TABLE, handlers)}
    return FilePlan(
        changes=changes_between(present, base, after),
        tree=after,
        table=GRPC_TABLE,
        names=frozenset(handlers),
        reason=reason,
        warnings=base.warnings,
    )


CONTAINERD_1 = Layout("containerd 1.x", _is_for, _plan, must_stay=_must_stay)
