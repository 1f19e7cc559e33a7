import os
import subprocess
from pathlib import Path

import pytest

from unit.installer.fake_host.containerd_node import make_node
from unit.installer.fake_host.node import FakeNode
from wasmwright_installer.errors import RefusedError
from wasmwright_installer.host.bundles import _REMOVE, read_bundles, remove_dead
from wasmwright_installer.host.commands import Completed
from wasmwright_installer.host.processes import all_processes

SHIM = "/usr/local/bin/containerd-shim-spin-v2"


@pytest.fixture
def node(tmp_path: Path) -> FakeNode:
    return make_node(tmp_path, "1.7.24", None)


def test_read_bundles__living_pod__is_named_with_its_shim(node: FakeNode) -> None:
    path = node.add_pod("s1", SHIM, "shop/cart", runtime="/usr/bin/crun\n")
    (bundle,) = read_bundles(node.files, "/run/containerd", all_processes(node.files))
    assert (bundle.path, bundle.id, bundle.pod) == (path, "s1", "shop/cart")
    assert (bundle.shim, bundle.runtime_binary, bundle.is_live) == (SHIM, "/usr/bin/crun", True)


def test_read_bundles__container_of_a_pod__lives_by_the_pods_shim(node: FakeNode) -> None:
    node.add_pod("s1", SHIM, "shop/cart")
    path = node.add_pod("c1", SHIM, "shop/cart", alive=False)
    spec = (node.root / path.lstrip("/") / "config.json").read_text()
    node.put(f"{path}/config.json", spec.replace('"c1"', '"s1"').encode())
    os.utime(node.root / path.lstrip("/"), (1, 1))
    bundles = read_bundles(node.files, "/run/containerd", all_processes(node.files))
    assert [each.is_live for each in bundles] == [True, True]


def test_read_bundles__shim_is_gone__is_dead(node: FakeNode) -> None:
    node.add_pod("s1", SHIM, "shop/cart", alive=False)
    (bundle,) = read_bundles(node.files, "/run/containerd", all_processes(node.files))
    assert not bundle.is_live


def test_read_bundles__made_just_now__counts_as_living(node: FakeNode) -> None:
    path = node.add_pod("s1", SHIM, "shop/cart", alive=False)
    (node.root / path.lstrip("/")).touch()
    (bundle,) = read_bundles(node.files, "/run/containerd", all_processes(node.files))
    assert bundle.is_live


def test_read_bundles__older_containerd_noted_no_shim__the_process_tells(node: FakeNode) -> None:
    path = node.add_pod("s1", SHIM, "shop/cart")
    (node.root / path.lstrip("/") / "shim-binary-path").unlink()
    (bundle,) = read_bundles(node.files, "/run/containerd", all_processes(node.files))
    assert bundle.shim == SHIM


@pytest.mark.parametrize("spec", ["", "no json", "[]", '{"annotations": null}', "{}"])
def test_read_bundles__no_pod__is_named_by_its_path(node: FakeNode, spec: str) -> None:
    path = node.add_pod("s1", SHIM, "shop/cart")
    node.put(f"{path}/config.json", spec.encode())
    (bundle,) = read_bundles(node.files, "/run/containerd", all_processes(node.files))
    assert bundle.pod == path


def test_remove_dead__in_the_hosts_mounts__or_it_is_told(node: FakeNode) -> None:
    node.add_pod("s1", SHIM, "shop/cart", alive=False)
    (bundle,) = read_bundles(node.files, "/run/containerd", all_processes(node.files))
    node.commands.answers["nsenter"] = Completed(0)
    remove_dead(node.commands, bundle)
    assert node.commands.log[-1].startswith("nsenter --mount=/proc/1/ns/mnt sh -c")
    node.commands.answers["nsenter"] = Completed(1, stderr="busy")
    with pytest.raises(RefusedError, match=f"{bundle.path} .*busy") as caught:
        remove_dead(node.commands, bundle)
    assert caught.value.reason == "DeadBundle"


@pytest.mark.parametrize("mounted", [True, False], ids=["rootfs in use", "rootfs empty"])
def test_remove_script__run_for_real__never_touches_a_rootfs_in_use(
    tmp_path: Path, *, mounted: bool
) -> None:
    bundle = tmp_path / "b"
    (bundle / "rootfs").mkdir(parents=True)
    (bundle / "address").touch()
    if mounted:
        (bundle / "rootfs/etc").mkdir()
    done = subprocess.run(["sh", "-c", _REMOVE, "sh", bundle], check=False, capture_output=True)
    assert (done.returncode != 0, bundle.exists()) == (mounted, mounted)
    assert not mounted or (bundle / "address").exists()


def test_read_bundles__container_without_a_note__has_the_shim_of_its_pod(node: FakeNode) -> None:
    node.add_pod("s1", SHIM, "shop/cart", alive=False)
    path = node.add_pod("c1", SHIM, "shop/cart", alive=False)
    spec = (node.root / path.lstrip("/") / "config.json").read_text()
    node.put(f"{path}/config.json", spec.replace('"c1"', '"s1"').encode())
    (node.root / path.lstrip("/") / "shim-binary-path").unlink()
    bundles = read_bundles(node.files, "/run/containerd", ())
    assert {each.shim for each in bundles} == {SHIM}


def test_read_bundles__only_an_oci_runtime_is_noted__it_was_runcs_shim(node: FakeNode) -> None:
    path = node.add_pod("s1", SHIM, "shop/cart", runtime="/usr/bin/runc", alive=False)
    (node.root / path.lstrip("/") / "shim-binary-path").unlink()
    (bundle,) = read_bundles(node.files, "/run/containerd", ())
    assert bundle.shim == "containerd-shim-runc-v2"
