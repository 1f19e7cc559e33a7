from dataclasses import replace

import pytest

from unit.operator import given
from wasmwright_operator import names
from wasmwright_operator.actions import (
    ApplyRuntimeClass,
    DeleteRuntimeClass,
    DisownRuntimeClass,
    ReleaseRuntimeClass,
)
from wasmwright_operator.fleet.classes import ClassPlan, needed_nodes, plan_classes, plan_end
from wasmwright_operator.records import (
    RuntimeClassRecord,
    RuntimeRecord,
    ShimOwner,
    parse_runtime_class,
)

READY = {names.runtime_label("spin"): "ready"}
FOREIGN = RuntimeClassRecord("spin", "uid", "spin")


def planned(
    runtime: RuntimeRecord,
    *existing: RuntimeClassRecord,
    are_enough_ready: bool = True,
    takes_shims_over: bool = False,
) -> ClassPlan:
    by_name = {item.name: item for item in existing}
    return plan_classes(
        runtime, by_name, are_enough_ready=are_enough_ready, takes_shims_over=takes_shims_over
    )


def written(runtime: RuntimeRecord, *existing: RuntimeClassRecord) -> RuntimeClassRecord:
    """Return the record of the class as it is after it was applied."""
    (action,) = planned(runtime, *existing).actions
    assert isinstance(action, ApplyRuntimeClass)
    raw = {**action.manifest, "metadata": {**action.manifest["metadata"], "uid": "class-uid"}}
    return parse_runtime_class(raw)


@pytest.mark.parametrize(
    ("given_value", "targeted", "needed"),
    [(1, 0, 1), (0, 9, 0), (3, 9, 3), ("50%", 9, 5), ("1%", 9, 1), ("100%", 9, 9), ("50%", 0, 1)],
)
def test_needed_nodes(given_value: int | str, targeted: int, needed: int) -> None:
    assert needed_nodes(given.runtime(minReadyNodes=given_value), targeted) == needed


def test_class__before_enough_nodes_are_ready__waits() -> None:
    plan = planned(given.runtime(), are_enough_ready=False)

    assert (plan.actions, plan.waiting, plan.present) == ((), ("spin",), ())


def test_class__says_what_the_runtime_says_and_selects_the_ready_label() -> None:
    spec = {
        "name": "fast",
        "nodeSelector": {"pool": "a", names.runtime_label("spin"): "removing"},
        "tolerations": [{"key": "wasm"}],
        "overhead": {"podFixed": {"memory": "32Mi", "cpu": 1}},
    }
    (action,) = planned(given.runtime(handler="h", runtimeClasses=[spec])).actions

    assert isinstance(action, ApplyRuntimeClass)
    manifest = dict(action.manifest)
    assert manifest["metadata"]["labels"] == {
        names.MANAGED_BY: "wasmwright",
        names.RUNTIME: "spin",
    }
    assert manifest["handler"] == "h"
    assert manifest["scheduling"] == {
        "nodeSelector": {"pool": "a", **READY},
        "tolerations": [{"key": "wasm", "operator": "Equal"}],
    }
    assert manifest["overhead"] == {"podFixed": {"memory": "32Mi", "cpu": "1"}}


def test_class__as_we_wrote_it__is_left_alone_even_if_nodes_are_lost() -> None:
    runtime = given.runtime()
    found = written(runtime)

    plan = planned(runtime, found, are_enough_ready=False)

    assert (plan.actions, plan.present, plan.waiting) == ((), ("spin",), ())


@pytest.mark.parametrize("drift", [{"spec_hash": "old"}, {"node_selector": {}}])
def test_class__that_says_something_else__is_put_right(drift: dict[str, object]) -> None:
    runtime = given.runtime()

    (action,) = planned(runtime, replace(written(runtime), **drift)).actions

    assert isinstance(action, ApplyRuntimeClass)


def test_class__dropped_from_the_spec__goes() -> None:
    found = written(given.runtime(runtimeClasses=[{"name": "a"}]))

    actions = planned(given.runtime(runtimeClasses=[]), found).actions

    assert actions == (DeleteRuntimeClass("a", "class-uid"),)


@pytest.mark.parametrize(
    ("policy", "found", "conflict", "acts"),
    [
        ("Fail", FOREIGN, "is not ours", False),
        ("Adopt", FOREIGN, "", True),
        ("Adopt", replace(FOREIGN, handler="other"), "handler 'other'", False),
        ("Fail", replace(FOREIGN, handler="other"), "handler 'other'", False),
        ("Ignore", replace(FOREIGN, handler="other"), "", False),
        ("Adopt", replace(FOREIGN, runtime="another"), "WasmRuntime 'another'", False),
    ],
    ids=["fail", "adopt", "adopt-other-handler", "fail-other-handler", "ignore", "of-another"],
)
def test_class__that_was_there_before__is_treated_by_policy(
    policy: str, found: RuntimeClassRecord, conflict: str, *, acts: bool
) -> None:
    spec = {"name": "spin", "conflictPolicy": policy}
    plan = planned(given.runtime(runtimeClasses=[spec]), found)

    assert bool(plan.actions) == acts
    assert bool(plan.conflicts) == bool(conflict)
    assert conflict in "".join(plan.conflicts)
    assert plan.present == (("spin",) if policy == "Ignore" else ())


def test_adopted_class__is_remembered_as_such_and_given_back_at_the_end() -> None:
    runtime = given.runtime(runtimeClasses=[{"name": "spin", "conflictPolicy": "Adopt"}])
    adopted = written(runtime, FOREIGN)

    assert adopted.adopted
    assert planned(runtime, adopted).actions == ()
    assert plan_end("spin", [adopted]) == (ReleaseRuntimeClass("spin", "spin"),)


def test_end__of_a_runtime__takes_its_classes_and_no_others() -> None:
    mine = written(given.runtime())
    others = (FOREIGN, replace(mine, name="b", runtime="b"), replace(mine, name="c", deleting=True))

    assert plan_end("spin", [mine, *others]) == (DeleteRuntimeClass("spin", "class-uid"),)


TESTED = given.runtime(verify={"smokeTest": {}})
TRIALS = names.smoke_test_class("spin")


def trial_class(**more: object) -> RuntimeClassRecord:
    (action,) = [it for it in planned(TESTED, are_enough_ready=False).actions if it.name == TRIALS]
    assert isinstance(action, ApplyRuntimeClass)
    raw = {**action.manifest, "metadata": {**action.manifest["metadata"], "uid": "class-uid"}}
    return replace(parse_runtime_class(raw), **more)  # type: ignore[arg-type]


def test_class_of_smoke_tests__is_there_before_any_node_is_ready__and_selects_none() -> None:
    plan = planned(TESTED, are_enough_ready=False)

    (action,) = plan.actions
    assert isinstance(action, ApplyRuntimeClass)
    assert (action.name, action.manifest["handler"]) == (TRIALS, "spin")
    assert action.manifest["scheduling"] == {"nodeSelector": {}}
    assert (plan.present, plan.waiting) == ((), ("spin",))


@pytest.mark.parametrize(
    ("found", "runtime", "is_changing", "expected"),
    [
        (trial_class(), TESTED, False, []),
        (trial_class(node_selector={"a": "b"}), TESTED, False, [ApplyRuntimeClass]),
        (trial_class(handler="other"), TESTED, False, [DeleteRuntimeClass]),
        (trial_class(deleting=True), TESTED, False, []),
        (trial_class(), given.runtime(), True, []),
        (trial_class(), given.runtime(), False, [DeleteRuntimeClass]),
        (trial_class(runtime=""), given.runtime(), False, []),
        (trial_class(runtime=""), TESTED, False, []),
    ],
    ids=["as-it-is", "edited", "handler", "going", "run", "unasked", "theirs-unasked", "theirs"],
)
def test_class_of_smoke_tests__is_kept_as_long_as_it_is_needed(
    found: RuntimeClassRecord, runtime: RuntimeRecord, expected: list[type], *, is_changing: bool
) -> None:
    plan = plan_classes(runtime, {TRIALS: found}, are_enough_ready=False, is_changing=is_changing)

    assert [type(action) for action in plan.actions] == expected


def test_class_of_smoke_tests__of_somebody_else__is_told() -> None:
    (told,) = planned(TESTED, trial_class(runtime="")).conflicts

    assert TRIALS in told
    assert planned(given.runtime(), trial_class(runtime="")).conflicts == ()


OF_A_SHIM = {
    "metadata": {
        "name": "spin",
        "uid": "uid",
        "labels": {"spin": "true"},
        "ownerReferences": [
            {"apiVersion": "v1", "kind": "ConfigMap", "name": "else", "uid": "else-uid"},
            {
                "apiVersion": "runtime.spinkube.dev/v1alpha1",
                "kind": "Shim",
                "name": "spin-shim",
                "uid": "shim-uid",
            },
        ],
    },
    "handler": "spin",
    "scheduling": {"nodeSelector": {"spin": "true"}},
}


def test_class__of_a_shim__is_a_conflict_that_says_how_to_have_it() -> None:
    (conflict,) = planned(given.runtime(), parse_runtime_class(OF_A_SHIM)).conflicts

    assert "Shim 'spin-shim' of runtime-class-manager" in conflict
    assert "compat.rcm.takeOver" in conflict


@pytest.mark.parametrize("policy", ["Adopt", "Fail"])
def test_class__of_a_shim_that_is_taken_over__becomes_ours_for_good(policy: str) -> None:
    runtime = given.runtime(runtimeClasses=[{"name": "spin", "conflictPolicy": policy}])
    found = parse_runtime_class(OF_A_SHIM)
    permission = policy == "Fail"

    waiting = planned(runtime, found, takes_shims_over=permission, are_enough_ready=False)
    assert (waiting.actions, waiting.waiting) == ((), ("spin",))

    (action,) = planned(runtime, found, takes_shims_over=permission).actions
    assert isinstance(action, ApplyRuntimeClass)
    assert names.ADOPTED not in action.manifest["metadata"]["annotations"]

    metadata = {**OF_A_SHIM["metadata"]}
    metadata["labels"] = {**metadata["labels"], **action.manifest["metadata"]["labels"]}
    metadata["annotations"] = action.manifest["metadata"]["annotations"]
    ours = parse_runtime_class({**action.manifest, "metadata": metadata})
    (action,) = planned(runtime, ours).actions
    assert action == DisownRuntimeClass(
        "spin", "uid", ShimOwner("spin-shim", "shim-uid", 1), has_shim_label=True
    )

    done = replace(ours, shim=None, has_shim_label=False)
    assert planned(runtime, done).actions == ()
    assert plan_end("spin", [done]) == (DeleteRuntimeClass(name="spin", uid="uid"),)


def test_class__of_a_shim__with_ignore__is_left_alone() -> None:
    runtime = given.runtime(runtimeClasses=[{"name": "spin", "conflictPolicy": "Ignore"}])

    plan = planned(runtime, parse_runtime_class(OF_A_SHIM), takes_shims_over=True)

    assert (plan.actions, plan.present) == ((), ("spin",))
