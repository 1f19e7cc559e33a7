"""Nodes that KWasm or runtime-class-manager provisioned, in the fleet plan."""

from datetime import timedelta

import pytest

from unit.operator import given
from unit.operator.fleet.cluster import Record, plan
from wasmwright_installer.contract import PredecessorName
from wasmwright_operator import names
from wasmwright_operator.actions import Action, CreateWasmNode, UpdateWasmNode, Wake
from wasmwright_operator.api.wasmnode import Cause
from wasmwright_operator.fleet import FleetPolicy
from wasmwright_operator.records import RuntimeClassRecord, ShimOwner, WasmNodeRecord

KWASM, RCM = PredecessorName.KWASM, PredecessorName.RCM
THEIRS = {names.KWASM_PROVISIONED: "n1"}
OF_A_SHIM = RuntimeClassRecord(
    "wasmtime-spin-v2", "rc-uid", "spin-v2", shim=ShimOwner("spin-v2", "shim-uid", 0)
)


def wasm_node_writes(actions: tuple[Action, ...]) -> list[CreateWasmNode | UpdateWasmNode]:
    return [it for it in actions if isinstance(it, CreateWasmNode | UpdateWasmNode)]


def only_write(*records: Record, policy: FleetPolicy | None = None) -> CreateWasmNode:
    (write,) = wasm_node_writes(plan(*records, policy=policy))
    assert isinstance(write, CreateWasmNode)
    return write


def settled(*leftovers: given.Raw, **spec: object) -> WasmNodeRecord:
    """Return the WasmNode of a node that has what it should."""
    entry = given.entry()
    told = {
        "state": "Ready",
        "concludedHash": given.HASH,
        "concludedAttempt": 1,
        "concludedAt": "2026-05-04T11:00:00Z",
        "installedHash": given.HASH,
        "leftovers": list(leftovers),
        "runtimes": [{"name": "spin", "handler": "spin", "state": "ready"}],
    }
    return given.wasm_node("n1", entry, status=given.status(told), **spec)


@pytest.mark.parametrize(
    ("labels", "key"),
    [(THEIRS, names.KWASM_PROVISIONED), ({"spin-v2": "provisioned"}, "spin-v2")],
    ids=["kwasm", "rcm"],
)
def test_node__that_a_predecessor_provisioned__gets_a_note_and_no_run(
    labels: dict[str, str], key: str
) -> None:
    write = only_write(given.node(labels=labels), OF_A_SHIM)

    assert write.spec.predecessor_labels == (key,)
    assert (write.spec.attempt, write.spec.runtimes, write.spec.take_over) == (0, (), ())
    assert write.events == ()
    noted = given.wasm_node("n1", predecessor_labels=(key,), hash="", attempt=0)
    assert wasm_node_writes(plan(given.node(labels=labels), OF_A_SHIM, noted)) == []


def test_node__that_is_skipped__gets_no_note() -> None:
    node = given.node(labels={**THEIRS, names.SKIP: "true"})

    assert wasm_node_writes(plan(node)) == []


def test_note__when_the_label_goes__goes() -> None:
    noted = given.wasm_node("n1", predecessor_labels=("spin-v2",), hash="", attempt=0)

    (write,) = wasm_node_writes(plan(given.node(), OF_A_SHIM, noted))

    assert write.spec.predecessor_labels == ()


@pytest.mark.parametrize(
    ("annotations", "everywhere", "expected"),
    [
        ({}, (), ()),
        ({}, (KWASM,), (KWASM,)),
        ({names.TAKE_OVER: "true"}, (), (KWASM, RCM)),
        ({names.TAKE_OVER: "false"}, (KWASM, RCM), ()),
    ],
)
def test_run__says_whose_leftovers_it_may_take_over(
    annotations: dict[str, str],
    everywhere: tuple[PredecessorName, ...],
    expected: tuple[PredecessorName, ...],
) -> None:
    node = given.node(asks="spin", annotations=annotations, labels=THEIRS)

    write = only_write(node, given.runtime(), policy=FleetPolicy(take_over=everywhere))

    assert write.spec.take_over == expected
    assert write.spec.predecessor_labels == (names.KWASM_PROVISIONED,)


LEFT = {"predecessor": "kwasm", "handlers": ["crun"]}
PERMITTED = {names.TAKE_OVER: "true"}


@pytest.mark.parametrize(
    ("record", "annotations", "expected"),
    [
        (settled(), PERMITTED, []),
        (settled(LEFT), {}, []),
        (settled(LEFT), PERMITTED, [Cause.TAKE_OVER]),
        (settled(LEFT, take_over=(KWASM, RCM)), PERMITTED, []),
    ],
    ids=["nothing-is-left", "not-permitted", "permitted", "was-permitted-in-the-last-run"],
)
def test_settled_node__when_permission_comes__gets_one_run_if_there_is_anything_to_take_over(
    record: WasmNodeRecord, annotations: dict[str, str], expected: list[Cause]
) -> None:
    node = given.node(asks="spin", annotations=annotations, handlers=frozenset({"spin"}))

    writes = wasm_node_writes(plan(node, given.runtime(), record))

    assert [it.spec.cause for it in writes] == expected
    assert [it.spec.take_over for it in writes] == [(KWASM, RCM) for _ in expected]


def test_failed_node__in_whose_way_a_predecessor_stood__is_tried_again_when_permission_comes() -> (
    None
):
    failed = given.wasm_node(
        "n1",
        given.entry(),
        status=given.status(
            {
                "state": "Adoptable",
                "concludedHash": given.HASH,
                "concludedAttempt": 1,
                "concludedAt": "2026-05-04T11:00:00Z",
                "failures": 1,
                "lastError": {"reason": "Adoptable", "message": "m", "exitCode": 11},
            }
        ),
    )
    without, permitted = (
        wasm_node_writes(plan(given.node(asks="spin", annotations=said), given.runtime(), failed))
        for said in ({}, PERMITTED)
    )

    assert without == []
    assert [(it.spec.attempt, it.spec.cause) for it in permitted] == [(2, Cause.TAKE_OVER)]


def test_node__with_files_in_use__is_looked_at_again_after_the_interval() -> None:
    record = settled({"predecessor": "kwasm"}, take_over=(KWASM,))
    node = given.node(asks="spin", handlers=frozenset({"spin"}))
    runtime = given.runtime(verify={"interval": "2h"})

    actions = plan(node, runtime, record)

    assert wasm_node_writes(actions) == []
    (wake,) = [it for it in actions if isinstance(it, Wake)]
    assert timedelta(hours=1) <= wake.at - given.NOW <= timedelta(hours=1.5)
    assert [it for it in plan(node, runtime, settled()) if isinstance(it, Wake)] == []
