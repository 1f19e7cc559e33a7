import pytest

from unit.operator import given
from wasmwright_operator import names
from wasmwright_operator.api.wasmnode import Refusal, WasmNodeStatus
from wasmwright_operator.node.labels import label_changes
from wasmwright_operator.records import WasmNodeRecord

SPIN = names.runtime_label("spin")
REFUSED = (Refusal(name="x", reason="UnknownRuntime", message="m"),)
ERROR = {"reason": "RolledBack", "message": "m", "exit_code": 31}


def status(left: str = "ready", **more: object) -> WasmNodeStatus:
    return WasmNodeStatus.model_validate(
        {
            "concluded_hash": given.HASH,
            "concluded_attempt": 1,
            "installed_hash": given.HASH,
            "runtimes": [{"name": "spin", "handler": "spin", "state": left}],
            **more,
        }
    )


def record(told: WasmNodeStatus | None = None, **spec: object) -> WasmNodeRecord:
    return given.wasm_node("n1", given.entry(), status=told, **spec)


READY_AND_PROVISIONED = {SPIN: "ready", names.PROVISIONED: "true"}


@pytest.mark.parametrize(
    ("present", "wasm_node", "after"),
    [
        ({}, record(), {}),
        ({SPIN: "ready"}, record(), {}),
        ({SPIN: "failed"}, record(), {SPIN: "failed"}),
        ({}, record(status()), READY_AND_PROVISIONED),
        ({SPIN: "failed"}, record(status()), READY_AND_PROVISIONED),
        ({}, record(status("failed", last_error=ERROR)), {SPIN: "failed"}),
        ({}, record(status("failed", last_error=ERROR, state="Blocked")), {SPIN: "pending"}),
        (READY_AND_PROVISIONED, record(status(last_error=ERROR)), {SPIN: "ready"}),
        (
            READY_AND_PROVISIONED,
            record(status(installed_hash="older"), attempt=2),
            {SPIN: "ready"},
        ),
        (READY_AND_PROVISIONED, record(status(), attempt=2), READY_AND_PROVISIONED),
        ({}, record(status(), refused=REFUSED), {SPIN: "ready"}),
        (
            READY_AND_PROVISIONED,
            given.wasm_node("n1", status=status(), attempt=2, changes=("spin",)),
            {SPIN: "removing"},
        ),
        (
            {SPIN: "failed"},
            given.wasm_node("n1", status=status("failed"), attempt=2, changes=("spin",)),
            {SPIN: "removing"},
        ),
        (READY_AND_PROVISIONED, None, {}),
    ],
    ids=[
        "first-run-under-way",
        "ready-written-by-somebody",
        "retry-under-way",
        "ready",
        "healed",
        "failed",
        "blocked",
        "upgrade-failed-keeps-the-old",
        "upgrade-under-way",
        "reinstall-under-way",
        "a-wish-is-refused",
        "being-removed",
        "failed-being-removed",
        "without-wasm-node",
    ],
)
def test_labels(
    present: dict[str, str], wasm_node: WasmNodeRecord | None, after: dict[str, str]
) -> None:
    foreign = {"kubernetes.io/os": "linux", names.SKIP: "false"}
    node = given.node(labels={**foreign, **present})

    labels: dict[str, str | None] = {**present, **label_changes(node, wasm_node)}

    assert {key: value for key, value in labels.items() if value is not None} == after


def test_labels__clobbered_by_a_kubelet_that_registered_anew__are_written_again() -> None:
    old = {**READY_AND_PROVISIONED, names.runtime_label("spin"): "pending"}
    assert label_changes(given.node(labels=old), record(status())) == {
        names.runtime_label("spin"): "ready"
    }
    assert label_changes(given.node(), record(status())) == READY_AND_PROVISIONED


def test_labels__as_they_should_be__are_not_written() -> None:
    assert label_changes(given.node(labels=READY_AND_PROVISIONED), record(status())) == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [("n1", "n1"), ("a" * 62 + ".b.example.org", "a" * 62), ("x" * 70, "x" * 63)],
)
def test_labels__for_kwasm__hold_the_nodes_name_as_far_as_a_label_can(
    name: str, value: str
) -> None:
    node = given.node(name, annotations={names.KWASM_NODE: "true"})

    assert label_changes(node, record(status()))[names.KWASM_PROVISIONED] == value
    assert names.KWASM_PROVISIONED not in label_changes(node, record())
