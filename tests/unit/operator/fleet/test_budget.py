"""How many nodes may change at a time, and what the others are told."""

from dataclasses import replace

import pytest

from unit.operator import given
from unit.operator.fleet.cluster import Record, only, plan
from wasmwright_operator.actions import CreateWasmNode, UpdateWasmNode, WriteRuntimeStatus
from wasmwright_operator.api.rollout import RolloutPhase, RolloutStatus
from wasmwright_operator.api.wasmnode import WasmNodeStatus
from wasmwright_operator.conditions import find
from wasmwright_operator.fleet import FleetPolicy
from wasmwright_operator.fleet.rollout.revisions import revision_name
from wasmwright_operator.records import NodeRecord, WasmNodeRecord

SPIN = given.entry("spin")
OLD = given.entry("spin", config={"snapshotter": "older"})
ALL = {"maxParallel": 100, "maxUnavailable": "100%"}


def asking(count: int, runtimes: str = "spin", first: int = 0, **more: object) -> list[NodeRecord]:
    return [given.node(f"n{i}", asks=runtimes, **more) for i in range(first, first + count)]


def serving(name: str, *, is_old: bool = False) -> WasmNodeRecord:
    status = WasmNodeStatus.model_validate(
        {
            "concluded_hash": given.HASH,
            "concluded_attempt": 1,
            "installed_hash": given.HASH,
            "runtimes": [{"name": "spin", "handler": "spin", "state": "ready"}],
        }
    )
    return given.wasm_node(name, OLD if is_old else SPIN, status=status)


def begun(*records: Record, policy: FleetPolicy | None = None) -> list[str]:
    actions = plan(*records, policy=policy)
    writes = (*only(actions, CreateWasmNode), *only(actions, UpdateWasmNode))
    return [write.name for write in writes if write.spec.ledger_version]


@pytest.mark.parametrize(
    ("given_amount", "down", "expected"),
    [("10%", 0, 2), ("10%", 1, 1), ("10%", 3, 0), (3, 1, 2), ("100%", 3, 22), ("1%", 0, 1)],
)
def test_max_unavailable__counts_nodes_that_are_down_for_any_reason(
    given_amount: int | str, down: int, expected: int
) -> None:
    runtime = given.runtime(rollout={"maxParallel": 100, "maxUnavailable": given_amount})
    nodes = (*asking(25 - down), *asking(down, first=25 - down, is_ready=False))

    assert len(begun(*nodes, runtime)) == expected


def test_cordoned_nodes__count_and_may_change_without_taking_more() -> None:
    runtime = given.runtime(rollout={"maxParallel": 100, "maxUnavailable": 2})
    cordoned = asking(3, first=10, is_unschedulable=True)

    assert sorted(begun(*asking(5), *cordoned, runtime)) == ["n10", "n11", "n12"]


def test_node_that_is_not_ready__is_never_admitted() -> None:
    assert begun(*asking(2, is_ready=False), given.runtime(rollout=ALL)) == []


def test_nodes_of_another_runtime_that_change__are_missed_by_all_that_they_serve() -> None:
    flying = given.wasm_node("n0", given.entry("wasmtime"), changes=("wasmtime",))
    nodes = asking(3, "spin,wasmtime")
    spin = given.runtime("spin", rollout={"maxParallel": 100, "maxUnavailable": 1})
    wasmtime = given.runtime("wasmtime", rollout=ALL)

    assert begun(*nodes, spin, wasmtime, flying) == []


@pytest.mark.parametrize(("limit", "expected"), [(0, 6), (1, 1), (4, 4)])
def test_limit_of_the_cluster__counts_nodes_of_all_runtimes(limit: int, expected: int) -> None:
    runtimes = (given.runtime("spin", rollout=ALL), given.runtime("wasmtime", rollout=ALL))
    nodes = (*asking(3), *asking(3, "wasmtime", first=3))

    assert len(begun(*nodes, *runtimes, policy=FleetPolicy(max_parallel=limit))) == expected


@pytest.mark.parametrize(("updated", "expected"), [(0, 1), (1, 1), (2, 2), (5, 5)])
def test_ramp__admits_as_many_as_already_have_the_revision(updated: int, expected: int) -> None:
    runtime = given.runtime(rollout={**ALL, "ramp": "Doubling"})
    done = [serving(f"n{i}") for i in range(updated)]
    old = [serving(f"n{i}", is_old=True) for i in range(updated, 20)]

    assert len(begun(*asking(20), runtime, *done, *old)) == expected


def test_ramp__does_not_slow_a_removal() -> None:
    runtime = given.runtime(rollout={**ALL, "ramp": "Doubling"})
    leaving = [serving(f"n{i}") for i in range(5)]

    assert len(begun(*(given.node(item.name) for item in leaving), runtime, *leaving)) == 5


def progress(*records: Record, policy: FleetPolicy | None = None) -> tuple[str, str, str]:
    (write,) = [
        item
        for item in only(plan(*records, policy=policy), WriteRuntimeStatus)
        if item.name == "spin"
    ]
    found = find(write.status.conditions, "Progressing")
    ready = find(write.status.conditions, "Ready")
    assert found is not None
    assert ready is not None
    assert (ready.reason, ready.message) == (found.reason, found.message)
    return found.status, found.reason, found.message


def test_budget_that_others_use_up__is_told_with_counts_and_names() -> None:
    runtime = given.runtime(rollout={"maxUnavailable": 2})
    down = asking(2, first=3, is_ready=False)

    assert progress(*asking(3), *down, runtime) == (
        "False",
        "BudgetExhausted",
        "0/3 ready; 3 wait for maxUnavailable; unavailable now: n3, n4",
    )


def test_canary_without_room__is_told_of_the_limit_and_not_only_of_the_canary() -> None:
    runtime = given.runtime(rollout={"maxUnavailable": 1, "canary": {"count": 1}})
    trying = RolloutStatus(revision=revision_name(runtime), phase=RolloutPhase.CANARY)
    status = runtime.status.model_copy(update={"rollout": trying})
    down = asking(1, first=3, is_ready=False)

    assert progress(*asking(3), *down, replace(runtime, status=status)) == (
        "False",
        "BudgetExhausted",
        "0/3 ready; 1 wait for maxUnavailable; unavailable now: n3",
    )


def test_limit_of_the_cluster__is_told_by_its_name() -> None:
    other = given.wasm_node("n9", given.entry("wasmtime"))
    runtimes = given.runtime("spin"), given.runtime("wasmtime")

    _, reason, message = progress(
        *asking(2),
        given.node("n9", asks="wasmtime"),
        *runtimes,
        other,
        policy=FleetPolicy(max_parallel=1),
    )

    assert reason == "BudgetExhausted"
    assert "2 wait for the cluster's rollout.maxParallel" in message


def test_limit_of_another_runtime__is_told_with_its_name() -> None:
    nodes = asking(2, "spin,wasmtime")
    wasmtime = given.runtime("wasmtime", rollout={"maxUnavailable": 1})
    busy = given.wasm_node("n0", given.entry("wasmtime"), changes=("wasmtime",))

    _, _, message = progress(*nodes, given.runtime("spin", rollout=ALL), wasmtime, busy)

    assert "1 wait for maxUnavailable of wasmtime" in message


def test_rollout_that_moves__is_not_called_exhausted() -> None:
    runtime = given.runtime(rollout={"maxUnavailable": 1})

    assert progress(*asking(3), runtime)[:2] == ("True", "NodesPending")
