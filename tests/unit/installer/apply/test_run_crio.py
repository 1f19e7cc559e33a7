"""Whole runs on a host whose container runtime is the stand-in for CRI-O."""

import dataclasses
from pathlib import Path

import pytest

from unit.installer.documents import SPIN, artifacts, crun, document, shim
from unit.installer.fake_crio import (
    FOLDER,
    MAIN,
    OWN,
    PACKAGED,
    add_container,
    make_crio_node,
)
from unit.installer.fake_host.node import FakeNode
from wasmwright_installer.apply.explain import explain_plan, explain_status
from wasmwright_installer.apply.run import apply
from wasmwright_installer.contract import HandlerEntry, RuntimeEntry, RuntimeType
from wasmwright_installer.errors import (
    ConflictError,
    InUseError,
    RefusedError,
    RolledBackError,
    UnsupportedNodeError,
)
from wasmwright_installer.layouts import table
from wasmwright_installer.layouts.crio import CRIO
from wasmwright_installer.layouts.layout import Activation

LINK = "/opt/wasmwright/bin/crun-wasm/crun"
NOTHING = document()
FILES = {
    "as packaged": {},
    "without any file": {"main": None, "10_crio_conf": b""},
    "all in the main file": {"main": PACKAGED, "10_crio_conf": b"# nothing\n"},
    "with foreign files": {
        "10_crio_conf": PACKAGED,
        "99_last_conf": b'[crio.runtime]\nlog_level = "warn"\n',
    },
}


@pytest.fixture(autouse=True)
def _no_waiting_for_disks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda _: None)


def wasm(name: str = "crun-wasm", **fields: object) -> RuntimeEntry:
    entry = crun(handler=name, **fields)
    return entry.model_copy(update={"name": name})


def downloaded(name: str, content: bytes = b"") -> RuntimeEntry:
    return shim(name, content=content, type=RuntimeType.OCI_RUNTIME)


@pytest.fixture(params=list(FILES.values()), ids=list(FILES))
def node(request: pytest.FixtureRequest, tmp_path: Path) -> FakeNode:
    return make_crio_node(tmp_path / "host", **request.param)


@pytest.fixture
def packaged(tmp_path: Path) -> FakeNode:
    return make_crio_node(tmp_path / "host")


def pods(node: FakeNode) -> set[str]:
    return set(node.daemon.config.pods)


def test_apply__first_runtime__pods_get_it_and_keep_the_others(node: FakeNode) -> None:
    before = pods(node)
    result = apply(node.host, document(wasm()), None)
    assert (result.exit_code, result.changed, result.restarted) == (0, True, True)
    assert pods(node) == before | {"crun-wasm"}
    assert (result.container_runtime, result.plugin_table) == ("cri-o://1.35.1", "crio.runtime")
    assert result.message == "1 runtime ready; cri-o was restarted once"
    assert node.files.link_target(LINK) == "/usr/bin/crun"
    assert node.files.names(FOLDER)[-1] in {"90-wasmwright.conf", "99-last.conf"}


def test_apply__the_file__says_where_the_handler_is_and_nothing_else(packaged: FakeNode) -> None:
    apply(packaged.host, document(wasm()), None)
    assert packaged.read(OWN).decode().splitlines()[1:] == [
        "[crio.runtime.runtimes.crun-wasm]",
        f'  runtime_path = "{LINK}"',
        '  runtime_type = "oci"',
        '  allowed_annotations = ["module.wasm.image/variant"]',
        '  monitor_path = "/usr/libexec/crio/conmon"',
    ]


def test_apply__conmon_only_where_the_packages_have_it__crio_starts(packaged: FakeNode) -> None:
    (packaged.root / "usr/bin/conmon").unlink()
    assert apply(packaged.host, document(wasm()), None).exit_code == 0


def test_apply__removed_again__leaves_every_byte_as_it_was(node: FakeNode) -> None:
    before, served = node.tree(), pods(node)
    apply(node.host, document(wasm(), wasm("second")), None)
    result = apply(node.host, NOTHING, None)
    assert result.reason == "Removed"
    assert node.tree() == before
    assert pods(node) == served


def test_apply__second_run__changes_nothing(node: FakeNode) -> None:
    apply(node.host, document(wasm()), None)
    before = node.tree()
    result = apply(node.host, document(wasm()), None)
    assert (result.changed, result.restarted, node.daemon.restarts) == (False, False, 1)
    assert node.tree() == before


def test_apply__upgrade__is_a_link_and_no_restart(packaged: FakeNode, tmp_path: Path) -> None:
    first, newer = downloaded("crun-wasm"), downloaded("crun-wasm", b"#!/bin/sh\n# newer\n")
    apply(packaged.host, document(first), artifacts(tmp_path / "a", first))
    contents = {"crun-wasm": b"#!/bin/sh\n# newer\n"}
    folder = artifacts(tmp_path / "b", newer, contents=contents)
    result = apply(packaged.host, document(newer), folder)
    assert (result.changed, result.restarted, packaged.daemon.restarts) == (True, False, 1)
    assert (
        packaged.read("/opt/wasmwright/bin/crun-wasm/containerd-shim-crun-wasm-v1")
        == (contents["crun-wasm"])
    )


def test_apply__one_of_two_goes__is_no_longer_declared_and_nothing_restarts(
    packaged: FakeNode,
) -> None:
    apply(packaged.host, document(wasm(), wasm("second")), None)
    result = apply(packaged.host, document(wasm()), None)
    assert (result.changed, result.restarted) == (True, False)
    assert b"second" not in packaged.read(OWN)
    assert not packaged.files.exists("/opt/wasmwright/bin/second")
    assert set(packaged.daemon.handlers()) == {"crun", "runc", "crun-wasm"}
    assert not explain_status(packaged.host).drift


def test_apply__handlers_declared_ahead__are_left_out_and_shims_are_told(
    packaged: FakeNode,
) -> None:
    ahead = HandlerEntry(handler="youki", type=RuntimeType.OCI_RUNTIME, binary="youki")
    result = apply(packaged.host, document(wasm(), declared=(SPIN, ahead)), None)
    assert pods(packaged) == {"crun", "runc", "crun-wasm"}
    [warning] = result.warnings
    assert warning.startswith("handler 'spin' is a containerd shim, which CRI-O cannot run")
    assert warning.endswith("it is not declared on this node")


def test_apply__a_containerd_shim__is_refused_and_nothing_is_written(packaged: FakeNode) -> None:
    before = packaged.tree()
    with pytest.raises(UnsupportedNodeError, match="crun-wasm") as caught:
        apply(packaged.host, document(wasm(), shim("light")), None)
    assert caught.value.reason == "UnsupportedRuntimeForCRI"
    assert packaged.tree() == before


@pytest.mark.parametrize(
    "os_release",
    [b"ID=rhcos\n", b"ID=rhel\nVARIANT_ID=coreos\n", b"ID=centos\nOPENSHIFT_VERSION=4.19\n"],
)
def test_apply__openshift__is_refused_and_nothing_is_written(
    packaged: FakeNode, os_release: bytes
) -> None:
    packaged.put("/etc/os-release", os_release)
    before = packaged.tree()
    with pytest.raises(UnsupportedNodeError, match="Machine Config"):
        apply(packaged.host, document(wasm()), None)
    assert packaged.tree() == before


FOREIGN = b"""# somebody's
[crio.runtime.runtimes.crun-wasm]
runtime_path = "/usr/bin/crun"
runtime_type = "oci"
allowed_annotations = ["module.wasm.image/variant"]
"""


def test_apply__the_same_handler_of_somebody_else__is_adopted(tmp_path: Path) -> None:
    node = make_crio_node(
        tmp_path / "host", **{"10_crio_conf": PACKAGED, "50_theirs_conf": FOREIGN}
    )
    result = apply(node.host, document(wasm()), None)
    assert (result.restarted, result.runtimes[0].message) == (
        False,
        "declared by somebody else, adopted",
    )
    assert not node.files.exists(OWN)


def test_apply__another_handler_of_that_name__is_a_conflict_with_its_line(tmp_path: Path) -> None:
    theirs = FOREIGN.replace(b"/usr/bin/crun", b"/usr/libexec/crio/crun")
    node = make_crio_node(tmp_path / "host", **{"10_crio_conf": PACKAGED, "50_theirs_conf": theirs})
    before = node.tree()
    with pytest.raises(ConflictError, match=r"50-theirs\.conf:2 "):
        apply(node.host, document(wasm()), None)
    assert node.tree() == before


def test_apply__a_foreign_file_in_our_place__is_a_conflict(tmp_path: Path) -> None:
    node = make_crio_node(tmp_path / "host", **{"90_wasmwright_conf": b"# somebody's\n"})
    with pytest.raises(ConflictError, match="90-wasmwright"):
        apply(node.host, document(wasm()), None)


def test_apply__half_written_file_of_an_editor__is_refused_by_its_name(packaged: FakeNode) -> None:
    packaged.put(f"{FOLDER}/.10-crio.conf.swp", b"\0\1")
    with pytest.raises(RefusedError, match=r"\.10-crio\.conf\.swp is no valid TOML"):
        apply(packaged.host, document(wasm()), None)


def test_apply__crio_refuses_the_staged_files__nothing_is_changed(packaged: FakeNode) -> None:
    packaged.put(MAIN, b'[crio.runtime]\ndefault_runtime = "gone"\n')
    (packaged.root / FOLDER.lstrip("/") / "10-crio.conf").unlink()
    before = packaged.tree()
    with pytest.raises(RefusedError, match="default_runtime set to 'gone'"):
        apply(packaged.host, document(wasm()), None)
    assert packaged.tree() == before


def test_apply__crio_does_not_start_with_it__everything_is_as_before(packaged: FakeNode) -> None:
    before = packaged.tree()
    packaged.daemon.refuses = "crun-wasm"
    with pytest.raises(RolledBackError):
        apply(packaged.host, document(wasm()), None)
    assert packaged.files.names(FOLDER) == ["10-crio.conf"]
    assert pods(packaged) == {"crun", "runc"}
    packaged.daemon.refuses = ""
    apply(packaged.host, NOTHING, None)
    assert packaged.tree() == before


def test_apply__somebody_elses_handler_is_lost__everything_is_as_before(
    packaged: FakeNode,
) -> None:
    packaged.daemon.loses = "runc"
    with pytest.raises(RolledBackError, match="'runc' of somebody else"):
        apply(packaged.host, document(wasm()), None)
    assert pods(packaged) == {"crun", "runc"}


def test_apply__the_handler_is_dropped__everything_is_as_before(packaged: FakeNode) -> None:
    """A link that leads nowhere by the time CRI-O looks."""
    gone = packaged.root / "usr/bin/crun"
    restart = packaged.daemon.restart

    def without_crun() -> object:
        gone.unlink(missing_ok=True)
        return restart()

    packaged.daemon.restart = without_crun
    with pytest.raises(RolledBackError, match="'crun-wasm' is served as absent"):
        apply(packaged.host, document(wasm()), None)
    assert pods(packaged) == {"crun", "runc"}


def test_apply__a_pod_still_runs__its_runtime_stays(packaged: FakeNode) -> None:
    apply(packaged.host, document(wasm()), None)
    add_container(packaged, 900, LINK, "shop/cart-0")
    with pytest.raises(InUseError, match="shop/cart-0") as caught:
        apply(packaged.host, NOTHING, None)
    assert (caught.value.reason, caught.value.pods) == ("RuntimeInUse", ("shop/cart-0",))


def test_apply__running_pods__are_no_obstacle_to_a_restart(packaged: FakeNode) -> None:
    add_container(packaged, 900, "/usr/libexec/crio/crun", "shop/cart-0")
    packaged.add_pod("other", "/opt/containerd-shim-other-v1", "docker/other")
    assert apply(packaged.host, document(wasm()), None).restarted


def test_apply__options_and_snapshotter__are_told_as_left_out(packaged: FakeNode) -> None:
    entry = wasm(options={"SystemdCgroup": True}, snapshotter="overlaybd")
    warnings = apply(packaged.host, document(entry), None).warnings
    assert len([each for each in warnings if each.startswith("handler crun-wasm: CRI-O")]) == 2


def test_apply__foreign_edit_in_between__is_kept(packaged: FakeNode) -> None:
    apply(packaged.host, document(wasm()), None)
    packaged.put(OWN, packaged.read(OWN) + b"# by hand\n")
    result = apply(packaged.host, document(wasm()), None)
    assert any("edited by somebody else" in each for each in result.warnings)
    assert b"by hand" not in packaged.read(OWN)


def test_status__what_is_ours__is_told(packaged: FakeNode) -> None:
    apply(packaged.host, document(wasm()), None)
    status = explain_status(packaged.host)
    assert (status.unit, status.config_file) == ("crio.service", MAIN)
    assert [name for name, each in status.handlers.items() if each.ours] == ["crun-wasm"]
    assert status.handlers["crun-wasm"].binary == LINK
    assert not status.drift


def test_plan__first_runtime__shows_file_restart_and_no_lost_pods(packaged: FakeNode) -> None:
    before = packaged.tree()
    report = explain_plan(packaged.host, document(wasm()))
    assert [each.path for each in report.files] == [OWN]
    assert (report.handlers_added, report.restart, report.pods_lost) == (("crun-wasm",), True, ())
    assert packaged.tree() == before


def test_reload__handler_is_shown_but_no_pod_gets_it__so_the_layout_restarts(
    packaged: FakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    _with_reload(monkeypatch)
    apply(packaged.host, document(wasm()), None)
    assert "crun-wasm" in packaged.daemon.status().handlers
    assert "crun-wasm" not in pods(packaged)
    assert CRIO.activation is Activation.RESTART


def test_reload__where_it_reaches_pods__would_do(
    packaged: FakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    _with_reload(monkeypatch)
    packaged.daemon.config._reload_reaches_pods = True
    before = packaged.tree()
    result = apply(packaged.host, document(wasm()), None)
    assert (result.restarted, packaged.daemon.restarts, packaged.daemon.reloads) == (False, 0, 1)
    assert "crun-wasm" in pods(packaged)
    apply(packaged.host, NOTHING, None)
    assert "crun-wasm" not in pods(packaged)
    assert packaged.tree() == before


@pytest.mark.parametrize(
    "obstacle",
    [b"no toml [", b'[crio.runtime]\nlog_level = "loud"\n'],
    ids=["a file is broken", "an option before the handlers is refused"],
)
def test_reload__has_no_effect__the_file_goes_again(
    packaged: FakeNode, monkeypatch: pytest.MonkeyPatch, obstacle: bytes
) -> None:
    _with_reload(monkeypatch)
    reload = packaged.daemon.reload

    def meanwhile() -> object:
        packaged.put(f"{FOLDER}/95-theirs.conf", obstacle)
        return reload()

    packaged.daemon.reload = meanwhile
    with pytest.raises(RolledBackError, match="'crun-wasm' is served as absent"):
        apply(packaged.host, document(wasm()), None)
    assert not packaged.files.exists(OWN)
    assert pods(packaged) == {"crun", "runc"}


def _with_reload(monkeypatch: pytest.MonkeyPatch) -> None:
    reloading = dataclasses.replace(CRIO, activation=Activation.RELOAD)
    monkeypatch.setattr(table, "LAYOUTS", (reloading,))
