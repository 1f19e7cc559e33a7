from pathlib import Path

import pytest

from unit.installer.fake_crio import VERSION, make_crio_node
from unit.installer.fake_host.containerd import SOCKET
from unit.installer.fake_host.containerd_node import MAIN_V2, make_node
from unit.installer.fake_host.node import FakeNode
from unit.installer.fake_host.processes import DAEMON_PID, KUBELET_PID
from wasmwright_installer.errors import RefusedError, UnsupportedNodeError
from wasmwright_installer.host.facts import find_daemon, node_facts


@pytest.fixture
def node(tmp_path: Path) -> FakeNode:
    return make_node(tmp_path, "1.7.24", MAIN_V2)


def listens(
    node: FakeNode, socket: str, *, pid: int = KUBELET_PID, flags: str = "00010000"
) -> None:
    columns = "Num RefCount Protocol Flags Type St Inode Path\n"
    connected = f"0: 00000003 00000000 00000000 0001 03 99 {socket}\n"
    line = f"0: 00000002 00000000 {flags} 0001 01 4711 {socket}\n"
    node.put(f"/proc/{pid}/net/unix", f"{columns}{connected}{line}".encode())


def test_find_daemon__kubelets_flag__leads_to_the_process(node: FakeNode) -> None:
    daemon = find_daemon(node.files, node.commands)
    assert (daemon.pid, daemon.socket, daemon.unit) == (DAEMON_PID, SOCKET, "containerd.service")
    assert (daemon.executable, daemon.config_path) == (
        "/usr/bin/containerd",
        "/etc/containerd/config.toml",
    )
    assert daemon.version.major == 1


@pytest.mark.parametrize("inside", ["main", "drop-in"])
def test_find_daemon__endpoint_in_kubelets_files__is_read(node: FakeNode, inside: str) -> None:
    flags = ("--config=/etc/kubelet.yaml", "--config-dir=/etc/kubelet.d")
    node.add_process(KUBELET_PID, "/usr/bin/kubelet", *flags)
    other = "/run/other.sock"
    entry = f"containerRuntimeEndpoint: unix://{other}\n"
    main = entry if inside == "main" else "containerRuntimeEndpoint: unix:///run/no.sock\n"
    node.put("/etc/kubelet.yaml", main.encode())
    node.put("/etc/kubelet.d/10.conf", b"" if inside == "main" else entry.encode())
    node.put("/etc/kubelet.d/99.bak", b"containerRuntimeEndpoint: unix:///run/bak.sock\n")
    listens(node, other)
    assert find_daemon(node.files, node.commands).socket == other


def test_find_daemon__no_kubelet__looks_at_the_usual_socket(node: FakeNode) -> None:
    (node.root / f"proc/{KUBELET_PID}/comm").write_text("other\n")
    listens(node, SOCKET, pid=1)
    assert find_daemon(node.files, node.commands).pid == DAEMON_PID


def test_find_daemon__socket_under_another_name__is_the_same_file(node: FakeNode) -> None:
    node.link("/var/run", "/run")
    listens(node, f"/var{SOCKET}")
    assert find_daemon(node.files, node.commands).pid == DAEMON_PID


def test_find_daemon__systemd_listens_too__the_daemon_is_taken(node: FakeNode) -> None:
    node.link("/proc/1/fd/9", "socket:[4711]")
    assert find_daemon(node.files, node.commands).pid == DAEMON_PID


@pytest.mark.parametrize("how", ["nobody has it", "nobody listens", "no such socket"])
def test_find_daemon__nobody_answers__is_told(node: FakeNode, how: str) -> None:
    if how == "nobody has it":
        (node.root / f"proc/{DAEMON_PID}/fd/7").unlink()
    else:
        listens(node, SOCKET if how == "nobody listens" else "/run/x.sock", flags="00000000")
    with pytest.raises(RefusedError, match=f"no process listens on {SOCKET}") as caught:
        find_daemon(node.files, node.commands)
    assert caught.value.reason == "DaemonNotRunning"


def test_find_daemon__kubelet_within_a_container__is_not_the_hosts(node: FakeNode) -> None:
    """It has the lower number here, and its socket the same path."""
    node.add_process(90, "/usr/bin/kubelet", "--container-runtime-endpoint=unix:///run/no.sock")
    for pid, namespace in ((1, 1), (KUBELET_PID, 1), (90, 2)):
        node.link(f"/proc/{pid}/ns/pid", f"pid:[{namespace}]")
    assert find_daemon(node.files, node.commands).socket == SOCKET


def test_find_daemon__config_on_the_command_line__is_resolved(node: FakeNode) -> None:
    service = "0::/system.slice/containerd.service\n"
    node.add_process(DAEMON_PID, "/usr/bin/containerd", "--config", "a.toml", cgroup=service)
    node.link(f"/proc/{DAEMON_PID}/cwd", "/data")
    assert find_daemon(node.files, node.commands).config_path == "/data/a.toml"


@pytest.mark.parametrize("is_replaced", [True, False], ids=["replaced", "gone"])
def test_find_daemon__executable_was_deleted__takes_what_a_restart_would_start(
    node: FakeNode, *, is_replaced: bool
) -> None:
    node.link(f"/proc/{DAEMON_PID}/exe", "/usr/bin/containerd (deleted)")
    if is_replaced:
        assert find_daemon(node.files, node.commands).executable == "/usr/bin/containerd"
        return
    (node.root / "usr/bin/containerd").unlink()
    with pytest.raises(AssertionError, match=f"/proc/{DAEMON_PID}/exe"):
        find_daemon(node.files, node.commands)


CRIO_UNIT = "0::/system.slice/crio.service\n"


@pytest.mark.parametrize(
    ("flags", "environment", "main", "folder"),
    [
        ((), b"", "/etc/crio/crio.conf", "/etc/crio/crio.conf.d"),
        (("-c", "/a.conf", "-d=/d/"), b"", "/a.conf", "/d"),
        (("--config=a.conf", "--config-dir", "d"), b"", "/a.conf", "/d"),
        ((), b"A=1\0CONTAINER_CONFIG=/e.conf\0CONTAINER_CONFIG_DIR=/e.d\0", "/e.conf", "/e.d"),
        (("-c", "/a.conf"), b"CONTAINER_CONFIG=/e.conf\0", "/a.conf", "/etc/crio/crio.conf.d"),
    ],
)
def test_find_daemon__crio__its_files_are_those_it_was_started_with(
    tmp_path: Path, flags: tuple[str, ...], environment: bytes, main: str, folder: str
) -> None:
    node = make_crio_node(tmp_path)
    node.add_process(DAEMON_PID, "/usr/bin/crio", *flags, cgroup=CRIO_UNIT)
    node.put(f"/proc/{DAEMON_PID}/environ", environment)
    daemon = find_daemon(node.files, node.commands)
    assert (daemon.runtime, daemon.unit, daemon.version.text) == ("cri-o", "crio.service", VERSION)
    assert (daemon.config_path, daemon.config_folder) == (main, folder)


@pytest.mark.parametrize(
    ("version", "cgroup", "reason"),
    [("1.25.4", CRIO_UNIT, "CRIOTooOld"), (VERSION, "0::/user.slice\n", "NoSystemd")],
)
def test_find_daemon__crio_that_cannot_be_changed__is_refused(
    tmp_path: Path, version: str, cgroup: str, reason: str
) -> None:
    node = make_crio_node(tmp_path)
    node.daemon.version = version
    node.add_process(DAEMON_PID, "/usr/bin/crio", cgroup=cgroup)
    with pytest.raises(UnsupportedNodeError) as caught:
        find_daemon(node.files, node.commands)
    assert caught.value.reason == reason


def test_find_daemon__not_a_service__is_refused(node: FakeNode) -> None:
    node.add_process(DAEMON_PID, "/usr/bin/containerd", cgroup="0::/user.slice/s.scope\n")
    with pytest.raises(UnsupportedNodeError, match="systemd"):
        find_daemon(node.files, node.commands)


def test_node_facts__host_files__are_read(node: FakeNode) -> None:
    facts = node_facts(node.files)
    assert (facts.distribution, facts.machine_id[:4]) == ("debian 13", "0123")
    assert (facts.cgroup_v2, facts.has_dbus) == (False, False)
    node.put("/sys/fs/cgroup/cgroup.controllers")
    node.put("/run/dbus/system_bus_socket")
    node.put("/proc/sys/kernel/random/boot_id", b"b-1\n")
    facts = node_facts(node.files)
    assert (facts.cgroup_v2, facts.has_dbus, facts.boot_id) == (True, True, "b-1")
