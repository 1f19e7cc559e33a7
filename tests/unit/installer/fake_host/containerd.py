"""The played containerd.

It follows the documented rules of the two majors: 1.x replaces a plugin's whole table by that of a
later file and its default handlers by any that a file names; 2.x merges.
"""

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from unit.installer.fake_host.processes import played_start
from wasmwright_installer.config.imports import load_order
from wasmwright_installer.config.tables import GRPC_TABLE, RUNTIME_TABLE, parse
from wasmwright_installer.detect.handlers import Loaded, loaded_from_status
from wasmwright_installer.errors import RefusedError
from wasmwright_installer.host.commands import Completed
from wasmwright_installer.host.cri import CRIUnavailableError
from wasmwright_installer.host.files import HostFiles

MAIN = "/etc/containerd/config.toml"
SOCKET = "/run/containerd/containerd.sock"
RUNC = {"runtime_type": "io.containerd.runc.v2", "options": {"SystemdCgroup": False}}


@dataclass
class Containerd:
    """The played daemon: what it has loaded changes only by a restart."""

    files: HostFiles
    version: str
    loaded: dict[str, Any] = field(default_factory=dict)
    is_up: bool = True
    restarts: int = 0
    refuses: str = ""
    """A handler with which the daemon does not come up, though `config dump` likes it."""
    loses: str = ""
    """A handler that vanishes once another one is declared, as broken releases did."""
    network_ready: bool = True
    main: str = MAIN
    unit: str = "containerd.service"
    executable: str = "/usr/bin/containerd"
    tasks: frozenset[str] = frozenset()
    needs: ClassVar[float] = 0
    """Seconds that have to be granted on a busy machine until it serves what it is told to."""

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    def handlers(self, config: str, *, must_exist: bool = True) -> dict[str, Any]:
        """What the daemon serves with a configuration."""
        return self.handlers_in(self._tree(config, must_exist=must_exist))

    def next_start(self) -> dict[str, Any]:
        """What the daemon would serve if it started now."""
        return self.handlers(self.main, must_exist=False)

    def notice(self) -> None:
        """Let a supervisor that watches the files do its work."""

    def handlers_in(self, tree: Mapping[str, bytes]) -> dict[str, Any]:
        table = self._merged(tree)
        containerd = table.setdefault("containerd", {})
        declared: dict[str, Any] = containerd.get("runtimes", {})
        if self.major > 1:
            declared = {"runc": copy.deepcopy(RUNC)} | declared
        return declared or {"runc": copy.deepcopy(RUNC)}

    def _tree(self, config: str, *, must_exist: bool) -> dict[str, bytes]:
        tree = load_order(config, self.files.read, self.files.glob)
        if not tree and must_exist:
            raise RefusedError(f"open {config}: no such file", reason="test")
        return tree

    def _merged(self, tree: Mapping[str, bytes]) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        for path, content in tree.items():
            plugins = parse(path, content).get("plugins", {})
            older, newer = plugins.get(GRPC_TABLE, {}), plugins.get(RUNTIME_TABLE, {})
            if self.major == 1:
                merged = copy.deepcopy(older) or merged
            else:
                merged = _deep_merge(_deep_merge(merged, older), newer)
        return merged

    def dump(self, config: str | None) -> Completed:
        try:
            handlers = self.handlers(config or "/nowhere", must_exist=config is not None)
        except RefusedError as error:
            return Completed(1, stderr=f"containerd: {error.message}\n")
        table = GRPC_TABLE if self.major == 1 else RUNTIME_TABLE
        merged = self._merged(self._tree(config or "/nowhere", must_exist=False))
        merged["containerd"] = {"default_runtime_name": "runc", "runtimes": handlers}
        dumped = {
            "version": 2 if self.major == 1 else 4,
            "imports": [config or ""],
            "plugins": {table: merged},
        }
        unknown = [name for name, each in handlers.items() if "unknown_key" in each]
        stderr = "".join(
            f'time="x" level=warning msg="Ignoring unknown key" key="{name}"\n' for name in unknown
        )
        return Completed(0, "".join(_toml(dumped)), stderr)

    def restart(self) -> Completed:
        self.restarts += 1
        played_start(self.files.root, self.restarts)
        handlers = self.next_start()
        self.is_up = not self.refuses or self.refuses not in handlers
        if not self.is_up:
            return Completed(1, stderr="Job for containerd.service failed.\n")
        if len(handlers) > 1:
            handlers.pop(self.loses, None)
        self.loaded = handlers
        return Completed(0)

    def status(self) -> Loaded:
        if not self.is_up:
            raise CRIUnavailableError("unavailable: connection refused")
        config = {
            "containerd": {"runtimes": self.loaded, "defaultRuntimeName": "runc"},
            "stateDir": "/run/containerd/io.containerd.grpc.v1.cri",
        }
        plain = json.loads(json.dumps(config))
        return loaded_from_status(plain, runtime_ready=True, network_ready=self.network_ready)


def _toml(table: dict[str, Any], *above: str) -> Iterator[str]:
    """JSON's strings, numbers and lists are TOML's too, as far as they occur here."""
    yield f"[{'.'.join(above)}]\n" if above else ""
    for key, value in table.items():
        if not isinstance(value, dict):
            yield f"{json.dumps(key)} = {json.dumps(value)}\n"
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _toml(value, *above, json.dumps(key))


def _deep_merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = copy.deepcopy(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _deep_merge(merged[key], value) if both else copy.deepcopy(value)
    return merged
