import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from unit.operator import given
from unit.operator.fake_loop import run
from wasmwright_operator.actions import (
    Action,
    CreateWasmNode,
    DeleteWasmNode,
    UpdateWasmNode,
    WriteNodeStatus,
)
from wasmwright_operator.api.wasmnode import Cause, RunError, WasmNodeStatus
from wasmwright_operator.kube.transport import _plural
from wasmwright_operator.metrics import Metrics
from wasmwright_operator.reconcile.workqueue import WorkQueue

if TYPE_CHECKING:
    from wasmwright_operator.records import RuntimeRecord, WasmNodeRecord

PAGE = Path(__file__).parents[3] / "docs/metrics.md"

STATUS = {
    "targetRevision": "spin-b",
    "stableRevision": "spin-a",
    "rollout": {"phase": "Halted"},
    "nodes": {"targeted": 5, "ready": 3, "failed": 2},
    "conditions": [
        {
            "type": kind,
            "status": status,
            "reason": "R",
            "message": "",
            "lastTransitionTime": "2026-05-04T12:00:00Z",
        }
        for kind, status in (("Ready", "False"), ("Degraded", "True"))
    ],
}


def sample(metrics: Metrics, sample_name: str, /, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(sample_name, labels)


def test_fleet__at_each_scrape__is_what_the_statuses_say() -> None:
    metrics = Metrics()
    runtimes: list[RuntimeRecord] = []
    metrics.watch_fleet(lambda: runtimes)
    assert b"spin" not in metrics.text()

    runtimes.append(given.runtime("spin", status=STATUS, version="1.2"))

    nodes = "wasmwright_runtime_nodes"
    assert sample(metrics, nodes, runtime="spin", state="ready") == 3
    assert sample(metrics, nodes, runtime="spin", state="failed") == 2
    assert sample(metrics, nodes, runtime="spin", state="blocked") == 0
    condition = "wasmwright_runtime_condition"
    assert sample(metrics, condition, runtime="spin", condition="Degraded") == 1
    assert sample(metrics, condition, runtime="spin", condition="Ready") == 0
    phase = "wasmwright_rollout_phase"
    assert sample(metrics, phase, runtime="spin", phase="Halted") == 1
    assert sample(metrics, phase, runtime="spin", phase="Rolling") == 0
    revisions = {"target_revision": "spin-b", "stable_revision": "spin-a"}
    info = "wasmwright_runtime_info"
    assert sample(metrics, info, runtime="spin", version="1.2", **revisions) == 1


FIRST = given.wasm_node("n1", given.entry(), cause=Cause.INSTALL)
AGAIN = FIRST.spec.model_copy(update={"attempt": 2, "cause": Cause.RETRY})
NOTED = FIRST.spec.model_copy(update={"retry_token": "x"})
ENDED = WasmNodeStatus(concluded_hash=given.HASH, concluded_attempt=1)
ERROR = RunError(reason="RolledBack", message="")
FAILED = ENDED.model_copy(update={"last_error": ERROR})
APPLYING = WasmNodeStatus(concluded_attempt=0)
IDLE = given.wasm_node("n1", given.entry(), status=ENDED)


@pytest.mark.parametrize(
    ("action", "before", "counted", "labels"),
    [
        (CreateWasmNode("n1", FIRST.spec), None, "runs_admitted", {"cause": "Install"}),
        (UpdateWasmNode("n1", "1", AGAIN), IDLE, "runs_admitted", {"cause": "Retry"}),
        (UpdateWasmNode("n1", "1", NOTED), IDLE, "", {}),
        (WriteNodeStatus("n1", "1", ENDED), FIRST, "runs", {"result": "success", "reason": ""}),
        (
            WriteNodeStatus("n1", "1", FAILED),
            FIRST,
            "runs",
            {"result": "failure", "reason": "RolledBack"},
        ),
        (WriteNodeStatus("n1", "1", APPLYING), FIRST, "", {}),
        (WriteNodeStatus("n1", "1", ENDED), IDLE, "", {}),
        (DeleteWasmNode("n1", "u", "1"), FIRST, "runs", {"result": "success", "reason": ""}),
        (DeleteWasmNode("n1", "u", "1"), IDLE, "", {}),
    ],
)
def test_runs__are_counted_when_they_begin_and_end(
    action: Action, before: "WasmNodeRecord | None", counted: str, labels: dict[str, str]
) -> None:
    metrics = Metrics()

    metrics.runs.take(action, before, given.NOW)

    text = metrics.text().decode()
    told = re.findall(r"^wasmwright_(runs\w*)_total\{.*\} 1\.0$", text, re.MULTILINE)
    assert told == ([counted] if counted else [])
    if counted:
        assert sample(metrics, f"wasmwright_{counted}_total", **labels) == 1


def test_runs__admitted_and_ended__are_timed() -> None:
    metrics = Metrics()

    metrics.runs.take(CreateWasmNode("n1", FIRST.spec), None, given.NOW)
    metrics.runs.take(WriteNodeStatus("n1", "1", ENDED), FIRST, given.NOW + timedelta(seconds=4))

    assert sample(metrics, "wasmwright_run_duration_seconds_sum") == 4


def test_page__tells_of_every_metric__and_of_no_other() -> None:
    metrics = Metrics()
    metrics.watch_fleet(tuple)
    cells = re.findall(r"^\| (`\w+`.*?) \|", PAGE.read_text(), re.MULTILINE)
    told = {name.removesuffix("_total") for cell in cells for name in re.findall(r"`(\w+)`", cell)}

    assert told == {family.name for family in metrics.registry.collect()}


def test_queue__counts_what_waits_comes_and_fails() -> None:
    async def scenario() -> None:
        metrics = Metrics()
        queue = WorkQueue(metrics)
        queue.add("a")
        queue.add("a")
        queue.add("b", 5)
        assert sample(metrics, "workqueue_adds_total", name="wasmwright") == 2
        assert sample(metrics, "workqueue_depth", name="wasmwright") == 2
        key = await queue.get()
        queue.retry(key)
        queue.done(key)
        assert sample(metrics, "workqueue_retries_total", name="wasmwright") == 1
        await queue.get()
        assert sample(metrics, "workqueue_depth", name="wasmwright") == 1
        assert sample(metrics, "workqueue_queue_duration_seconds_count", name="wasmwright") == 2

    run(scenario())


@pytest.mark.parametrize(
    ("path", "plural"),
    [
        ("/api/v1/nodes/n1?fieldManager=x", "nodes"),
        ("/api/v1/namespaces/default/events", "events"),
        ("/apis/batch/v1/namespaces/wasmwright-system/jobs/j", "jobs"),
        ("/apis/wasmwright.dev/v1alpha1/wasmnodes/n1/status", "wasmnodes"),
        ("/apis/node.k8s.io/v1/runtimeclasses?limit=500", "runtimeclasses"),
    ],
)
def test_requests__by_resource__whatever_the_path(path: str, plural: str) -> None:
    assert _plural(path) == plural
