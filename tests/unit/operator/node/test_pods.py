import pytest

from unit.operator import given
from wasmwright_operator.api.disruption import DrainSpec
from wasmwright_operator.api.meta import LabelSelector
from wasmwright_operator.node.pods import blocking_pods, departure, objections
from wasmwright_operator.records import NodePod

DATABASE = LabelSelector.model_validate({"matchLabels": {"app": "database"}})
WEB = {"app": "web"}


def drained(pod: NodePod, **drain: object) -> bool:
    record = given.wasm_node(disruption={"mode": "Drain", "drain": drain})
    return departure(record, [pod]).drained == (pod,)


@pytest.mark.parametrize(
    ("pod", "leaves"),
    [
        (given.node_pod(), True),
        (given.node_pod(controller=""), True),
        (given.node_pod(phase="Pending"), True),
        (given.node_pod(deleting=True), True),
        (given.node_pod(controller="Job"), True),
        (given.node_pod(controller="DaemonSet"), False),
        (given.node_pod(controller="Node", is_static=True), False),
        (given.node_pod(phase="Succeeded"), False),
        (given.node_pod(phase="Failed"), False),
        (given.node_pod(is_ours=True), False),
    ],
)
def test_departure__of_a_drained_node__is_that_of_kubectl_drain(
    pod: NodePod, *, leaves: bool
) -> None:
    assert drained(pod) == leaves


def test_departure__with_a_pod_selector__is_of_selected_pods() -> None:
    selector = {"matchLabels": WEB}

    assert drained(given.node_pod(labels=WEB), podSelector=selector)
    assert not drained(given.node_pod(labels={"app": "other"}), podSelector=selector)


def test_departure__without_drain__is_of_the_pods_alone_that_the_last_run_named() -> None:
    status = {"lastError": error(40), "blockingPods": ["shop/web-1", "shop/gone"]}
    named, other = given.node_pod("web-1", controller=""), given.node_pod("web-2")
    record = given.wasm_node(status=given.status(status), disruption={"wasmPods": "Evict"})

    assert departure(record, [named, other]).named == (named,)
    assert departure(record, [other]).pods == ()


@pytest.mark.parametrize(
    ("policy", "code", "reason", "attempt"),
    [
        ("Wait", 40, "RestartWouldOrphanPods", 1),
        ("Force", 40, "RestartWouldOrphanPods", 1),
        ("Evict", None, "BlockingPods", 1),
        ("Evict", 40, "RestartWouldOrphanPods", 0),
    ],
    ids=["wait", "force", "declared-to-block", "no-run-under-way"],
)
def test_departure__of_named_pods__needs_the_policy_the_installers_word_and_a_run(
    policy: str, code: int | None, reason: str, attempt: int
) -> None:
    status = {"lastError": error(code, reason), "blockingPods": ["shop/web-1"]}
    record = given.wasm_node(
        status=given.status(status),
        disruption={"wasmPods": policy},
        attempt=attempt,
        hash="" if attempt == 0 else given.HASH,
    )

    assert departure(record, [given.node_pod()]).pods == ()


def error(code: int | None, reason: str = "RestartWouldOrphanPods") -> dict[str, object]:
    return {"reason": reason, "message": "m", "exitCode": code}


@pytest.mark.parametrize(
    ("pod", "drain", "field"),
    [
        (given.node_pod(), {}, ""),
        (given.node_pod(has_empty_dir=True), {}, "drain.deleteEmptyDirData"),
        (given.node_pod(has_empty_dir=True), {"deleteEmptyDirData": True}, ""),
        (given.node_pod(controller=""), {}, "drain.force"),
        (given.node_pod(controller=""), {"force": True}, ""),
        (given.node_pod(controller="", deleting=True), {}, ""),
    ],
)
def test_objection__names_the_pod_and_the_field_that_would_allow_it(
    pod: NodePod, drain: dict[str, object], field: str
) -> None:
    told = list(objections([pod], DrainSpec.model_validate(drain)))

    assert len(told) == bool(field)
    assert all("shop/web-1" in sentence and field in sentence for sentence in told)


@pytest.mark.parametrize(
    ("pod", "blocks"),
    [
        (given.node_pod(labels={"app": "database"}), True),
        (given.node_pod(labels={"app": "database"}, controller="DaemonSet"), True),
        (given.node_pod(labels={"app": "database"}, deleting=True), True),
        (given.node_pod(labels={"app": "database"}, phase="Succeeded"), False),
        (given.node_pod(labels={"app": "database"}, is_ours=True), False),
        (given.node_pod(labels=WEB), False),
    ],
)
def test_blocking_pods__are_selected_ones_that_run(pod: NodePod, *, blocks: bool) -> None:
    selectors = [LabelSelector.model_validate({"matchLabels": {"app": "queue"}}), DATABASE]

    assert blocking_pods(selectors, [pod]) == ((pod,) if blocks else ())
    assert blocking_pods([], [pod]) == ()
