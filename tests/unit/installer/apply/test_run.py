"""Whole runs on a played host: install, again, more, less, and back to the first byte."""

from collections.abc import Callable
from pathlib import Path

import pytest

from unit.installer.documents import artifacts, crun, document, shim
from unit.installer.fake_host import MAIN, MAIN_V2, MAIN_V3, FakeNode, make_node
from wasmwright_installer.apply.run import apply
from wasmwright_installer.contract import (
    HandlerEntry,
    HostBinary,
    NodeDocument,
    NodeIdentity,
    RuntimeState,
    Source,
    WasmPods,
)
from wasmwright_installer.errors import (
    ArtifactError,
    ConflictError,
    InUseError,
    LockedError,
    RefusedError,
    RollbackFailedError,
    RolledBackError,
    UnsupportedNodeError,
    WrongNodeError,
)
from wasmwright_installer.host.commands import Completed
from wasmwright_installer.host.lock import node_lock

MAINS = {
    "1.7": ("1.7.24", MAIN_V2),
    "1.7 with nothing but a comment": ("1.7.24", b"# nothing\n"),
    "1.7 without a file": ("1.7.24", None),
    "1.7 without handlers": ("1.7.24", b'version = 2\nroot = "/var/lib/containerd"\n'),
    "2.4": ("2.4.2", MAIN_V3),
    "2.4 with the older table": ("2.4.2", MAIN_V2),
    "2.4 without a file": ("2.4.2", None),
}
SPIN = HandlerEntry(handler="spin", binary="containerd-shim-spin-v2")


@pytest.fixture(params=list(MAINS.values()), ids=list(MAINS))
def node(request: pytest.FixtureRequest, tmp_path: Path) -> FakeNode:
    version, main = request.param
    return make_node(tmp_path / "host", version, main)


@pytest.fixture(params=[("1.7.24", MAIN_V2), ("2.4.2", MAIN_V3)], ids=["1.7", "2.4"])
def usual(request: pytest.FixtureRequest, tmp_path: Path) -> FakeNode:
    return make_node(tmp_path / "host", *request.param)


def fetched(tmp_path: Path, wanted: NodeDocument) -> Path:
    return artifacts(tmp_path / "artifacts", *wanted.runtimes)


def test_apply__first_runtimes__are_served_after_one_restart(
    node: FakeNode, tmp_path: Path
) -> None:
    before = dict(node.daemon.loaded)
    wanted = document(shim("light"), crun(), declared=(SPIN,))
    result = apply(node.host, wanted, fetched(tmp_path, wanted))
    assert (result.exit_code, result.changed, result.restarted) == (0, True, True)
    assert node.daemon.restarts == 1
    assert node.daemon.loaded["runc"] == before["runc"]
    assert set(result.handlers) == {"runc", "light", "crun", "spin"}
    assert [(each.name, each.state) for each in result.runtimes] == [
        ("light", RuntimeState.READY),
        ("crun", RuntimeState.READY),
    ]
    assert (
        node.read("/opt/wasmwright/bin/light/containerd-shim-light-v1") == b"#!/bin/sh\n# light\n"
    )
    assert node.files.link_target("/opt/wasmwright/bin/crun/crun") == "/usr/bin/crun"


def test_apply__removed_again__leaves_every_byte_as_it_was(node: FakeNode, tmp_path: Path) -> None:
    before, loaded = node.tree(), dict(node.daemon.loaded)
    wanted = document(shim("light"), crun(), declared=(SPIN,))
    apply(node.host, wanted, fetched(tmp_path, wanted))
    result = apply(node.host, document(), None)
    assert result.reason == "Removed"
    assert {each.state for each in result.runtimes} == {RuntimeState.REMOVED}
    assert node.tree() == before
    assert node.daemon.loaded == loaded
    assert node.daemon.restarts == 2


def test_apply__second_run__changes_nothing(node: FakeNode, tmp_path: Path) -> None:
    wanted = document(shim("light"), crun())
    folder = fetched(tmp_path, wanted)
    apply(node.host, wanted, folder)
    before = node.tree()
    result = apply(node.host, wanted, folder)
    assert (result.changed, result.restarted, node.daemon.restarts) == (False, False, 1)
    assert node.tree() == before


def test_apply__second_run_without_artifacts__takes_what_the_store_has(
    usual: FakeNode, tmp_path: Path
) -> None:
    wanted = document(shim("light"))
    apply(usual.host, wanted, fetched(tmp_path, wanted))
    assert not apply(usual.host, wanted, None).changed


def test_apply__runtime_that_was_declared_ahead__needs_no_restart(
    usual: FakeNode, tmp_path: Path
) -> None:
    late = shim("late")
    first = document(shim("light"), declared=(late.handler,))
    apply(usual.host, first, fetched(tmp_path, first))
    both = document(shim("light"), late, declared=(late.handler,))
    result = apply(usual.host, both, fetched(tmp_path, both))
    assert (result.changed, result.restarted, usual.daemon.restarts) == (True, False, 1)
    assert usual.files.exists("/opt/wasmwright/bin/late/containerd-shim-late-v1")


def test_apply__one_of_two_leaves__keeps_its_handler_declared(
    usual: FakeNode, tmp_path: Path
) -> None:
    both = document(shim("light"), shim("late"))
    apply(usual.host, both, fetched(tmp_path, both))
    result = apply(usual.host, document(shim("light")), None)
    assert (result.changed, result.restarted, usual.daemon.restarts) == (True, False, 1)
    assert "late" in result.handlers
    assert usual.files.names("/opt/wasmwright/bin") == ["light"]
    assert len(usual.files.names("/opt/wasmwright/store")) == 1


def test_apply__other_binary__is_a_new_link_and_no_restart(usual: FakeNode, tmp_path: Path) -> None:
    old = document(shim("light"))
    apply(usual.host, old, fetched(tmp_path, old))
    new = document(shim("light", content=b"#!/bin/sh\n# newer\n"))
    folder = artifacts(tmp_path / "new", *new.runtimes, contents={"light": b"#!/bin/sh\n# newer\n"})
    result = apply(usual.host, new, folder)
    assert (result.changed, result.restarted) == (True, False)
    assert usual.read("/opt/wasmwright/bin/light/containerd-shim-light-v1").endswith(b"# newer\n")
    assert len(usual.files.names("/opt/wasmwright/store")) == 1


def test_apply__old_binary_still_runs__stays_in_the_store(usual: FakeNode, tmp_path: Path) -> None:
    old = document(shim("light"))
    apply(usual.host, old, fetched(tmp_path, old))
    digest = old.runtimes[0].source.http.sha256 if old.runtimes[0].source.http else ""
    usual.add_process(900, f"/opt/wasmwright/store/{digest}/containerd-shim-light-v1")
    new = document(shim("light", content=b"#!/bin/sh\n# newer\n"))
    folder = artifacts(tmp_path / "new", *new.runtimes, contents={"light": b"#!/bin/sh\n# newer\n"})
    apply(usual.host, new, folder)
    assert digest in usual.files.names("/opt/wasmwright/store")


def test_apply__foreign_edit_in_between__is_kept_and_told(usual: FakeNode, tmp_path: Path) -> None:
    wanted = document(shim("light"))
    main = usual.read(MAIN)
    apply(usual.host, wanted, fetched(tmp_path, wanted))
    edited = usual.read(MAIN).replace(b"localhost/pause:1", b"localhost/pause:2")
    usual.put(MAIN, edited)
    result = apply(usual.host, document(), None)
    assert usual.read(MAIN) == main.replace(b"localhost/pause:1", b"localhost/pause:2")
    assert result.warnings == (f"{MAIN} was edited by somebody else since wasmwright changed it",)


def test_apply__our_part_was_thrown_out__is_written_again(usual: FakeNode, tmp_path: Path) -> None:
    wanted = document(shim("light"))
    main = usual.read(MAIN)
    apply(usual.host, wanted, fetched(tmp_path, wanted))
    usual.put(MAIN, main)
    result = apply(usual.host, wanted, None)
    assert (result.changed, result.restarted) == (True, False), "the daemon still serves it"
    usual.daemon.restart()
    assert "light" in usual.daemon.loaded


def test_apply__record_is_lost__finds_its_part_by_the_marks(
    usual: FakeNode, tmp_path: Path
) -> None:
    main = usual.read(MAIN)
    wanted = document(shim("light"))
    apply(usual.host, wanted, fetched(tmp_path, wanted))
    (usual.root / "opt/wasmwright/state/state.json").unlink()
    apply(usual.host, document(), None)
    assert usual.read(MAIN) == main
    assert set(usual.daemon.loaded) == {"runc"}
    assert not usual.files.exists("/opt/wasmwright")


def test_apply__equal_handler_of_somebody_else__is_adopted_and_never_removed(
    tmp_path: Path,
) -> None:
    table = b"""
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.crun]
  runtime_type = "io.containerd.runc.v2"
  pod_annotations = ["module.wasm.image/*"]
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.crun.options]
    BinaryName = "/usr/bin/crun"
    SystemdCgroup = true
"""
    node = make_node(tmp_path / "host", "1.7.24", MAIN_V2 + table)
    before = node.tree()
    result = apply(node.host, document(crun()), None)
    assert (result.changed, result.restarted) == (False, False)
    assert result.runtimes[0].message == "declared by somebody else, adopted"
    apply(node.host, document(), None)
    assert node.daemon.restarts == 0
    assert {k: v for k, v in node.tree().items() if "containerd" in k} == {
        k: v for k, v in before.items() if "containerd" in k
    }


def test_apply__different_handler_of_somebody_else__is_a_conflict_with_its_line(
    tmp_path: Path,
) -> None:
    table = b"""
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.crun]
  runtime_type = "io.containerd.kata.v2"
"""
    node = make_node(tmp_path / "host", "1.7.24", MAIN_V2 + table)
    before = node.tree()
    with pytest.raises(ConflictError, match=rf"handler 'crun' .* {MAIN}:10 as .*kata"):
        apply(node.host, document(crun()), None)
    assert node.tree() == before


def test_apply__handler_declared_ahead_that_somebody_else_has__is_left_alone(
    tmp_path: Path,
) -> None:
    table = b"""
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.spin]
  runtime_type = "io.containerd.spin.v2"
"""
    node = make_node(tmp_path / "host", "1.7.24", MAIN_V2 + table)
    wanted = document(shim("light"), declared=(SPIN,))
    apply(node.host, wanted, fetched(tmp_path, wanted))
    assert node.daemon.loaded["spin"] == {"runtime_type": "io.containerd.spin.v2"}


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


def test_apply__daemon_does_not_come_up__is_rolled_back_and_not_tried_again(
    usual: FakeNode, tmp_path: Path
) -> None:
    before, loaded = usual.tree(), dict(usual.daemon.loaded)
    usual.daemon.refuses = "light"
    wanted = document(shim("light"))
    folder = fetched(tmp_path, wanted)
    with pytest.raises(RolledBackError, match=r"restart containerd.service' failed"):
        apply(usual.host, wanted, folder)
    assert usual.daemon.loaded == loaded
    assert {k: v for k, v in usual.tree().items() if k.startswith("/etc")} == {
        k: v for k, v in before.items() if k.startswith("/etc")
    }
    restarts = usual.daemon.restarts
    with pytest.raises(RefusedError, match="--retry") as caught:
        apply(usual.host, wanted, folder)
    assert (caught.value.reason, usual.daemon.restarts) == ("FailedBefore", restarts)
    usual.daemon.refuses = ""
    assert apply(usual.host, wanted, folder, retry=True).restarted
    apply(usual.host, document(), None)
    assert usual.tree() == before


def test_apply__change_failed_before__is_tried_under_a_new_token_and_once_per_token(
    usual: FakeNode, tmp_path: Path
) -> None:
    usual.daemon.refuses = "light"
    wanted = document(shim("light"))
    asked = wanted.model_copy(update={"retry_token": "monday"})
    folder = fetched(tmp_path, wanted)
    for tried in (wanted, asked):
        with pytest.raises(RolledBackError):
            apply(usual.host, tried, folder)
    with pytest.raises(RefusedError, match="retryToken"):
        apply(usual.host, asked, folder)


def test_apply__change_failed_before__another_document_is_tried(
    usual: FakeNode, tmp_path: Path
) -> None:
    usual.daemon.refuses = "light"
    wanted = document(shim("light"))
    with pytest.raises(RolledBackError):
        apply(usual.host, wanted, fetched(tmp_path, wanted))
    other = document(shim("other"))
    assert apply(usual.host, other, fetched(tmp_path, other)).restarted


def test_apply__handler_of_somebody_else_vanishes__is_rolled_back(tmp_path: Path) -> None:
    table = b"""
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.kata]
  runtime_type = "io.containerd.kata.v2"
"""
    node = make_node(tmp_path / "host", "1.7.24", MAIN_V2 + table)
    node.daemon.loses = "kata"
    wanted = document(shim("light"))
    with pytest.raises(RollbackFailedError, match="'kata' of somebody else became absent"):
        apply(node.host, wanted, fetched(tmp_path, wanted))
    assert node.read(MAIN) == MAIN_V2 + table


def test_apply__rollback_fails_too__says_so_and_the_next_run_goes_on_with_it(
    usual: FakeNode, tmp_path: Path
) -> None:
    main = usual.read(MAIN)
    usual.daemon.refuses = "runc"
    wanted = document(shim("light"))
    folder = fetched(tmp_path, wanted)
    with pytest.raises(RollbackFailedError, match=r"journalctl -u containerd.service"):
        apply(usual.host, wanted, folder)
    assert usual.read(MAIN) == main
    usual.daemon.refuses = ""
    with pytest.raises(RolledBackError, match="a run was ended"):
        apply(usual.host, wanted, folder)
    assert usual.daemon.is_up


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Completed(127, stderr="not found"), "NotExecutable"),
        (Completed(126, stderr="Exec format error"), "NotExecutable"),
    ],
    ids=["127", "126"],
)
def test_apply__binary_cannot_be_executed__leaves_every_byte_as_it_was(
    usual: FakeNode, tmp_path: Path, answer: Completed, reason: str
) -> None:
    wanted = document(shim("light"))
    digest = wanted.runtimes[0].source.http.sha256 if wanted.runtimes[0].source.http else ""
    path = f"/opt/wasmwright/store/{digest}/containerd-shim-light-v1"
    usual.commands.answers[path] = answer
    before = usual.tree()
    with pytest.raises(ArtifactError, match=answer.stderr) as caught:
        apply(usual.host, wanted, fetched(tmp_path, wanted))
    assert caught.value.reason == reason
    assert usual.tree() == before


def test_apply__binary_answers_with_another_code__is_only_a_warning(
    usual: FakeNode, tmp_path: Path
) -> None:
    wanted = document(shim("light"))
    digest = wanted.runtimes[0].source.http.sha256 if wanted.runtimes[0].source.http else ""
    path = f"/opt/wasmwright/store/{digest}/containerd-shim-light-v1"
    usual.commands.answers[path] = Completed(2, stderr="usage")
    result = apply(usual.host, wanted, fetched(tmp_path, wanted))
    assert result.warnings == (f"{path} -v ended with code 2: usage",)


@pytest.mark.parametrize(
    ("answer", "match"),
    [
        (Completed(0, "crun version 1.8\n+SYSTEMD\n"), r"expected '\+WASM'"),
        (Completed(1, "+WASM"), "ended with code 1"),
    ],
    ids=["text is missing", "code"],
)
def test_apply__probe_of_a_host_binary_fails__is_refused(
    usual: FakeNode, answer: Completed, match: str
) -> None:
    usual.commands.answers["/usr/bin/crun"] = answer
    before = usual.tree()
    with pytest.raises(ArtifactError, match=match) as caught:
        apply(usual.host, document(crun()), None)
    assert caught.value.reason == "ProbeFailed"
    assert usual.tree() == before


def test_apply__host_binary_is_missing__is_refused(usual: FakeNode) -> None:
    (usual.root / "usr/bin/crun").unlink()
    with pytest.raises(ArtifactError, match="install the package") as caught:
        apply(usual.host, document(crun()), None)
    assert caught.value.reason == "HostBinaryMissing"


def test_apply__fetched_file_was_changed__is_refused(usual: FakeNode, tmp_path: Path) -> None:
    wanted = document(shim("light"))
    folder = fetched(tmp_path, wanted)
    next(folder.glob("*/containerd-shim-light-v1")).write_bytes(b"#!/bin/sh\nrm -rf /\n")
    before = usual.tree()
    with pytest.raises(ArtifactError, match="changed since it was fetched"):
        apply(usual.host, wanted, folder)
    assert usual.tree() == before


def test_apply__nothing_was_fetched__says_so(usual: FakeNode) -> None:
    with pytest.raises(ArtifactError, match="run fetch") as caught:
        apply(usual.host, document(shim("light")), None)
    assert caught.value.reason == "ArtifactMissing"


def test_apply__document_for_another_machine__is_refused(usual: FakeNode) -> None:
    wanted = NodeDocument(node=NodeIdentity(machine_id="ffff"))
    with pytest.raises(WrongNodeError, match=r"ffff.*0123456789"):
        apply(usual.host, wanted, None)


def test_apply__another_run_holds_the_node__gives_up_after_a_while(usual: FakeNode) -> None:
    with node_lock(usual.files, 1), pytest.raises(LockedError, match="run/wasmwright/lock"):
        apply(usual.host, document(), None)


def test_apply__unknown_key_in_our_table__is_refused_by_the_daemons_warning(
    usual: FakeNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dump = usual.daemon.dump

    def warn_of_staged(config: str | None) -> Completed:
        done = dump(config)
        if config != MAIN:
            return Completed(0, done.stdout, 'level=warning msg="unknown key" key="a b"\n')
        return done

    monkeypatch.setattr(usual.daemon, "dump", warn_of_staged)
    before = usual.tree()
    wanted = document(shim("light"))
    with pytest.raises(RefusedError, match=r"makes the daemon warn: .*unknown key"):
        apply(usual.host, wanted, fetched(tmp_path, wanted))
    assert usual.tree() == before


def test_apply__daemon_does_not_answer__is_refused(usual: FakeNode) -> None:
    usual.daemon.is_up = False
    with pytest.raises(RefusedError, match="does not serve the CRI") as caught:
        apply(usual.host, document(shim("light")), None)
    assert caught.value.reason == "CRIUnavailable"


def test_apply__immutable_system__is_refused_before_anything(usual: FakeNode) -> None:
    usual.put("/etc/os-release", b"ID=bottlerocket\n")
    with pytest.raises(UnsupportedNodeError, match="API settings"):
        apply(usual.host, document(shim("light")), None)
    assert not usual.files.exists("/run/wasmwright")


def test_apply__somebody_edits_while_the_daemon_fails__that_edit_is_kept(
    usual: FakeNode, tmp_path: Path
) -> None:
    wanted = document(shim("light"))
    folder = fetched(tmp_path, wanted)
    restart = usual.daemon.restart
    edit = b"# edited in between\n"

    def edit_and_fail() -> Completed:
        if usual.daemon.restarts == 0:
            usual.put(MAIN, usual.read(MAIN) + edit)
            usual.daemon.restarts += 1
            usual.daemon.is_up = False
            return Completed(1, stderr="failed")
        return restart()

    usual.daemon.restart = edit_and_fail  # type: ignore[method-assign]  # plays a person
    with pytest.raises(RolledBackError, match=f"except {MAIN}, which somebody edited"):
        apply(usual.host, wanted, folder)
    assert usual.read(MAIN).endswith(edit)


def test_apply__handler_of_somebody_else_is_not_loaded_yet__is_a_conflict(tmp_path: Path) -> None:
    table = b"""
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.crun]
  runtime_type = "io.containerd.kata.v2"
"""
    node = make_node(tmp_path / "host", "1.7.24", MAIN_V2)
    node.put(MAIN, MAIN_V2 + table)
    with pytest.raises(ConflictError, match="and not loaded yet"):
        apply(node.host, document(crun()), None)


def test_apply__somebody_elses_edit_was_not_loaded_yet__may_appear_with_our_restart(
    tmp_path: Path,
) -> None:
    table = b"""
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.kata]
  runtime_type = "io.containerd.kata.v2"
"""
    node = make_node(tmp_path / "host", "1.7.24", MAIN_V2)
    node.put(MAIN, MAIN_V2 + table)
    wanted = document(shim("light"))
    assert apply(node.host, wanted, fetched(tmp_path, wanted)).handlers == ("kata", "light", "runc")


def test_apply__somebody_declared_our_very_link__is_adopted_and_linked(tmp_path: Path) -> None:
    table = b"""
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.light]
  runtime_type = "/opt/wasmwright/bin/light/containerd-shim-light-v1"
"""
    node = make_node(tmp_path / "host", "1.7.24", MAIN_V2 + table)
    wanted = document(shim("light"))
    result = apply(node.host, wanted, fetched(tmp_path, wanted))
    assert (result.changed, result.restarted) == (True, False)
    assert node.files.exists("/opt/wasmwright/bin/light/containerd-shim-light-v1")
    apply(node.host, document(), None)
    assert node.read(MAIN) == MAIN_V2 + table
    assert "light" in node.daemon.loaded


def test_apply__state_cannot_be_read__is_refused_with_the_way_out(
    usual: FakeNode, tmp_path: Path
) -> None:
    wanted = document(shim("light"))
    apply(usual.host, wanted, fetched(tmp_path, wanted))
    usual.put("/opt/wasmwright/state/state.json", b"{broken")
    with pytest.raises(RefusedError, match=r"state\.json cannot be read") as caught:
        apply(usual.host, document(), None)
    assert caught.value.reason == "StateUnreadable"


@pytest.mark.parametrize("damage", ["gone", "changed"])
def test_apply__bytes_of_before_are_lost__the_marks_lead_back(
    usual: FakeNode, tmp_path: Path, damage: str
) -> None:
    main = usual.read(MAIN)
    wanted = document(shim("light"))
    apply(usual.host, wanted, fetched(tmp_path, wanted))
    for kept in (usual.root / "opt/wasmwright/state/files").iterdir():
        kept.unlink() if damage == "gone" else kept.write_bytes(b"other")
    apply(usual.host, document(), None)
    assert usual.read(MAIN) == main


def test_apply__host_binary_without_a_probe__only_has_to_start(usual: FakeNode) -> None:
    entry = crun()
    source = Source(host_path=HostBinary(path="/usr/bin/crun"))
    unprobed = entry.model_copy(update={"source": source})
    usual.commands.answers["/usr/bin/crun"] = Completed(1, stderr="odd")
    result = apply(usual.host, document(unprobed), None)
    assert result.warnings == ("/usr/bin/crun --version ended with code 1: odd",)


def test_apply__present_files_are_refused_by_the_daemon__nothing_is_changed(
    usual: FakeNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usual.daemon, "dump", lambda _: Completed(1, stderr="invalid"))
    wanted = document(shim("light"))
    with pytest.raises(RefusedError, match=r"config dump' refuses the configuration: invalid"):
        apply(usual.host, wanted, fetched(tmp_path, wanted))


def test_apply__what_the_daemon_dumps_is_no_toml__is_refused(
    usual: FakeNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usual.daemon, "dump", lambda _: Completed(0, "= no"))
    wanted = document(shim("light"))
    with pytest.raises(RefusedError, match="prints is no TOML"):
        apply(usual.host, wanted, fetched(tmp_path, wanted))


def test_apply__disk_is_full_in_the_middle__every_byte_is_as_before(
    usual: FakeNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = usual.tree()
    write = usual.files.write_stream

    def full(path: str, fill: Callable[[int], None], *, mode: int = 0o644) -> None:
        if path == MAIN:
            raise RefusedError("no space", reason="HostNotWritable")
        write(path, fill, mode=mode)

    monkeypatch.setattr(usual.files, "write_stream", full)
    wanted = document(shim("light"))
    with pytest.raises(RefusedError, match="no space"):
        apply(usual.host, wanted, fetched(tmp_path, wanted))
    assert usual.tree() == before
    assert usual.daemon.restarts == 0


def test_apply__shim_gets_another_handler_table__restarts_once_more(
    usual: FakeNode, tmp_path: Path
) -> None:
    plain = document(shim("light"))
    apply(usual.host, plain, fetched(tmp_path, plain))
    annotated = document(shim("light", pod_annotations=("a/*",)))
    result = apply(usual.host, annotated, fetched(tmp_path, annotated))
    assert (result.restarted, usual.daemon.restarts) == (True, 2)
    assert usual.daemon.loaded["light"]["pod_annotations"] == ["a/*"]


def test_apply__warning_of_an_option__is_in_the_result(usual: FakeNode, tmp_path: Path) -> None:
    wanted = document(shim("light", options={"SystemdCgroup": True}))
    result = apply(usual.host, wanted, fetched(tmp_path, wanted))
    assert "SystemdCgroup has no effect on a cgroup v1 node" in result.warnings[0]
