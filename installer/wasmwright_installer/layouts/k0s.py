"""k0s: a file of our own where k0s looks for them; k0s itself sees it and restarts containerd.

With containerd 2.x the main file, which k0s writes, imports the directory. Before, k0s merged what
lies there into a file of its own, since containerd 1.x would replace whole tables.
"""

import posixpath
from typing import Final

from wasmwright_installer.config import imports, in_place, tables
from wasmwright_installer.config.drop_in import render
from wasmwright_installer.config.files import (
    DROP_IN,
    FilePlan,
    changes_between,
    without_rendered,
)
from wasmwright_installer.detect.daemon import Daemon
from wasmwright_installer.errors import UnsupportedNodeError
from wasmwright_installer.layouts.layout import Activation, Layout, Task

MERGED: Final = "/run/k0s/containerd-cri.toml"
"""Where k0s before containerd 2.x keeps what it merged."""
_BEGINNINGS = ("/etc/k0s/", "/var/lib/k0s/", "/run/k0s/", "/run/k0s.")


def _is_k0s(daemon: Daemon) -> bool:
    paths = (daemon.config_path, daemon.executable, daemon.socket)
    return any(path.startswith(_BEGINNINGS) for path in paths)


def _drop_in(main: str) -> str:
    return posixpath.join(posixpath.dirname(main), "containerd.d", DROP_IN)


def _sources(main: str) -> tuple[str, ...]:
    return (_drop_in(main),)


def _rendered(main: str) -> tuple[str, ...]:
    return (main, MERGED)


def _plan(task: Task) -> FilePlan:
    present, base = task.present, task.base
    path = _drop_in(present.main)
    table = tables.table_in_use(base.tree, present.major)
    content = render(table, task.handlers)
    if imports.reaching_glob(DROP_IN, base.tree) == path and present.major > 1:
        tree = {**base.tree, path: content}
    elif MERGED in base.tree:
        merged = in_place.add(MERGED, base.tree[MERGED], table, task.handlers)
        tree = {**base.tree, MERGED: merged}
    else:
        raise UnsupportedNodeError(
            f"{present.main} reads nothing from {posixpath.dirname(path)}, so it is not managed by "
            "k0s (its first line is no longer '# k0s_managed=true'); move it away and restart k0s, "
            "which then writes it anew",
            reason="NotManagedByK0s",
        )
    after = without_rendered(present, base.tree) | dict(base.sources) | {path: content}
    return FilePlan(
        changes=changes_between(present, base, after),
        tree=tree,
        table=table,
        names=frozenset(task.handlers),
        reason=f"k0s watches {posixpath.dirname(path)} and restarts containerd by itself",
        warnings=base.warnings,
    )


K0S = Layout(
    "k0s",
    _is_k0s,
    _plan,
    sources=_sources,
    rendered=_rendered,
    activation=Activation.WAIT,
)
