"""Run the installer on a node without Kubernetes: the same program, in the node's namespaces.

Its pod would see the same: the host's processes, and the host's `/` somewhere in its own.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from localcluster import Node
from support.waiting import eventually
from wasmwright_installer.contract import NodeDocument

PROGRAM = Path(sys.executable).with_name("wasmwright-installer")
SPACES = ("--pid", "--uts", "--ipc", "--net", "--cgroup")
_FAULT = "/etc/systemd/system/containerd.service.d/fault.conf"


class NodeInstaller:
    """The installer on one node."""

    def __init__(self, node: Node, artifacts: Path, *options: str) -> None:
        self.node = node
        self.root = node.root
        self._artifacts = artifacts
        self._options = options

    def start(self, document: NodeDocument, *options: str) -> subprocess.Popen[str]:
        """Start `apply` and do not wait for it."""
        inside = ("nsenter", "--target", self.root.parent.name, *SPACES, "--", str(PROGRAM))
        places = ("--artifacts", str(self._artifacts), "--host-root", str(self.root))
        process = subprocess.Popen(
            [*inside, "apply", "--document", "-", *places, *self._options, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None
        process.stdin.write(document.model_dump_json())
        process.stdin.close()
        process.stdin = None
        return process

    def apply(self, document: NodeDocument, *options: str) -> dict[str, Any]:
        """Run `apply` to its end and return the result."""
        return self.result(self.start(document, *options))

    def result(self, process: subprocess.Popen[str]) -> dict[str, Any]:
        """Wait for the end of a run and return its result."""
        told, _ = process.communicate(timeout=120)
        found: dict[str, Any] = json.loads(told)
        return found

    def kill(self, process: subprocess.Popen[str]) -> None:
        """Kill a run as the kernel would: nothing of it can act any more."""
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        for child in children:
            os.kill(int(child), signal.SIGKILL)
        process.communicate(timeout=20)

    def state(self) -> str:
        """Return what systemd says of containerd."""
        shown = self.node.exec("systemctl", "show", "--property=ActiveState", "containerd")
        return shown.strip().removeprefix("ActiveState=")

    def wait_state(self, state: str, within: float = 20) -> None:
        """Wait until systemd says that of containerd."""
        eventually(self.state, until=lambda seen: seen == state, within=within)

    @property
    def verdict(self) -> str:
        """What the dead man's switch has noted."""
        place = self.root / "opt/wasmwright/state/switch.verdict"
        return place.read_text() if place.exists() else ""

    def timer(self, *properties: str) -> dict[str, str]:
        """Return properties of the switch's timer."""
        asked = f"--property={','.join(properties)}"
        shown = self.node.exec("systemctl", "show", asked, "wasmwright-switch.timer")
        return dict(line.split("=", 1) for line in shown.splitlines())

    @contextmanager
    def fault(self, *lines: str) -> Iterator[None]:
        """Give containerd's unit more lines for as long as the block runs."""
        place = self.root / _FAULT.lstrip("/")
        place.parent.mkdir(exist_ok=True)
        place.write_text("[Service]\n" + "".join(f"{line}\n" for line in lines))
        self.node.exec("systemctl", "daemon-reload")
        try:
            yield
        finally:
            place.unlink()
            place.parent.rmdir()
            self.node.exec("systemctl", "daemon-reload")
