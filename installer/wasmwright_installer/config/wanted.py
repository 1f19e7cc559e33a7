"""What a handler's table is to hold on this node.

Rules and their reasons: `docs/decisions/0001-shim-options.md`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from wasmwright_installer.config import crio
from wasmwright_installer.contract import HandlerEntry, RuntimeType
from wasmwright_installer.detect.daemon import ContainerRuntime
from wasmwright_installer.detect.handlers import RUNC_TYPE
from wasmwright_installer.home import USUAL, Home

_FIRST_WITH_SHIM_OPTIONS = (1, 7)
"""containerd 1.6 has no field to hand options to a shim other than runc's."""


@dataclass(frozen=True, slots=True)
class NodeRules:
    """What of the node decides about a handler's options."""

    version: tuple[int, int]
    systemd_cgroup: bool
    """runc's `SystemdCgroup` on this node."""
    cgroup_v2: bool
    has_dbus: bool
    home: Home = USUAL
    runtime: ContainerRuntime = ContainerRuntime.CONTAINERD
    monitor: Mapping[str, Any] = field(default_factory=dict)
    """What CRI-O's default handler says of its monitor."""


def handler_table(entry: HandlerEntry, rules: NodeRules) -> dict[str, Any]:
    """Return the table for a handler, as it is written and as it will be loaded."""
    if rules.runtime is ContainerRuntime.CRIO:
        return crio.handler_table(entry, rules.home, rules.monitor)
    match entry.type:
        case RuntimeType.OCI_RUNTIME:
            table = _oci_table(entry, rules)
        case RuntimeType.CONTAINERD_SHIM:
            table = _shim_table(entry, rules)
    return table


def _oci_table(entry: HandlerEntry, rules: NodeRules) -> dict[str, Any]:
    options: dict[str, Any] = {
        "BinaryName": rules.home.link(entry),
        "SystemdCgroup": rules.systemd_cgroup,
    }
    return {"runtime_type": RUNC_TYPE, **_common(entry), "options": options | dict(entry.options)}


def _shim_table(entry: HandlerEntry, rules: NodeRules) -> dict[str, Any]:
    table: dict[str, Any] = {"runtime_type": rules.home.link(entry), **_common(entry)}
    if entry.options and rules.version >= _FIRST_WITH_SHIM_OPTIONS:
        table["options"] = _shim_options(entry.options, rules)
    return table


def _shim_options(options: Mapping[str, Any], rules: NodeRules) -> dict[str, Any]:
    if "SystemdCgroup" not in options:
        return dict(options)
    usable = rules.systemd_cgroup and rules.cgroup_v2 and rules.has_dbus
    return {**options, "SystemdCgroup": bool(options["SystemdCgroup"]) and usable}


def option_warnings(entry: HandlerEntry, rules: NodeRules) -> tuple[str, ...]:
    """Say which of the document's options cannot be honoured on this node, and why."""
    if rules.runtime is ContainerRuntime.CRIO:
        return tuple(f"handler {entry.handler}: {reason}" for reason in crio.dishonoured(entry))
    if entry.type is not RuntimeType.CONTAINERD_SHIM or not entry.options:
        return ()
    return tuple(f"handler {entry.handler}: {reason}" for reason in _dishonoured(entry, rules))


def _dishonoured(entry: HandlerEntry, rules: NodeRules) -> Iterator[str]:
    if rules.version < _FIRST_WITH_SHIM_OPTIONS:
        yield "containerd before 1.7 hands no options to shims; they are left out"
    elif entry.options.get("SystemdCgroup") is not True:
        return
    elif not rules.cgroup_v2:
        yield "SystemdCgroup has no effect on a cgroup v1 node; false is written"
    elif not rules.has_dbus:
        yield "SystemdCgroup needs D-Bus, which this node lacks; false is written"
    elif not rules.systemd_cgroup:
        yield "runc does not use SystemdCgroup on this node; false is written"


def _common(entry: HandlerEntry) -> dict[str, Any]:
    common: dict[str, Any] = {}
    if entry.pod_annotations:
        common["pod_annotations"] = list(entry.pod_annotations)
    if entry.snapshotter:
        common["snapshotter"] = entry.snapshotter
    return common
