"""containerd 1.x under systemd: a marked block in the file that holds the CRI's table.

1.x replaces a plugin's whole table by that of a later file, and its default handlers by any that a
file names. So there is no file of our own, and runc is written out where the file has no handlers.
"""

from wasmwright_installer.config import in_place, tables
from wasmwright_installer.config.files import FilePlan, changes_between
from wasmwright_installer.config.tables import GRPC_TABLE
from wasmwright_installer.detect.daemon import Daemon
from wasmwright_installer.layouts.layout import Layout, Task


def _is_for(daemon: Daemon) -> bool:
    return daemon.version.major == 1


def _plan(task: Task) -> FilePlan:
    present, base, handlers = task.present, task.base, dict(task.handlers)
    holders = [
        path
        for path, content in base.tree.items()
        if tables.plugin(tables.parse(path, content), GRPC_TABLE) is not None
    ]
    path = holders[-1] if holders else present.main
    content = base.tree.get(path, b"")
    declared = tables.runtimes(tables.parse(path, content), GRPC_TABLE)
    reason = f"containerd 1.x replaces tables across files, so {path} is edited in place"
    if declared is None:
        handlers = {**task.defaults, **handlers}
        reason += "; the default runtimes are written out, since it declares none"
    after = {**base.tree, path: in_place.add(path, content, GRPC_TABLE, handlers)}
    return FilePlan(
        changes=changes_between(present, base, after),
        tree=after,
        table=GRPC_TABLE,
        names=frozenset(handlers),
        reason=reason,
        warnings=base.warnings,
    )


CONTAINERD_1 = Layout("containerd 1.x", _is_for, _plan)
