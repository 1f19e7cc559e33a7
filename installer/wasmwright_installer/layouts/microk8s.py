"""MicroK8s: the snap's start script renders containerd's file from a template with placeholders."""

import posixpath
import re

from wasmwright_installer.config.files import FilePlan
from wasmwright_installer.detect.daemon import Daemon
from wasmwright_installer.errors import UnsupportedNodeError
from wasmwright_installer.layouts.layout import Layout, Task
from wasmwright_installer.layouts.rendered import plan_template

_TEMPLATE = "containerd-template.toml"
_REVISION = re.compile(r"^(/var/snap/microk8s)/[^/]+/")


def _is_microk8s(daemon: Daemon) -> bool:
    return _REVISION.match(daemon.config_path) is not None


def _sources(main: str) -> tuple[str, ...]:
    """The daemon is given its revision's path; `current` stays the same through a refresh."""
    folder = posixpath.dirname(_REVISION.sub(r"\1/current/", main))
    return (posixpath.join(folder, _TEMPLATE),)


def _rendered(main: str) -> tuple[str, ...]:
    return (main,)


def _plan(task: Task) -> FilePlan:
    main = task.present.main
    (path,) = _sources(main)
    if path not in task.base.sources:
        raise UnsupportedNodeError(
            f"{path} does not exist, from which {main} should be rendered; "
            "mend the snap with 'snap refresh microk8s'",
            reason="TemplateMissing",
        )
    reason = f"{main} is rendered from {path} at each start"
    return plan_template(task, path, opening=b"", reason=reason)


MICROK8S = Layout("MicroK8s", _is_microk8s, _plan, sources=_sources, rendered=_rendered)
