"""CRI handlers as the daemon sees them, brought to one form whoever reports them.

The daemon's status is JSON (`runtimeType`, `PodAnnotations`, `sandboxer`), its configuration TOML
(`runtime_type`, `pod_annotations`); both fill in defaults, differently in each minor version. In
the one form names have neither case nor underscores, and values that mean "not set" are left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Handler = Mapping[str, object]

RUNC_TYPE = "io.containerd.runc.v2"

_FILLED_IN = frozenset(
    {
        "monitorpath",
        "monitorcgroup",
        "monitorenv",
        "monitorexeccgroup",
        "containerminmemory",
        "containercreatetimeout",
        "disallowedannotations",
    }
)
"""What CRI-O works out by itself for each handler when it starts, differently in each version."""

_UNSET: tuple[object, ...] = ("", 0, None, [], {}, ())
_DEFAULTS = {"sandboxer": "podsandbox", "sandboxmode": "podsandbox"}


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the running daemon serves."""

    handlers: Mapping[str, Handler]
    default: str
    """The handler of pods without a RuntimeClass."""
    state_dir: str
    """Where containerd keeps its bundles; CRI-O has none."""
    runtime_ready: bool
    network_ready: bool


def normal_handler(table: Mapping[str, Any]) -> Handler:
    """Bring one handler's table to the form in which handlers are compared."""
    normal: dict[str, object] = {}
    for key, value in table.items():
        name = key.replace("_", "").lower()
        plain = _without_unset(value) if name == "options" and value else value
        if name not in _FILLED_IN and plain not in _UNSET and _DEFAULTS.get(name) != plain:
            normal[name] = list(plain) if isinstance(plain, (list, tuple)) else plain
    return normal


def _without_unset(options: Mapping[str, Any]) -> dict[str, object]:
    return {key: value for key, value in options.items() if value not in _UNSET}


def loaded_from_crio(
    config: Mapping[str, Any], *, runtime_ready: bool, network_ready: bool
) -> Loaded:
    """Read the configuration that a running CRI-O tells, which has the form of its files."""
    runtime = (config.get("crio") or {}).get("runtime") or {}
    runtimes = runtime.get("runtimes") or {}
    return Loaded(
        handlers={name: normal_handler(table) for name, table in runtimes.items()},
        default=str(runtime.get("default_runtime") or ""),
        state_dir="",
        runtime_ready=runtime_ready,
        network_ready=network_ready,
    )


def loaded_from_status(
    config: Mapping[str, Any], *, runtime_ready: bool, network_ready: bool
) -> Loaded:
    """Read `info["config"]` of a verbose CRI Status, the same since containerd 1.6."""
    containerd = config.get("containerd") or {}
    runtimes = containerd.get("runtimes") or {}
    return Loaded(
        handlers={name: normal_handler(table) for name, table in runtimes.items()},
        default=str(containerd.get("defaultRuntimeName") or ""),
        state_dir=str(config.get("stateDir") or "").rpartition("/")[0] or "/run/containerd",
        runtime_ready=runtime_ready,
        network_ready=network_ready,
    )


def uses_systemd_cgroup(loaded: Loaded) -> bool:
    """Tell whether runc, as this node's pods use it, puts containers into systemd's cgroups."""
    for name in (loaded.default, "runc"):
        handler = loaded.handlers.get(name, {})
        options = handler.get("options")
        if handler.get("runtimetype") == RUNC_TYPE and isinstance(options, Mapping):
            return options.get("SystemdCgroup") is True
    return False


def program_of(handler: Handler) -> str:
    """Return what people want to see of a handler: its binary, else the name of its shim."""
    return binary_of(handler) or str(handler.get("runtimetype", ""))


def binary_of(handler: Handler) -> str:
    """Return the file a handler names.

    That is its path where it has one (CRI-O), its BinaryName under runc's shim, else its absolute
    type.
    """
    if handler.get("runtimepath"):
        return str(handler["runtimepath"])
    if handler.get("runtimetype") != RUNC_TYPE:
        return str(handler.get("runtimetype", ""))
    options = handler.get("options")
    return str(options.get("BinaryName", "")) if isinstance(options, Mapping) else ""
