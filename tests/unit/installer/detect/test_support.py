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
    "facts",
    [
        node(ID="rhcos", VERSION_ID="4.16"),
        node(ID="scos"),
        node(ID="rhel", VARIANT_ID="coreos"),
        node(ID="fedora", VARIANT_ID="coreos", OPENSHIFT_VERSION="4.15"),
    ],
    ids=["rhcos", "scos", "newer rhcos", "okd"],
)
def test_refuse_immutable__openshift__names_its_machine_config(facts: NodeFacts) -> None:
    with pytest.raises(UnsupportedNodeError, match="declare the handler in a MachineConfig"):
        support.refuse_immutable(facts)


@pytest.mark.parametrize("variant", ["coreos", "server"])
def test_refuse_immutable__fedora__is_accepted(variant: str) -> None:
    support.refuse_immutable(node(ID="fedora", VARIANT_ID=variant))


@pytest.mark.parametrize(("program", "expected"), [("containerd", "containerd"), ("crio", "cri-o")])
def test_runtime_of__program__names_the_runtime(program: str, expected: str) -> None:
    assert support.runtime_of(program, "/run/x.sock") == expected


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("cri-dockerd", "let the kubelet use containerd"),
        ("dockerd", "without runtime handlers"),
        ("k3s", "use a node with one of these"),
    ],
)
def test_runtime_of__other_programs__are_refused(name: str, advice: str) -> None:
    with pytest.raises(UnsupportedNodeError, match=advice) as caught:
        support.runtime_of(name, "/run/x.sock")
    assert caught.value.reason == "UnknownRuntime"


def test_refuse_unsupervised__no_unit__is_refused() -> None:
    with pytest.raises(UnsupportedNodeError, match="systemd service") as caught:
        support.refuse_unsupervised("")
    assert caught.value.reason == "NoSystemd"


def test_refuse_unsupervised__any_unit__is_accepted() -> None:
    support.refuse_unsupervised("containerd.service")


@pytest.mark.parametrize(
    "config",
    ["/usr/share/containerd/config.toml", "/usr/lib/x.toml", "/nix/store/0a-containerd.toml"],
)
def test_refuse_vendor_file__part_of_the_system__is_refused_with_the_way(config: str) -> None:
    with pytest.raises(
        UnsupportedNodeError, match=r"Flatcar .* CONTAINERD_CONFIG|copy it"
    ) as caught:
        support.refuse_vendor_file(config)
    assert caught.value.reason == "VendorFile"
    assert config in caught.value.message


@pytest.mark.parametrize("config", ["/etc/containerd/config.toml", "/usr/local/etc/c.toml"])
def test_refuse_vendor_file__file_of_the_host__is_accepted(config: str) -> None:
    support.refuse_vendor_file(config)
