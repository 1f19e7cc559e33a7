"""Nodes that are alike are judged together, and nothing comes out differently."""

import weakref
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given as holds_for
from hypothesis import strategies as st

from unit.operator import given
from unit.operator.fleet.cluster import Record, begun, snapshot
from wasmwright_operator import names
from wasmwright_operator.api.wasmnode import WasmNodeStatus
from wasmwright_operator.conditions import rfc3339
from wasmwright_operator.fleet import FleetPolicy, Memo, plan_fleet
from wasmwright_operator.fleet.acceptance import judge_runtimes
from wasmwright_operator.fleet.goals import Goals
from wasmwright_operator.fleet.kinds import Kinds
from wasmwright_operator.fleet.rendering import Renderer
from wasmwright_operator.fleet.roster import Roster
from wasmwright_operator.fleet.targets import Kind, Place, Target
from wasmwright_operator.records import LedgerRecord, Slot, Taint, WasmNodeRecord

ENTRIES = (given.entry("spin"), given.entry("wasmtime", config={"snapshotter": "before"}))
NEWS = {names.REINSTALL: "now"}, {names.RETRY: "now"}, {names.PAUSED: "true"}
NODES: tuple[dict[str, Any], ...] = (
    *({"asks": "spin,wasmtime", "handlers": frozenset({"spin"})},) * 4,
    {"asks": "spin"},
    {"asks": "spin,nonesuch"},
    {"asks": ""},
    {"asks": "spin", "arch": "arm64"},
    {"asks": "spin", "is_ready": False, "ready_changed": "2026-05-04T11:00:00Z"},
    {"asks": "spin", "is_unschedulable": True},
    {"asks": "spin,wasmtime", "taints": (Taint("dedicated", "NoSchedule", "gpu"),)},
    {"asks": "spin,wasmtime", "container_runtime": "containerd://2.1.1"},
    {"asks": "spin,wasmtime", "labels": {names.KWASM_PROVISIONED: "n"}},
    {"labels": {names.KWASM_PROVISIONED: "n"}},
    {"asks": "spin,wasmtime", "annotations": {names.TAKE_OVER: "true"}},
    *({"asks": "spin,wasmtime", "annotations": it} for it in NEWS),
)
DONE = {"concluded_hash": given.HASH, "concluded_attempt": 1, "installed_hash": given.HASH}
ENDED = {**DONE, "concluded_at": rfc3339(given.NOW - timedelta(minutes=7))}
READY = {"runtimes": [{"name": it.name, "handler": it.name, "state": "ready"} for it in ENTRIES]}
ERROR = {"last_error": {"reason": "RolledBack", "message": "m", "exit_code": 31}}
DUE = {"failures": 1, "next_retry": rfc3339(given.NOW - timedelta(seconds=1))}
RECORDS: tuple[dict[str, Any] | None, ...] = (
    None,
    *({"status": {**ENDED, **READY}},) * 4,
    {"status": {}},
    {"status": {**ENDED, **ERROR, **DUE}},
    {"status": {**ENDED, **READY}, "node_uid": "of-an-earlier-node"},
    {"status": {**ENDED, **READY}, "deleting": True},
    {"status": {**ENDED, **READY}, "min_ready_seconds": 3600},
    {"status": {**ENDED, **READY}, "runtimes": ENTRIES[:1]},
    {"status": {**ENDED, **READY}, "predecessor_labels": ("spin",)},
    {"status": {**ENDED, **READY, "leftovers": ({"predecessor": "kwasm", "handlers": ("a",)},)}},
)
CANARY = {"count": 2, "soak": "5m"}
ROLLOUTS: tuple[dict[str, Any], ...] = (
    {"maxParallel": 2, "maxUnavailable": "100%"},
    {"maxParallel": 9, "maxUnavailable": "30%"},
    {"maxParallel": 9, "maxUnavailable": "100%", "canary": CANARY},
    {"paused": True},
)
fleets = st.lists(
    st.tuples(st.sampled_from(NODES), st.sampled_from(RECORDS), st.booleans()), max_size=12
)
rollouts = st.tuples(st.sampled_from(ROLLOUTS), st.sampled_from(ROLLOUTS))


class Apart(Kinds):
    """Every node is judged by itself."""

    def of(self, goal: Target, places: Iterable[Place]) -> Kind | None:
        del goal, places
        return None


def wasm_node(name: str, *, status: dict[str, Any], **more: Any) -> WasmNodeRecord:
    """Return a record that shares its entries with others, as the parser's do."""
    given_to = more.pop("runtimes", ENTRIES)
    deleting = more.pop("deleting", False)
    found = WasmNodeStatus.model_validate(status)
    record = given.wasm_node(name, *given_to, status=found, deleting=deleting, **more)
    return replace(record, spec=record.spec.model_copy(update={"runtimes": given_to}))


def records(fleet: Iterable[tuple[dict[str, Any], Any, bool]]) -> Iterator[Record]:
    for number, (node, record, _) in enumerate(fleet):
        yield given.node(f"n{number}", **node)
        if record is not None:
            yield wasm_node(f"n{number}", **record)


def ledger(fleet: Iterable[tuple[dict[str, Any], Any, bool]]) -> LedgerRecord:
    """Return the slots of runs that were admitted and are not known to have begun."""
    reserved = [f"n{number}" for number, (*_, is_held) in enumerate(fleet) if is_held]
    since = rfc3339(given.NOW)
    slots = {name: Slot(f"{name}-uid", 90, 9, ("spin",), since) for name in reserved}
    return LedgerRecord(resource_version="95", slots=slots)


@holds_for(fleets, rollouts, st.sampled_from((0, 3)))
def test_plan__of_any_fleet__is_the_same_as_if_every_node_were_judged_by_itself(
    fleet: list[tuple[dict[str, Any], Any, bool]],
    rollout: tuple[dict[str, Any], dict[str, Any]],
    at_once: int,
) -> None:
    spin = given.runtime("spin", rollout=rollout[0])
    wasmtime = given.runtime("wasmtime", rollout=rollout[1], placement={"nodeSelector": {}})
    seen = snapshot(
        *begun(spin, wasmtime, *records(fleet)),
        policy=FleetPolicy(max_parallel=at_once),
        ledger=ledger(fleet),
    )
    apart = Memo()
    apart.kinds = Apart()

    together = plan_fleet(seen, given.NOW, Memo())

    assert sorted(map(repr, together)) == sorted(map(repr, plan_fleet(seen, given.NOW, apart)))


def roster(*found: Record) -> Roster:
    often = {"interval": "10m"}
    runtimes = (given.runtime("spin", verify=often), given.runtime("wasmtime", verify=often))
    seen = snapshot(*runtimes, *found)
    judged = judge_runtimes(seen.runtimes.values())
    targets = Goals(seen, judged, Renderer(), given.NOW).targets(Memo())
    return Roster(targets, given.NOW)


def sizes(found: Roster, *named: str) -> list[int]:
    return sorted(len(group) for group in found.groups(named))


ALIKE = tuple(given.node(f"n{number}", asks="spin,wasmtime") for number in range(5))


def test_groups__of_nodes_that_nothing_sets_apart__are_one() -> None:
    assert sizes(roster(*ALIKE)) == [5]


def test_groups__nodes_with_a_name__stand_alone_and_everybody_is_in_one_group() -> None:
    found = roster(*ALIKE)

    assert sizes(found, "n1", "n3", "gone") == [1, 1, 3]
    names_of = [target.node.name for group in found.groups(["n1"]) for target in group]
    assert sorted(names_of) == [node.name for node in ALIKE]


@pytest.mark.parametrize("node", [*NODES[4:14], NODES[-1]], ids=str)
def test_groups__of_a_node_that_is_different__do_not_hold_it_with_the_others(
    node: dict[str, Any],
) -> None:
    assert sizes(roster(*ALIKE, given.node("other", **node))) == [1, 5]


def test_groups__a_node_that_is_to_be_looked_at__stands_alone_from_then_on() -> None:
    served = [given.node(f"n{number}", asks="spin,wasmtime") for number in range(3)]
    ended = (7, 8, 60)
    found = roster(*served, *(_ended(f"n{i}", minutes) for i, minutes in enumerate(ended)))

    assert [target.node.name for target in found.alone] == ["n2"]
    assert found.next_look is not None
    assert given.NOW < found.next_look < given.NOW + timedelta(minutes=5)


def _ended(name: str, minutes: int) -> WasmNodeRecord:
    at = rfc3339(given.NOW - timedelta(minutes=minutes))
    return wasm_node(name, status={**DONE, **READY, "concluded_at": at})


def test_kind__that_no_node_has__is_forgotten() -> None:
    kinds, target = Kinds(), Target(given.node(), None)
    kind = kinds.of(target, ())
    assert kind is not None
    assert kinds.of(target, ()) is kind

    found = weakref.ref(kind)
    del kind

    assert found() is None
