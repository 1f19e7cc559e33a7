"""Pods in the way of a change, and the bundles of dead shims."""

from pathlib import Path

import pytest

from unit.installer.documents import crun, document, fetched, shim
from unit.installer.fake_host.node import FakeNode
from wasmwright_installer.apply.run import apply
from wasmwright_installer.contract import (
    WasmPods,
)
from wasmwright_installer.errors import (
    InUseError,
    RefusedError,
)
from wasmwright_installer.host.commands import Completed


def test_apply__restart_would_lose_a_pod__stops_with_its_name(
    usual: FakeNode, tmp_path: Path
) -> None:
    usual.add_pod("s1", "/usr/local/bin/containerd-shim-spin-v2", "shop/cart")
    usual.add_pod("s22", "/usr/bin/containerd-shim-runc-v2", "shop/database")
    before = usual.tree()
    wanted = document(shim("light"))
    with pytest.raises(InUseError, match="shop/cart") as caught:
        apply(usual.host, wanted, fetched(tmp_path, wanted))
    assert (caught.value.reason, caught.value.pods) == ("RestartWouldOrphanPods", ("shop/cart",))
    assert usual.tree() == before
    assert usual.daemon.restarts == 0


def test_apply__loss_is_permitted__goes_on_and_says_so(usual: FakeNode, tmp_path: Path) -> None:
    usual.add_pod("s1", "/usr/local/bin/containerd-shim-spin-v2", "shop/cart")
    wanted = document(shim("light"), wasm_pods=WasmPods.FORCE)
    result = apply(usual.host, wanted, fetched(tmp_path, wanted))
    assert result.restarted
    assert "shop/cart" in result.warnings[0]


def test_apply__pod_that_survives_by_its_handlers_word__is_no_obstacle(
    usual: FakeNode, tmp_path: Path
) -> None:
    path = "/opt/wasmwright/bin/light/containerd-shim-light-v1"
    usual.add_pod("s1", path, "shop/cart")
    wanted = document(shim("light", pods_survive_restart=True))
    assert apply(usual.host, wanted, fetched(tmp_path, wanted)).restarted


def test_apply__dead_bundle_of_a_shim__is_removed_before_the_restart(
    usual: FakeNode, tmp_path: Path
) -> None:
    bundle = usual.add_pod("s1", "/usr/local/bin/containerd-shim-spin-v2", "a/b", alive=False)
    usual.commands.answers["nsenter"] = removed = Completed(0)
    wanted = document(shim("light"))
    apply(usual.host, wanted, fetched(tmp_path, wanted))
    log = usual.commands.log
    clean = next(n for n, line in enumerate(log) if line.startswith("nsenter"))
    assert log[clean].endswith(bundle)
    assert clean < log.index("systemctl restart containerd.service")
    assert removed.code == 0


def test_apply__dead_bundle_cannot_be_removed__refuses_and_takes_back(
    usual: FakeNode, tmp_path: Path
) -> None:
    usual.add_pod("s1", "/usr/local/bin/containerd-shim-spin-v2", "a/b", alive=False)
    usual.commands.answers["nsenter"] = Completed(1, stderr="rmdir: Device or resource busy")
    before = usual.tree()
    wanted = document(shim("light"))
    with pytest.raises(RefusedError, match="Device or resource busy"):
        apply(usual.host, wanted, fetched(tmp_path, wanted))
    assert usual.tree() == before
    assert usual.daemon.restarts == 0


@pytest.mark.parametrize("back", [True, False], ids=["node given back", "another one stays"])
def test_apply__runtime_in_use__is_not_removed(
    usual: FakeNode, tmp_path: Path, *, back: bool
) -> None:
    wanted = document(shim("light"), crun())
    apply(usual.host, wanted, fetched(tmp_path, wanted))
    before = usual.tree()
    shim_path, link = "/usr/bin/containerd-shim-runc-v2", "/opt/wasmwright/bin/crun/crun"
    usual.add_pod("s1", shim_path, "shop/cart", runtime=link)
    with pytest.raises(InUseError, match=r"'crun'.*shop/cart") as caught:
        apply(usual.host, document() if back else document(shim("light")), None)
    assert (caught.value.reason, caught.value.pods) == ("RuntimeInUse", ("shop/cart",))
    assert usual.tree() == before


@pytest.mark.parametrize("back", [True, False], ids=["node given back", "another one stays"])
def test_apply__removal_is_forced__takes_it_away_under_its_pods_and_names_them(
    usual: FakeNode, tmp_path: Path, *, back: bool
) -> None:
    wanted = document(shim("light"), crun())
    apply(usual.host, wanted, fetched(tmp_path, wanted))
    shim_path, link = "/usr/bin/containerd-shim-runc-v2", "/opt/wasmwright/bin/crun/crun"
    usual.add_pod("s1", shim_path, "shop/cart", runtime=link)
    rest = document() if back else document(shim("light"))
    forced = rest.model_copy(update={"removal": WasmPods.FORCE})

    result = apply(usual.host, forced, None)

    assert [item.name for item in result.runtimes if item.state == "ready"] == (
        [] if back else ["light"]
    )
    assert result.warnings == (
        "handler 'crun' was taken away under shop/cart, as the document permits",
    )
