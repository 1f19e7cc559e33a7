"""containerd 2.x under systemd: a file of our own, in the table that the other files use.

2.x merges files. Our file says no `version`: one that differs from the main file's is what loses
handlers, or keeps the daemon from starting, in one minor version or another.
"""

from wasmwright_installer.config import imports, tables
from wasmwright_installer.config.drop_in import render
from wasmwright_installer.config.files import (
    DROP_IN,
    MADE,
    FilePlan,
    changes_between,
    drop_in_path,
    foreign_file,
    is_own_file,
)
from wasmwright_installer.detect.daemon import Daemon
from wasmwright_installer.layouts.layout import Layout, Task


def _is_for(daemon: Daemon) -> bool:
    return daemon.version.major > 1


def _plan(task: Task) -> FilePlan:
    present, base = task.present, task.base
    table = tables.table_in_use(base.tree, present.major)
    after = dict(base.tree)
    path = imports.reaching_glob(DROP_IN, base.tree)
    if path:
        reason = f"containerd 2.x merges files, and an import reaches {path} already"
    else:
        path = drop_in_path(present.main)
        if present.drop_in is not None and not is_own_file(path, present.drop_in):
            raise foreign_file(path)
        reason = f"containerd 2.x merges files, so {path} is written and imported"
        made = f"{MADE}\nversion = {min(task.schema, 3)}\n".encode()
        main = base.tree.get(present.main, made)
        own = imports.own_glob(present.main)
        after[present.main] = imports.join(present.main, main, own)
    after[path] = render(table, task.handlers)
    return FilePlan(
        changes=changes_between(present, base, after),
        tree=after,
        table=table,
        names=frozenset(task.handlers),
        reason=reason,
        warnings=base.warnings,
    )


CONTAINERD_2 = Layout("containerd 2.x", _is_for, _plan)
