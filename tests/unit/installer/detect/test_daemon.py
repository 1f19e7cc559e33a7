import pytest

from wasmwright_installer.detect import daemon
from wasmwright_installer.errors import UnsupportedNodeError


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("kubelet", "--config=/a"), "/a"),
        (("kubelet", "--config", "/a"), "/a"),
        (("kubelet", "--config=/a", "--config", "/b"), "/b"),
        (("kubelet", "--config-dir=/a"), ""),
        (("kubelet", "--config"), ""),
        ((), ""),
    ],
)
def test_flag__both_spellings__last_one_wins(arguments: tuple[str, ...], expected: str) -> None:
    assert daemon.flag(arguments, "--config") == expected


@pytest.mark.parametrize("endpoint", ["unix:///run/c.sock", "/run/c.sock"])
def test_socket_path__unix_socket__is_its_path(endpoint: str) -> None:
    assert daemon.socket_path(endpoint) == "/run/c.sock"


def test_socket_path__something_else__is_refused() -> None:
    with pytest.raises(UnsupportedNodeError, match=r"tcp://1\.2\.3\.4") as caught:
        daemon.socket_path("tcp://1.2.3.4:5")
    assert caught.value.reason == "UnsupportedEndpoint"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("containerd",), "/etc/containerd/config.toml"),
        (("containerd", "--config", "/a.toml"), "/a.toml"),
        (("containerd", "-c=/a.toml"), "/a.toml"),
        (("containerd", "-c", "a.toml"), "/data/a.toml"),
    ],
)
def test_config_path__command_line__decides(arguments: tuple[str, ...], expected: str) -> None:
    assert daemon.config_path(arguments, "/data") == expected


@pytest.mark.parametrize(
    ("executable", "called", "expected"),
    [
        ("/usr/bin/containerd", "/usr/bin/containerd", "containerd"),
        ("/usr/bin/containerd (deleted)", "containerd", "containerd"),
        ("/var/lib/rancher/k3s/data/1/bin/k3s", "containerd", "containerd"),
        ("/var/lib/rancher/k3s/data/1/bin/k3s", "/usr/bin/k3s", "k3s"),
        ("/usr/bin/crio", "/usr/bin/crio", "crio"),
    ],
    ids=["plain", "replaced", "one of many", "the whole", "another"],
)
def test_program_name__executable_and_first_argument__tell_the_daemon(
    executable: str, called: str, expected: str
) -> None:
    assert daemon.program_name(executable, (called, "-c", "x")) == expected


@pytest.mark.parametrize(
    ("cgroup", "expected"),
    [
        ("0::/system.slice/containerd.service\n", "containerd.service"),
        (
            "12:pids:/x.service\n1:name=systemd:/system.slice/containerd.service\n0::/\n",
            "containerd.service",
        ),
        ("1:name=systemd:/\n0::/system.slice/containerd.service\n", "containerd.service"),
        ("0::/../../system.slice/k3s-agent.service\n", "k3s-agent.service"),
        ("0::/docker/abc/system.slice/containerd.service\n", "containerd.service"),
        ("0::/system.slice/containerd.service/init.scope\n", "containerd.service"),
        ("0::/system.slice/docker-0123.scope\n", ""),
        ("0::/\n", ""),
        ("", ""),
    ],
    ids=["v2", "v1", "hybrid", "namespace", "nested", "below", "container", "root", "gone"],
)
def test_systemd_unit__cgroup__is_the_innermost_service(cgroup: str, expected: str) -> None:
    assert daemon.systemd_unit(cgroup) == expected


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("containerd github.com/containerd/containerd 1.7.24~ds1 1.7.24~ds1-6+b4\n", (1, 7)),
        ("containerd github.com/containerd/containerd/v2 v2.4.2 abc\n", (2, 4)),
        ("containerd github.com/containerd/containerd v1.6.39 0123abc\n", (1, 6)),
        ("containerd containerd.io 1.7.27 05044ec0a9a75232cad458027ca83437aae3f4da\n", (1, 7)),
    ],
)
def test_parse_version__what_builds_print(output: str, expected: tuple[int, int]) -> None:
    version = daemon.parse_version(output)
    assert (version.major, version.minor) == expected
    assert not version.text.startswith("v")


def test_parse_version__no_version__is_refused_with_the_text() -> None:
    with pytest.raises(UnsupportedNodeError, match="containerd of some day"):
        daemon.parse_version("containerd of some day")
