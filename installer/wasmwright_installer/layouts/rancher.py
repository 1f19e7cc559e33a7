"""k3s and RKE2: the main file is rendered anew at each start of the unit that holds containerd.

Newer releases import a directory beside the rendered file. containerd 2.x merges what lies there;
1.x would lose the tables of the main file to it, so there the template is the way, as it is for
releases without that import. A template of our own holds the supervisor's default and our block
and never a copy of what is rendered, which would freeze registries and upgrades.
"""

import posixpath
from collections.abc import Callable

from wasmwright_installer.config import imports, tables, template
from wasmwright_installer.config.drop_in import render
from wasmwright_installer.config.files import (
    DROP_IN,
    FilePlan,
    changes_between,
    without_rendered,
)
from wasmwright_installer.detect.daemon import Daemon
from wasmwright_installer.layouts.layout import Layout, Task
from wasmwright_installer.layouts.rendered import plan_template

_NEWER, _OLDER = "config-v3.toml.tmpl", "config.toml.tmpl"
"""Templates for schema 3 and for schema 2; where both exist the newer counts."""
_RENDERED = "/agent/etc/containerd/config.toml"
"""Below the data directory, which may be anywhere."""
_SERVER_RESTART = 300.0
"""Seconds; a server waits for its datastore and for its peers before it says that it is ready."""


def _is_rancher(daemon: Daemon) -> bool:
    return daemon.config_path.endswith(_RENDERED)


def _is_rke2(daemon: Daemon) -> bool:
    names = (daemon.unit, *(posixpath.basename(part) for part in daemon.supervisor[:1]))
    in_place = "/rke2/" in daemon.config_path
    return _is_rancher(daemon) and (in_place or any(name.startswith("rke2") for name in names))


def _sources(main: str) -> tuple[str, ...]:
    return tuple(posixpath.join(posixpath.dirname(main), name) for name in (_NEWER, _OLDER))


def _rendered(main: str) -> tuple[str, ...]:
    return (main,)


def _plan(task: Task) -> FilePlan:
    reached = imports.reaching_glob(DROP_IN, task.base.tree)
    if reached and task.present.major > 1:
        return _plan_drop_in(task, reached)
    return _plan_template(task)


def _plan_drop_in(task: Task, path: str) -> FilePlan:
    present, base = task.present, task.base
    table = tables.table_in_use(base.tree, present.major)
    own = {path: render(table, task.handlers)}
    return FilePlan(
        changes=changes_between(
            present, base, without_rendered(present, base.tree) | dict(base.sources) | own
        ),
        tree={**base.tree, **own},
        table=table,
        names=frozenset(task.handlers),
        reason=f"{present.main} is rendered at each start and imports {path}",
        warnings=base.warnings,
    )


def _plan_template(task: Task) -> FilePlan:
    main = task.present.main
    schema = tables.parse(main, task.base.tree.get(main, b"")).get("version", 2)
    path = posixpath.join(posixpath.dirname(main), _NEWER if schema > 2 else _OLDER)  # noqa: PLR2004  # that schema
    return plan_template(
        task,
        path,
        opening=template.BASE,
        reason=f"{main} is rendered at each start, and from {path} where that exists",
    )


def _caution(daemon: Daemon) -> str:
    # The products write their arguments anew, as one text without the flags: `k3s server`.
    if "server" not in " ".join(daemon.supervisor).split()[1:2]:
        return f"{daemon.unit} holds the kubelet too, which restarts with containerd"
    return (
        f"{daemon.unit} holds a server of the control plane too: the API that it serves is away "
        "while it restarts"
    )


def _row(name: str, is_for: Callable[[Daemon], bool]) -> Layout:
    return Layout(
        name,
        is_for,
        _plan,
        sources=_sources,
        rendered=_rendered,
        restart_seconds=_SERVER_RESTART,
        caution=_caution,
    )


RKE2 = _row("RKE2", _is_rke2)
K3S = _row("k3s", _is_rancher)
