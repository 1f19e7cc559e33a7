from datetime import timedelta
from typing import Any

import pytest

from unit.operator import given
from unit.operator.fleet.cluster import only, plan, wakes
from wasmwright_operator import names
from wasmwright_operator.actions import UpdateWasmNode
from wasmwright_operator.api.wasmnode import Cause, WasmNodeStatus
from wasmwright_operator.conditions import rfc3339
from wasmwright_operator.fleet.drift import Reasons
from wasmwright_operator.fleet.reruns import Reruns
from wasmwright_operator.fleet.targets import Target
from wasmwright_operator.records import NodeRecord, RuntimeRecord, WasmNodeRecord

SPIN = given.entry("spin")
HOUR = 3600.0


def ago(seconds: float) -> str:
    return rfc3339(given.NOW - timedelta(seconds=seconds))


def settled(ended: float = HOUR, **status: Any) -> WasmNodeRecord:
    return given.wasm_node(
        "n1",
        SPIN,
        status=WasmNodeStatus.model_validate(
            {
                "concluded_hash": given.HASH,
                "concluded_attempt": 1,
                "installed_hash": given.HASH,
                "concluded_at": ago(ended),
                "boot_id": "boot-1",
                "kubelet_runtime": "containerd://1.7.28",
                "runtimes": [{"name": "spin", "handler": "spin", "state": "ready"}],
                **status,
            }
        ),
    )


def node(**more: Any) -> NodeRecord:
    known = {"boot_id": "boot-1", "container_runtime": "containerd://1.7.28", "asks": "spin"}
    return given.node("n1", **{**known, **more})


def target(
    a_node: NodeRecord, record: WasmNodeRecord, runtimes: dict[str, RuntimeRecord]
) -> Target:
    return Target(a_node, record, reasons=tuple(Reasons(runtimes).of(a_node, record)))


def runs(a_node: NodeRecord, record: WasmNodeRecord, **spec: Any) -> list[tuple[str, object]]:
    found = only(plan(a_node, given.runtime("spin", **spec), record), UpdateWasmNode)
    assert all(action.spec.runtimes == record.spec.runtimes for action in found)
    return [(action.spec.cause, action.spec.changes) for action in found]


FAILED = {"last_error": {"reason": "ImmutableSystem", "message": "m", "exit_code": 10}}
DRIFTED = {
    "last_error": {"reason": "Drifted", "message": "m"},
    "runtimes": [{"name": "spin", "handler": "spin", "state": "failed"}],
}


@pytest.mark.parametrize(
    ("a_node", "record", "cause"),
    [
        (node(), settled(), None),
        (node(boot_id="boot-2"), settled(), Cause.REBOOTED),
        (node(boot_id=""), settled(), None),
        (node(boot_id="boot-2"), settled(boot_id=""), None),
        (node(boot_id="boot-2"), settled(**FAILED), None),
        (node(boot_id="boot-2", is_ready=False), settled(), None),
        (node(container_runtime="containerd://2.1.4"), settled(), Cause.RUNTIME_CHANGED),
        (node(container_runtime="containerd://2.1.4"), settled(**FAILED), Cause.RUNTIME_CHANGED),
        (node(container_runtime="containerd://Unknown"), settled(), None),
        (node(container_runtime="x", boot_id="y"), settled(), Cause.RUNTIME_CHANGED),
        (node(container_runtime="x", boot_id="y"), settled(concluded_at=""), None),
        (node(), settled(**DRIFTED, next_retry=ago(0)), Cause.DRIFTED),
        (node(), settled(**DRIFTED, next_retry=ago(-1)), None),
    ],
    ids=[
        "nothing happened",
        "rebooted",
        "boot not told",
        "boot not known",
        "rebooted after a failure",
        "rebooted and not back yet",
        "container runtime changed",
        "container runtime changed after a failure",
        "container runtime restarts",
        "both",
        "last run of unknown time",
        "drifted",
        "drifted, repair not due",
    ],
)
def test_settled_node__needs_a_run_of_what_it_has(
    a_node: NodeRecord, record: WasmNodeRecord, cause: Cause | None
) -> None:
    assert runs(a_node, record) == ([(cause, ("spin",))] if cause else [])


def test_node__that_is_paused_or_whose_runtime_is__is_not_looked_at() -> None:
    rebooted = node(boot_id="boot-2", annotations={names.PAUSED: "true"})
    assert runs(rebooted, settled()) == []
    assert runs(node(boot_id="boot-2"), settled(), rollout={"paused": True}) == []


def test_node__with_a_paused_runtime_beside_others__is_looked_at_for_the_others() -> None:
    record = given.wasm_node("n1", SPIN, given.entry("wasmtime"), status=settled().status)
    paused = given.runtime("wasmtime", rollout={"paused": True})
    runtimes = {"spin": given.runtime("spin"), "wasmtime": paused}
    due = Reruns(runtimes, given.NOW).due(target(node(boot_id="boot-2"), record, runtimes))
    assert due is not None
    assert (due.cause, due.changes) == (Cause.REBOOTED, {"spin"})


def test_reboots__of_a_whole_rack__are_looked_at_within_a_minute_and_not_at_once() -> None:
    back = ago(0)
    runtimes = {"spin": given.runtime("spin")}

    def look(number: int, *, after: float) -> bool:
        rebooted = node(boot_id="boot-2", uid=f"n{number}", ready_changed=back)
        now = given.NOW + timedelta(seconds=after)
        return Reruns(runtimes, now).due(target(rebooted, settled(), runtimes)) is not None

    found = [sum(look(n, after=seconds) for n in range(100)) for seconds in (0, 20, 40, 60)]
    assert found[0] <= 2
    assert 20 < found[1] < found[2] < 90
    assert found[3] == 100
    (wake,) = wakes(plan(node(boot_id="b", ready_changed=back), given.runtime(), settled()))
    assert given.NOW < wake.at <= given.NOW + timedelta(seconds=60)


@pytest.mark.parametrize(
    ("ended", "interval", "handlers", "is_due"),
    [
        (29 * HOUR, "24h", None, True),
        (23 * HOUR, "24h", None, False),
        (29 * HOUR, "24h", frozenset({"spin"}), False),
        (29 * HOUR, "0", None, False),
        (599, "10m", None, False),
        (721, "10m", None, True),
    ],
    ids=["due", "early", "kubelet reports", "never", "short and early", "short"],
)
def test_verify_run__is_due_where_the_kubelet_reports_nothing(
    ended: float, interval: str, handlers: frozenset[str] | None, *, is_due: bool
) -> None:
    found = runs(node(handlers=handlers), settled(ended), verify={"interval": interval})
    assert found == ([(Cause.VERIFY, ("spin",))] if is_due else [])


def test_verify_runs__of_nodes_installed_together__are_spread_over_hours() -> None:
    runtimes = {"spin": given.runtime()}
    looks = Reruns(runtimes, given.NOW)
    targets = [target(node(uid=f"n{n}"), settled(0), runtimes) for n in range(200)]
    times = [looks.next_look([item]) for item in targets]
    hours = [(at - given.NOW).total_seconds() / HOUR for at in times if at is not None]
    assert len(hours) == 200
    assert 24 <= min(hours) < 24.3
    assert 28.5 < max(hours) <= 28.8
    assert looks.next_look(targets) == min(at for at in times if at is not None)


def test_verify_interval__of_a_node__is_the_shortest_of_its_runtimes() -> None:
    record = given.wasm_node("n1", SPIN, given.entry("wasmtime"), status=settled(0).status)
    for spin, wasmtime, hours in (("24h", "1h", 1.0), ("0", "2h", 2.0), ("0", "0", None)):
        runtimes = {
            "spin": given.runtime("spin", verify={"interval": spin}),
            "wasmtime": given.runtime("wasmtime", verify={"interval": wasmtime}),
        }
        at = Reruns(runtimes, given.NOW).next_look([target(node(), record, runtimes)])
        if hours is None:
            assert at is None
        else:
            assert at is not None
            assert hours <= (at - given.NOW).total_seconds() / HOUR <= 1.2 * hours


def test_drifted_node__told_to_retry__is_repaired_at_once() -> None:
    drifted = settled(**DRIFTED, next_retry=ago(-3600))
    assert runs(node(annotations={names.RETRY: "now"}), drifted) == [(Cause.DRIFTED, ("spin",))]


@pytest.mark.parametrize(
    ("asks", "annotations", "status", "cause"),
    [
        ("spin,wasmtime", {}, {}, Cause.INSTALL),
        ("wasmtime", {}, {}, Cause.UPDATE),
        ("", {}, {}, Cause.REMOVE),
        ("spin", {names.REINSTALL: "x"}, {}, Cause.REINSTALL),
        ("spin", {names.RETRY: "x"}, FAILED, Cause.RETRY),
    ],
)
def test_cause__of_a_run__is_told(
    asks: str, annotations: dict[str, str], status: dict[str, Any], cause: Cause
) -> None:
    asking = node(asks=asks, annotations=annotations)
    actions = plan(asking, given.runtime("spin"), given.runtime("wasmtime"), settled(**status))
    assert [action.spec.cause for action in only(actions, UpdateWasmNode)] == [cause]
