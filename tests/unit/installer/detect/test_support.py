import pytest

from wasmwright_installer.detect import support
from wasmwright_installer.detect.support import NodeFacts
from wasmwright_installer.errors import UnsupportedNodeError


def node(**os_release: str) -> NodeFacts:
    return NodeFacts(os_release, "m", "b", cgroup_v2=True, has_dbus=True)


def test_parse_os_release__quotes_comments_and_empty_lines() -> None:
    text = 'ID=debian\n\n# c\nVERSION_ID="13"\nPRETTY_NAME=\'Debian "13"\'\nODD="x\n'
    assert support.parse_os_release(text) == {
        "ID": "debian",
        "VERSION_ID": "13",
        "PRETTY_NAME": 'Debian "13"',
        "ODD": '"x',
    }


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (node(ID="debian", VERSION_ID="13"), "debian 13"),
        (node(ID="arch"), "arch"),
        (node(), ""),
    ],
)
def test_distribution__what_os_release_says(facts: NodeFacts, expected: str) -> None:
    assert facts.distribution == expected


@pytest.mark.parametrize(
    ("identity", "advice"),
    [("bottlerocket", "API settings"), ("cos", "Ubuntu node image"), ("talos", "system extension")],
)
def test_refuse_immutable__known_systems__name_the_native_way(identity: str, advice: str) -> None:
    with pytest.raises(UnsupportedNodeError, match=advice) as caught:
        support.refuse_immutable(node(ID=identity))
    assert caught.value.reason == "ImmutableOS"


def test_refuse_immutable__ordinary_system__is_accepted() -> None:
    support.refuse_immutable(node(ID="debian"))


@pytest.mark.parametrize(
    ("executable", "reason"),
    [
        ("/usr/bin/crio", "CRIO"),
        ("/usr/bin/cri-dockerd", "NotContainerd"),
        ("/usr/bin/dockerd", "NotContainerd"),
    ],
)
def test_refuse_foreign_daemon__other_runtimes__are_refused(executable: str, reason: str) -> None:
    with pytest.raises(UnsupportedNodeError) as caught:
        support.refuse_foreign_daemon(executable, "/run/x.sock")
    assert caught.value.reason == reason


@pytest.mark.parametrize("executable", ["/usr/bin/containerd", "/opt/bin/containerd (deleted)"])
def test_refuse_foreign_daemon__containerd__is_accepted(executable: str) -> None:
    support.refuse_foreign_daemon(executable, "/run/x.sock")


@pytest.mark.parametrize(
    ("unit", "path", "product"),
    [
        ("k3s.service", "/usr/bin/containerd", "k3s"),
        ("k3s-agent.service", "/usr/bin/containerd", "k3s"),
        ("custom.service", "/var/lib/rancher/k3s/data/current/bin/containerd", "k3s"),
        ("custom.service", "/run/k3s/containerd/containerd.sock", "k3s"),
        ("rke2-server.service", "/run/k3s/containerd/containerd.sock", "RKE2"),
        ("k0sworker.service", "/var/lib/k0s/bin/containerd", "k0s"),
        ("custom.service", "/run/k0s/containerd.sock", "k0s"),
        ("snap.microk8s.daemon-containerd.service", "/usr/bin/containerd", "MicroK8s"),
        ("custom.service", "/var/snap/microk8s/common/run/containerd.sock", "MicroK8s"),
    ],
)
def test_refuse_managed__products__are_named(unit: str, path: str, product: str) -> None:
    with pytest.raises(UnsupportedNodeError, match=rf"\b{product}\b") as caught:
        support.refuse_managed(unit, path)
    assert caught.value.reason == "ManagedByDistribution"


def test_refuse_managed__no_unit__is_refused() -> None:
    with pytest.raises(UnsupportedNodeError, match="systemd service") as caught:
        support.refuse_managed("", "/usr/bin/containerd")
    assert caught.value.reason == "NoSystemd"


def test_refuse_managed__ordinary_unit__is_accepted() -> None:
    support.refuse_managed("containerd.service", "/usr/bin/containerd")
