from pathlib import Path

import pytest

from localcluster import disk, flavours
from localcluster.disk import Disk


@pytest.fixture
def cached(tmp_path: Path) -> Path:
    program = tmp_path / "cache" / "kubelet"
    program.parent.mkdir()
    program.write_text("v1")
    return program


@pytest.fixture
def node(tmp_path: Path, cached: Path) -> Disk:
    found = Disk(tmp_path / "nodes" / "n1")
    files = {"/etc/hostname": "n1\n", "/etc/kubernetes/kubelet.kubeconfig": "secret"}
    links = {"/etc/systemd/system/getty.target": "/dev/null"}
    found.prepare(files, links, {"/usr/local/bin/kubelet": cached})
    return found


def test_prepare__new_disk__has_files_links_and_programs(node: Disk, cached: Path) -> None:
    upper = node.directory / "upper"
    assert (upper / "etc/hostname").read_text() == "n1\n"
    assert (upper / "etc/systemd/system/getty.target").readlink() == Path("/dev/null")
    assert (node.directory / "programs/usr/local/bin/kubelet").samefile(cached)
    assert (node.directory / "tunables/kernel/panic").read_text() == "10\n"


def test_prepare__kubeconfig__is_read_by_root_alone(node: Disk) -> None:
    secret = node.directory / "upper/etc/kubernetes/kubelet.kubeconfig"
    assert secret.stat().st_mode & 0o777 == 0o600


def test_prepare__disk_that_is_there__stays_as_its_node_left_it(node: Disk, cached: Path) -> None:
    hostname = node.directory / "upper/etc/hostname"
    hostname.write_text("changed by the node\n")
    node.prepare({"/etc/hostname": "n1\n"}, {}, {"/usr/local/bin/kubelet": cached})
    assert hostname.read_text() == "changed by the node\n"


def test_prepare__interrupted_before__begins_anew(tmp_path: Path) -> None:
    leftover = tmp_path / ".n1.new" / "upper" / "etc" / "half"
    leftover.parent.mkdir(parents=True)
    leftover.touch()
    node = Disk(tmp_path / "n1")
    node.prepare({}, {}, {})
    assert not (node.directory / "upper/etc/half").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["n1"]


def test_prepare__program_that_is_missing__says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="gone"):
        Disk(tmp_path / "n1").prepare({}, {}, {"/usr/bin/x": tmp_path / "gone"})


def test_lower__layers__puts_the_programs_over_debian(node: Disk) -> None:
    assert node.lower(Path("/debian")) == f"{node.directory}/programs:/debian"


def test_programs_of__compiled_runtime__stands_over_debians(tmp_path: Path) -> None:
    (tmp_path / "ctr").touch()
    flavour = flavours.CONTAINERD_2_4
    programs = disk.programs_of(
        flavour, Path("/debian"), Path("/k8s"), tmp_path, Path("/pause.tar")
    )
    assert programs == {
        "/usr/local/bin/kubelet": Path("/k8s/kubelet"),
        "/usr/local/bin/kube-proxy": Path("/k8s/kube-proxy"),
        "/usr/bin/ctr": tmp_path / "ctr",
        "/usr/local/share/wasmwright/pause.tar": Path("/pause.tar"),
    }


def test_programs_of__debians_runtime__covers_nothing_of_it() -> None:
    flavour = flavours.CONTAINERD_1_7
    programs = disk.programs_of(flavour, Path("/debian"), Path("/k8s"), None, Path("/pause.tar"))
    assert not [path for path in programs if path.startswith("/usr/bin/")]


@pytest.mark.parametrize("name", ["k3s-layout", "rke2-layout"])
def test_programs_of__layout__has_a_containerd_of_its_own_beside_debians(
    tmp_path: Path, name: str
) -> None:
    flavour = flavours.flavour(name)
    runtime = tmp_path if flavour.component else None
    (tmp_path / "containerd").touch()
    (tmp_path / "ctr").touch()
    programs = disk.programs_of(flavour, Path("/debian"), Path("/k8s"), runtime, Path("/p.tar"))
    assert flavour.layout is not None
    expected = tmp_path / "containerd" if runtime else Path("/debian/usr/bin/containerd")
    assert programs[flavour.layout.containerd] == expected
    assert "/usr/bin/containerd" not in programs
