"""CRI-O: a file of our own in its directory, which says where handlers are and nothing else.

CRI-O merges handlers by name, and reads every file in there whatever it is called.
"""

import posixpath
from collections.abc import Mapping

from wasmwright_installer.config import crio
from wasmwright_installer.config.drop_in import render
from wasmwright_installer.config.files import CRIO_DROP_IN, FilePlan, changes_between
from wasmwright_installer.config.tables import CRIO_TABLE
from wasmwright_installer.detect.daemon import ContainerRuntime, Daemon
from wasmwright_installer.layouts.layout import Layout, Reader, Task


def _is_for(daemon: Daemon) -> bool:
    return daemon.runtime is ContainerRuntime.CRIO


def _read(daemon: Daemon, reader: Reader) -> dict[str, bytes]:
    paths = (daemon.config_path, *reader.below(daemon.config_folder))
    contents = ((path, reader.read(path)) for path in paths)
    return {path: content for path, content in contents if content is not None}


def _plan(task: Task) -> FilePlan:
    present, base = task.present, task.base
    path = posixpath.join(present.folder, CRIO_DROP_IN)
    after = {**base.tree, path: render(CRIO_TABLE, task.handlers)}
    return FilePlan(
        changes=changes_between(present, base, after),
        tree=after,
        table=CRIO_TABLE,
        names=frozenset(task.handlers),
        reason=f"CRI-O merges the files of a directory, so {path} is written",
        warnings=base.warnings,
    )


def _show(daemon: Daemon, tree: Mapping[str, bytes], root: str) -> tuple[str, ...]:
    main = f"{root}{daemon.config_path}" if daemon.config_path in tree else ""
    return ("--config", main, "--config-dir", f"{root}{daemon.config_folder}", "config")


CRIO = Layout(
    "CRI-O",
    _is_for,
    _plan,
    read=_read,
    show=_show,
    show_defaults=("--config", "", "--config-dir", "", "config", "--default"),
    table=lambda _tree, _major: CRIO_TABLE,
    misfit=crio.misfit,
    declares_ahead=False,
)
