import pytest

from unit.operator import given
from unit.operator.fleet.cluster import only, plan, wakes
from wasmwright_operator import names
from wasmwright_operator.actions import CreateWasmNode, SetFinalizers, UpdateWasmNode
from wasmwright_operator.api.wasmnode import WasmNodeStatus
from wasmwright_operator.records import NodeRecord, WasmNodeRecord

SPIN = given.entry("spin")


def nodes(count: int) -> list[NodeRecord]:
    return [given.node(f"n{number}", asks="spin") for number in range(count)]


def status(**more: object) -> WasmNodeStatus:
    return WasmNodeStatus.model_validate(
        {
            "concluded_hash": given.HASH,
            "concluded_attempt": 1,
            "installed_hash": given.HASH,
            "runtimes": [{"name": "spin", "handler": "spin", "state": "ready"}],
            **more,
        }
    )


def failed(next_retry: str = "", **more: object) -> WasmNodeStatus:
    error = {"reason": "RolledBack", "message": "m", "exit_code": 31}
    return status(last_error=error, next_retry=next_retry, failures=1, **more)


def updates(*records: object) -> list[UpdateWasmNode]:
    return only(plan(*records), UpdateWasmNode)  # type: ignore[arg-type]


def test_first_run__names_the_node_and_what_it_changes() -> None:
    node = given.node(
        asks="spin", annotations={names.REINSTALL: "r1", names.RETRY: "t1"}, uid="the-uid"
    )

    (action,) = only(plan(node, given.runtime()), CreateWasmNode)

    spec = action.spec
    assert (spec.node_uid, spec.attempt, spec.changes) == ("the-uid", 1, ("spin",))
    assert (spec.reinstall_token, spec.retry_token) == ("r1", "t1")
    assert len(spec.hash) == 64
    assert action.events == ()


def test_run__tests_what_it_changes_and_nothing_else() -> None:
    wish = {"smokeTest": {"image": "shop/test:1", "timeoutSeconds": 9}}
    tested = [given.runtime(name, verify=wish) for name in ("spin", "wasmtime")]
    old = given.wasm_node("n0", SPIN, status=status())
    node = given.node("n0", asks="spin,wasmtime,crun")

    (action,) = updates(node, old, *tested, given.runtime("crun"))

    assert action.spec.changes == ("crun", "wasmtime")
    (test,) = action.spec.smoke_tests
    assert (test.runtime, test.image, test.timeout_seconds) == ("wasmtime", "shop/test:1", 9)


def test_runtime__without_its_finalizer__gets_it_before_any_node_is_claimed() -> None:
    actions = plan(given.node(asks="spin"), given.runtime(finalizers=("foreign",)))

    assert only(actions, CreateWasmNode) == []
    (finalizers,) = only(actions, SetFinalizers)
    assert finalizers.finalizers == ("foreign", names.FINALIZER)


def test_max_parallel__admits_no_more_and_always_the_same_ones() -> None:
    runtime = given.runtime(rollout={"maxParallel": 2, "maxUnavailable": "100%"})
    first = only(plan(*nodes(5), runtime), CreateWasmNode)
    again = only(plan(*reversed(nodes(5)), runtime), CreateWasmNode)

    assert len(first) == 2
    assert [action.name for action in first] == [action.name for action in again]


@pytest.mark.parametrize(
    ("present", "free"),
    [
        (given.wasm_node("n0", SPIN), 1),
        (given.wasm_node("n0", SPIN, status=status()), 2),
        (given.wasm_node("n0", SPIN, status=failed("2026-05-04T13:00:00Z")), 2),
        (given.wasm_node("n0", SPIN, status=status(), attempt=2), 1),
        (given.wasm_node("n0", SPIN, changes=("other",)), 2),
    ],
    ids=["in-flight", "done", "in-backoff", "second-attempt", "changes-another-runtime"],
)
def test_slots__are_counted_from_wasm_nodes(present: WasmNodeRecord, free: int) -> None:
    rollout = {"maxParallel": 2, "maxUnavailable": "100%"}
    actions = plan(*nodes(4), given.runtime(rollout=rollout), present)

    assert len(only(actions, CreateWasmNode)) == free


def test_run__that_changes_two_runtimes__needs_a_slot_of_both() -> None:
    full = given.wasm_node("n0", given.entry("wasmtime"))
    actions = plan(
        given.node("n0", asks="wasmtime"),
        given.node("n1", asks="spin,wasmtime"),
        given.node("n2", asks="spin"),
        given.runtime("spin"),
        given.runtime("wasmtime", rollout={"maxParallel": 1}),
        full,
    )

    assert [action.name for action in only(actions, CreateWasmNode)] == ["n2"]


def test_new_source__is_a_new_run_with_the_next_attempt() -> None:
    changed = given.runtime(source=given.http("amd64"))
    present = given.wasm_node("n1", SPIN, status=status())

    (action,) = updates(given.node(asks="spin"), changed, present)

    assert (action.spec.attempt, action.spec.changes) == (2, ("spin",))
    assert action.spec.hash != given.HASH
    assert action.resource_version == present.resource_version


def test_node_in_flight__is_left_alone_until_its_run_has_ended() -> None:
    changed = given.runtime(source=given.http("amd64"))

    assert updates(given.node(asks="spin"), changed, given.wasm_node("n1", SPIN)) == []


def test_removed_wish__is_a_run_without_the_runtime() -> None:
    (action,) = updates(given.node(), given.runtime(), given.wasm_node("n1", SPIN, status=status()))

    assert (action.spec.runtimes, action.spec.changes, action.spec.attempt) == ((), ("spin",), 2)


def test_runtime__gone_without_its_finalizer__is_removed_from_nodes() -> None:
    (action,) = updates(given.node(), given.wasm_node("n1", SPIN, status=status()))

    assert action.spec.runtimes == ()


@pytest.mark.parametrize(
    ("next_retry", "annotations", "runs"),
    [
        ("2026-05-04T12:00:01Z", {}, False),
        ("2026-05-04T12:00:00Z", {}, True),
        ("2026-05-04T13:00:00Z", {names.RETRY: "x"}, True),
        ("", {}, False),
        ("", {names.RETRY: "x"}, True),
        ("", {names.REINSTALL: "x"}, True),
        ("2026-05-04T12:00:00Z", {names.PAUSED: "true"}, False),
    ],
    ids=["early", "due", "token", "hopeless", "hopeless-token", "reinstall", "paused"],
)
def test_failed_run__is_tried_again(
    next_retry: str, annotations: dict[str, str], *, runs: bool
) -> None:
    found = updates(
        given.node(asks="spin", annotations=annotations),
        given.runtime(),
        given.wasm_node("n1", SPIN, status=failed(next_retry)),
    )

    assert [action.spec.attempt for action in found] == ([2] if runs else [])
    assert all(action.spec.changes == ("spin",) for action in found)


def test_due_retry__without_a_slot__waits() -> None:
    retry = given.wasm_node("n1", SPIN, status=failed("2026-05-04T12:00:00Z"))
    running = given.wasm_node("n0", SPIN)
    runtime = given.runtime(rollout={"maxParallel": 1})

    assert (
        updates(given.node(asks="spin"), given.node("n0", asks="spin"), runtime, retry, running)
        == []
    )


def test_failed_run__with_another_wish__works_on_both() -> None:
    present = given.wasm_node("n1", SPIN, status=failed())
    wasmtime = given.runtime("wasmtime")

    (action,) = updates(given.node(asks="spin,wasmtime"), given.runtime(), wasmtime, present)

    assert action.spec.changes == ("spin", "wasmtime")


@pytest.mark.parametrize(
    ("annotations", "attempts"),
    [
        ({names.REINSTALL: "new"}, [2]),
        ({names.REINSTALL: "old"}, []),
        ({names.RETRY: "new"}, [1]),
    ],
    ids=["new-token", "obeyed-token", "retry-of-a-success-is-only-noted"],
)
def test_token__on_a_node_that_is_done(annotations: dict[str, str], attempts: list[int]) -> None:
    present = given.wasm_node("n1", SPIN, status=status(), reinstall_token="old")

    found = updates(given.node(asks="spin", annotations=annotations), given.runtime(), present)

    assert [action.spec.attempt for action in found] == attempts


def test_next_retry__is_when_the_plan_wants_to_be_made_again() -> None:
    records = [
        given.wasm_node(f"n{minute}", SPIN, status=failed(f"2026-05-04T12:0{minute}:00Z"))
        for minute in (7, 3, 5)
    ]
    asking = [given.node(record.name, asks="spin") for record in records]

    (wake,) = wakes(plan(*asking, given.runtime(), *records))

    assert wake.at.minute == 3


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [("Force", "Force", "Force"), ("Force", "Wait", "Wait"), ("Wait", "Wait", "Wait")],
)
def test_wasm_pods__are_forced_only_if_every_changing_runtime_says_so(
    first: str, second: str, expected: str
) -> None:
    (action,) = only(
        plan(
            given.node(asks="spin,wasmtime"),
            given.runtime("spin", rollout={"disruption": {"wasmPods": first}}),
            given.runtime("wasmtime", rollout={"disruption": {"wasmPods": second}}),
        ),
        CreateWasmNode,
    )

    assert action.spec.wasm_pods == expected


@pytest.mark.parametrize(("first", "second", "expected"), [(3, 7, 3), (0, 7, 7), (0, 0, 0)])
def test_max_attempts__of_a_run__are_the_least_of_its_runtimes(
    first: int, second: int, expected: int
) -> None:
    (action,) = only(
        plan(
            given.node(asks="spin,wasmtime"),
            given.runtime("spin", rollout={"maxAttempts": first}),
            given.runtime("wasmtime", rollout={"maxAttempts": second}),
        ),
        CreateWasmNode,
    )

    assert action.spec.max_attempts == expected


def test_node__under_the_name_of_an_earlier_one__waits_until_its_wasm_node_is_gone() -> None:
    stale = given.wasm_node("n1", SPIN, node_uid="earlier", status=status())

    actions = plan(given.node(asks="spin"), given.runtime(), stale)

    assert [type(action).__name__ for action in actions][:1] == ["DeleteWasmNode"]
    assert only(actions, CreateWasmNode) == []
