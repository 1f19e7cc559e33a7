"""A stand-in for CRI-O: how it loads, checks and reloads its configuration, by its documentation.

CRI-O itself cannot be installed where these tests run. What is played here is what its manual
pages and its releases up to 1.35 do:

- the main file, then every file of the drop-in directory in the order of a walk, whatever the name;
- tables merge, but a handler that a later file names again is replaced as a whole;
- a file that is no TOML stops a start, and leaves a reload without effect;
- the binary of a handler must exist, and each annotation that it may have be a known one, or the
  handler is dropped with a warning; for the default handler it is an error;
- a start fails where a handler's monitor is neither named nor on the PATH;
- a reload checks the log level before it comes to the handlers, assigns the new ones before it
  checks them, and tells them to whoever asks, but pods get those of the last start.
"""

import copy
import json
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

MONITOR = "/usr/bin/conmon"
"""The one place where the PATH of the played host has a conmon."""
KNOWN = ("io.kubernetes.cri-o.Devices", "module.wasm.image/variant", "run.oci.")
LEVELS = ("trace", "debug", "info", "warn", "error", "fatal", "panic")
CRUN = {
    "runtime_path": "",
    "runtime_type": "oci",
    "runtime_root": "/run/crun",
    "allowed_annotations": ["io.kubernetes.cri-o.Devices"],
    "monitor_path": "",
    "monitor_cgroup": "system.slice",
    "monitor_env": ["PATH=/usr/sbin:/usr/bin"],
    "container_min_memory": "500KiB",
}
DEFAULTS: dict[str, Any] = {
    "crio": {
        "log_dir": "/var/log/crio/pods",
        "runtime": {"default_runtime": "crun", "log_level": "info", "runtimes": {"crun": CRUN}},
        "image": {"pause_image": "registry.k8s.io/pause:3.10"},
    }
}

Local = Callable[[str], Path]
Table = dict[str, Any]


class ConfigError(Exception):
    """What CRI-O would say and not go on."""


class CrioConfig:
    """What one running CRI-O has of its configuration."""

    def __init__(self, local: Local, *, reload_reaches_pods: bool = False) -> None:
        """Play a CRI-O whose paths lie where `local` says."""
        self._local = local
        self._reload_reaches_pods = reload_reaches_pods
        self.shown: Table = {}
        """What it tells: `crio status config`, and the handlers of its CRI status."""
        self.pods: Table = {}
        """The handlers that pods get."""
        self.log: list[str] = []

    def start(self, main: str, folder: str) -> None:
        """Load and check everything, as a start does; nothing is kept of a start that fails."""
        config = load(self._local, main, folder)
        runtime = config["crio"]["runtime"]
        check_default(runtime)
        self._check_handlers(runtime)
        self._find_monitors(runtime)
        self.shown, self.pods = config, runtime["runtimes"]

    def reload(self, main: str, folder: str) -> None:
        """Take over what can be taken over while it runs."""
        new = load(self._local, main, folder)["crio"]["runtime"]
        if new["log_level"] not in LEVELS:
            raise ConfigError(f"not a valid logrus Level: {new['log_level']!r}")
        runtime = self.shown["crio"]["runtime"]
        runtime["runtimes"] = new["runtimes"]
        if runtime["default_runtime"] != new["default_runtime"]:
            runtime["default_runtime"] = new["default_runtime"]
            check_default(runtime)
        self._check_handlers(runtime)
        if self._reload_reaches_pods:
            self.pods = runtime["runtimes"]

    def _check_handlers(self, runtime: Table) -> None:
        for name, handler in list(runtime["runtimes"].items()):
            problem = self._problem(name, handler)
            if problem and name == runtime["default_runtime"]:
                raise ConfigError(problem)
            if problem:
                self.log.append(f"runtime handler {name!r} is being ignored due to: {problem}")
                del runtime["runtimes"][name]
                continue
            handler.setdefault("container_min_memory", "12MiB")
            handler.setdefault("container_create_timeout", 240)
            handler["DisallowedAnnotations"] = [
                each for each in KNOWN if each not in handler.get("allowed_annotations", ())
            ]

    def _problem(self, name: str, handler: Table) -> str:
        if handler.get("runtime_type", "") not in {"", "oci", "vm", "pod"}:
            return f"invalid `runtime_type` {handler['runtime_type']!r} for runtime {name!r}"
        handler["runtime_path"] = handler.get("runtime_path") or f"/usr/bin/{name}"
        if not self._local(handler["runtime_path"]).exists():
            return f"invalid runtime_path for runtime '{name}': stat: no such file or directory"
        unknown = [each for each in handler.get("allowed_annotations", ()) if each not in KNOWN]
        return f"invalid allowed_annotation: {unknown[0]}" if unknown else ""

    def _find_monitors(self, runtime: Table) -> None:
        for name, handler in runtime["runtimes"].items():
            path = runtime.get("conmon") or handler.get("monitor_path") or MONITOR
            if not self._local(path).exists():
                raise ConfigError(
                    f"failed to translate monitor fields for runtime {name}: invalid conmon path"
                )
            handler["monitor_path"] = path
            handler["monitor_cgroup"] = handler.get("monitor_cgroup") or "system.slice"

    def told(self) -> str:
        """Return what `/config` answers."""
        return to_toml(self.shown)


def load(local: Local, main: str, folder: str) -> Table:
    """Merge the defaults and every file.

    Raises:
        ConfigError: one is no TOML.
    """
    config = copy.deepcopy(DEFAULTS)
    paths = [local(main)] if main and local(main).exists() else []
    paths += _walk(local(folder)) if folder else ()
    for place in paths:
        try:
            document = tomllib.loads(place.read_bytes().decode())
        except (OSError, ValueError) as error:
            raise ConfigError(f"unable to decode configuration {place}: {error}") from error
        _merge(config["crio"], document.get("crio", {}))
    return config


def _walk(folder: Path) -> Iterator[Path]:
    for place in sorted(folder.iterdir()) if folder.is_dir() else ():
        if place.is_dir() and not place.is_symlink():
            yield from _walk(place)
        else:
            yield place


def _merge(below: Table, above: Table, *, whole: bool = False) -> None:
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(below.get(key), dict) and not whole:
            _merge(below[key], value, whole=key == "runtimes")
        else:
            below[key] = copy.deepcopy(value)


def check_default(runtime: Table) -> None:
    """Refuse a default handler that nobody declares."""
    default = runtime["default_runtime"]
    if default not in runtime["runtimes"]:
        raise ConfigError(f"default_runtime set to {default!r}, but no runtime entry was found")


def printed(local: Local, main: str, folder: str, *, default: bool) -> str:
    """Return what `crio config` prints: what has its default is commented out.

    Raises:
        ConfigError: the files are refused.
    """
    config = load(local, main, folder)
    check_default(config["crio"]["runtime"])
    if default:
        return to_toml(DEFAULTS)
    return to_toml(_without_defaults(config, DEFAULTS))


def _without_defaults(table: Table, defaults: Table) -> Table:
    kept = {}
    for key, value in table.items():
        if value == defaults.get(key):
            continue
        is_level = isinstance(value, dict) and key in defaults and key != "runtimes"
        kept[key] = _without_defaults(value, defaults[key]) if is_level else value
    return kept


def to_toml(table: Table, *above: str) -> str:
    """JSON's strings, numbers, booleans and lists are TOML's too, as far as they occur here."""
    text = f"[{'.'.join(above)}]\n" if above else ""
    for key, value in table.items():
        if not isinstance(value, dict):
            text += f"{json.dumps(key)} = {json.dumps(value)}\n"
    for key, value in table.items():
        if isinstance(value, dict):
            text += to_toml(value, *above, json.dumps(key))
    return text
