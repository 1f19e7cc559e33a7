"""A played node of a distribution: its files are real, and its supervisor renders and watches."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from typing_extensions import override

from unit.installer.fake_host.commands import PlayedCommands
from unit.installer.fake_host.containerd import Containerd
from unit.installer.fake_host.files import CountingFiles
from unit.installer.fake_host.node import FakeNode
from unit.installer.fake_host.processes import DAEMON_PID, KUBELET_PID
from unit.installer.products import Files, Product
from unit.installer.programs import elf
from wasmwright_installer.host.commands import Completed

SUPERVISOR_PID = 140
MICROK8S = "/var/snap/microk8s"
PLACES = ("/etc/k0s", "/run/k0s", "/var/lib/rancher", MICROK8S)


@dataclass
class ProductContainerd(Containerd):
    """containerd as a distribution's unit starts it: with what is rendered at that moment."""

    product: Product = field(kw_only=True)
    asked_since_change: int = 0
    needs: ClassVar[float] = 1

    @override
    def next_start(self) -> dict[str, Any]:
        started = self.product.started(self._on_disk())
        return self.handlers_in(self.product.tree(started))

    @override
    def restart(self) -> Completed:
        self.render()
        return super().restart()

    @override
    def notice(self) -> None:
        """A watching supervisor needs a moment, so the first question is answered as before."""
        if not self.product.watches or self.next_start() == self.loaded:
            self.asked_since_change = 0
            return
        self.asked_since_change += 1
        if self.asked_since_change > 1:
            self.restart()

    def render(self) -> None:
        rendered = self.product.render(self.product, self._on_disk())
        for path, content in rendered.items():
            place = self.files.local(path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)

    def _on_disk(self) -> Files:
        found: Files = {}
        for top in PLACES:
            for place in self.files.local(top).rglob("*"):
                if place.is_file() and not place.is_symlink():
                    found[f"/{place.relative_to(self.files.root)}"] = place.read_bytes()
        return found | _under_current(found)


def _under_current(files: Mapping[str, bytes]) -> Files:
    revision, current = f"{MICROK8S}/7/", f"{MICROK8S}/current/"
    return {
        path.replace(revision, current): content
        for path, content in files.items()
        if path.startswith(revision)
    }


def make_product_node(root: Path, product: Product) -> FakeNode:
    """Return a node on which a product runs, started with the files that it came with."""
    files = CountingFiles(root)
    daemon = ProductContainerd(
        files,
        product.version,
        main=product.main,
        unit=product.unit,
        executable=product.executable,
        product=product,
    )
    node = FakeNode(root, files, daemon, PlayedCommands(daemon, files))
    for folder in ("opt", "etc", "var"):
        (root / folder).mkdir(parents=True)
    if product.name == "MicroK8s":
        (root / "var/snap/microk8s/common").mkdir(parents=True)
        node.put(f"{MICROK8S}/7/.keep")
        node.link(f"{MICROK8S}/current", "7")
    node.put("/etc/os-release", b"ID=ubuntu\n")
    node.put("/etc/machine-id", b"0123456789abcdef0123456789abcdef\n")
    for path in (product.executable, "/usr/bin/crun", "/bin/sh"):
        node.put(path, elf(), mode=0o755)
    for path, content in product.files.items():
        node.put(path, content)
    _add_processes(node, product)
    daemon.render()
    daemon.loaded = daemon.next_start()
    return node


def _add_processes(node: FakeNode, product: Product) -> None:
    cgroup = f"0::/system.slice/{product.unit}\n"
    node.add_process(1, "/usr/lib/systemd/systemd")
    if product.supervisor:
        node.add_process(SUPERVISOR_PID, *product.supervisor, cgroup=cgroup)
    node.add_process(DAEMON_PID, product.executable, "--config", product.main, cgroup=cgroup)
    node.put(f"/proc/{DAEMON_PID}/status", f"Name:\tc\nPPid:\t{SUPERVISOR_PID}\n".encode())
    node.add_process(KUBELET_PID, *product.kubelet, cgroup=cgroup)
    program, _, role = product.kubelet[0].partition(" ")
    if program.endswith("/k3s"):
        node.put(f"/proc/{KUBELET_PID}/comm", f"k3s-{role}\n".encode())
    node.add_socket(product.socket)
