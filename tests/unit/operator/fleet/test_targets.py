"""What a node gets, read off the WasmNode that a plan creates for it."""

import pytest

from unit.operator import given
from unit.operator.fleet.cluster import only, plan
from wasmwright_operator import names
from wasmwright_operator.actions import CreateWasmNode, UpdateWasmNode
from wasmwright_operator.api.wasmnode import WasmNodeStatus
from wasmwright_operator.fleet import DeclareAhead, FleetPolicy
from wasmwright_operator.records import NodeRecord, RuntimeRecord, Taint

KWASM = FleetPolicy(kwasm_runtimes=("spin", "wasmtime"))
SPIN, WASMTIME = given.runtime("spin"), given.runtime("wasmtime")
TAINT = Taint("dedicated", "NoSchedule", "gpu")


def created(*records: object, policy: FleetPolicy | None = None) -> CreateWasmNode | None:
    found = only(plan(*records, policy=policy), CreateWasmNode)  # type: ignore[arg-type]
    assert len(found) <= 1
    return found[0] if found else None


def given_names(action: CreateWasmNode | None) -> list[str]:
    return [entry.name for entry in action.spec.runtimes] if action else []


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (given.node(), []),
        (given.node(asks="spin"), ["spin"]),
        (given.node(asks=" wasmtime , spin,,spin "), ["spin", "wasmtime"]),
        (given.node(labels={names.RUNTIMES: "spin"}), []),
        (given.node(annotations={names.KWASM_NODE: "true"}), ["spin", "wasmtime"]),
        (given.node(labels={names.KWASM_NODE: "true"}), ["spin", "wasmtime"]),
        (
            given.node(labels={names.KWASM_NODE: "false"}, annotations={names.KWASM_NODE: "true"}),
            [],
        ),
        (given.node(asks="spin", annotations={names.KWASM_NODE: "false"}), ["spin"]),
        (given.node(asks="spin", annotations={names.SKIP: "true"}), []),
        (given.node(asks="spin", labels={names.SKIP: "true"}), []),
        (given.node(asks="spin", annotations={names.PAUSED: "true"}), []),
    ],
    ids=[
        "no-wish",
        "annotation",
        "list-with-spaces",
        "label-cannot-hold-a-list",
        "kwasm-annotation",
        "kwasm-label",
        "kwasm-label-wins",
        "kwasm-false-keeps-own-wishes",
        "skip",
        "skip-label",
        "paused",
    ],
)
def test_node__that_asks__gets(node: NodeRecord, expected: list[str]) -> None:
    assert given_names(created(node, SPIN, WASMTIME, policy=KWASM)) == expected


@pytest.mark.parametrize(
    ("node", "placement", "is_placed"),
    [
        (given.node(), {"nodeSelector": {}}, True),
        (given.node(), {}, False),
        (given.node(labels={"pool": "a"}), {"nodeSelector": {"matchLabels": {"pool": "a"}}}, True),
        (given.node(), {"nodeSelector": {"matchLabels": {"pool": "a"}}}, False),
        (given.node(annotations={names.KWASM_NODE: "false"}), {"nodeSelector": {}}, False),
        (given.node(taints=(TAINT,)), {"nodeSelector": {}}, False),
        (
            given.node(taints=(TAINT,)),
            {"nodeSelector": {}, "tolerations": [{"operator": "Exists"}]},
            True,
        ),
        (given.node(os="windows"), {"nodeSelector": {}}, False),
        (given.node(), {"nodeSelector": {}, "requestable": False}, True),
    ],
    ids=[
        "everywhere",
        "only-on-request",
        "selected",
        "not-selected",
        "opted-out",
        "tainted",
        "tolerated",
        "windows",
        "not-requestable-but-placed",
    ],
)
def test_placement(node: NodeRecord, placement: dict[str, object], *, is_placed: bool) -> None:
    action = created(node, given.runtime(placement=placement))

    assert given_names(action) == (["spin"] if is_placed else [])
    assert action is None or not action.spec.refused, "nobody asked, so nobody is told"


@pytest.mark.parametrize(
    ("node", "runtime", "reason", "hint"),
    [
        (given.node(asks="nonesuch"), SPIN, "UnknownRuntime", "wasmwright.dev/runtimes"),
        (
            given.node(asks="spin"),
            given.runtime(placement={"requestable": False}),
            "NotRequestable",
            "spec.placement.requestable",
        ),
        (
            given.node(asks="spin", arch="riscv64"),
            given.runtime(source=given.http("amd64", "arm64")),
            "UnsupportedArchitecture",
            "riscv64",
        ),
        (given.node(asks="spin", os="windows"), SPIN, "UnsupportedOS", "windows"),
        (given.node(asks="spin", taints=(TAINT,)), SPIN, "TaintNotTolerated", "dedicated:"),
        (given.node(asks="spin"), given.runtime(deleting=True), "BeingDeleted", "spin"),
        (
            given.node(asks="spin"),
            given.runtime(config={"options": {"A": [1]}}),
            "NotAccepted",
            "spec.config.options.A",
        ),
    ],
    ids=["unknown", "not-requestable", "arch", "os", "taint", "deleting", "invalid"],
)
def test_wish__that_cannot_be_granted__is_refused_with_a_reason(
    node: NodeRecord, runtime: RuntimeRecord, reason: str, hint: str
) -> None:
    action = created(node, runtime)

    assert action is not None
    assert action.spec.attempt == 0, "there is nothing to do on the node"
    assert [item.reason for item in action.spec.refused] == [reason]
    assert hint in action.spec.refused[0].message
    assert [event.reason for event in action.events] == [reason]


def test_wish__refused__does_not_hold_up_the_others() -> None:
    action = created(given.node(asks="spin,nonesuch"), SPIN)

    assert action is not None
    assert given_names(action) == ["spin"]
    assert [item.name for item in action.spec.refused] == ["nonesuch"]
    assert action.presumed_absent == ("nonesuch",)


def settled(*runtimes: str, **spec: object) -> WasmNodeStatus:
    return WasmNodeStatus.model_validate(
        {
            "installed_hash": given.HASH,
            "concluded_hash": given.HASH,
            "concluded_attempt": 1,
            "runtimes": [{"name": n, "handler": n, "state": "ready"} for n in runtimes],
            **spec,
        }
    )


@pytest.mark.parametrize(
    "runtime",
    [
        given.runtime(version="2"),
        given.runtime(rollout={"paused": True}, config={"snapshotter": "x"}),
        given.runtime(source=given.http("arm64")),
        given.runtime(config={"options": {"A": [1]}}),
    ],
    ids=["version-string", "paused", "artifact-withdrawn", "spec-broken"],
)
def test_node__with_the_runtime__keeps_it(runtime: RuntimeRecord) -> None:
    node = given.node(asks="spin", taints=(TAINT,))
    present = given.wasm_node("n1", given.entry(), status=settled("spin"))

    changed = only(plan(node, runtime, present), UpdateWasmNode)

    assert all(action.spec.runtimes == (given.entry(),) for action in changed)
    assert all(action.spec.attempt == 1 for action in changed), "no run"


def test_runtime__that_lost_a_conflict_later__stays_where_it_is_and_goes_nowhere_else() -> None:
    older = given.runtime(
        "older", runtimeClasses=[{"name": "spin"}], created="2025-01-01T00:00:00Z"
    )
    present = given.wasm_node("n1", given.entry(), status=settled("spin"))
    nodes = given.node("n1", asks="spin"), given.node("n2", asks="spin")

    actions = plan(*nodes, older, SPIN, present)

    assert only(actions, UpdateWasmNode) == []
    assert [item.reason for item in only(actions, CreateWasmNode)[0].spec.refused] == [
        "NotAccepted"
    ]


@pytest.mark.parametrize(
    ("policy", "declared"),
    [(DeclareAhead.KNOWN, ["spin", "wasmtime"]), (DeclareAhead.NONE, [])],
)
def test_declared__known_handlers__are_written_ahead(
    policy: DeclareAhead, declared: list[str]
) -> None:
    action = created(
        given.node(asks="spin"),
        SPIN,
        WASMTIME,
        given.runtime("going", deleting=True),
        given.runtime("arm", source=given.http("arm64")),
        given.runtime("spin2", handler="spin", created="2026-03-01T00:00:00Z"),
        policy=FleetPolicy(declare_ahead=policy),
    )

    assert action is not None
    assert [item.handler for item in action.spec.declared] == declared


def test_declared__for_a_node_that_is_given_back__is_empty() -> None:
    present = given.wasm_node("n1", given.entry(), status=settled("spin"))

    (action,) = only(plan(given.node(), SPIN, WASMTIME, present), UpdateWasmNode)

    assert (action.spec.runtimes, action.spec.declared) == ((), ())


def test_deleted_runtime__end__is_told_once_and_not_on_its_nodes() -> None:
    node = given.node(asks="spin")
    present = given.wasm_node("n1", given.entry(), status=settled("spin"))

    (action,) = only(plan(node, given.runtime(deleting=True), present), UpdateWasmNode)

    assert [item.reason for item in action.spec.refused] == ["BeingDeleted"]
    assert action.events == ()
