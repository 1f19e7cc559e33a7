from typing import Any

import pytest

from demo import steps
from demo.errors import DemoError
from unit.demo.fakes import FakeCluster, ready_node


@pytest.fixture(autouse=True)
def time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time that passes only by sleeping."""
    now = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    monkeypatch.setattr("time.sleep", sleep)
    monkeypatch.setattr("time.monotonic", lambda: now)


def in_turn(*answers: Any) -> Any:
    """An object that changes each time it is looked at, until the last."""
    left = iter(answers)
    return lambda: next(left, answers[-1])


def test_ask__annotates_and_returns_what_one_would_type() -> None:
    cluster = FakeCluster()

    typed = steps.ask(cluster, "n1", ("wasmtest", "crun"))

    assert typed == "kubectl annotate node n1 wasmwright.dev/runtimes=wasmtest,crun --overwrite"
    assert cluster.calls == [tuple(typed.split()[1:])]


@pytest.mark.parametrize(
    ("node", "missing"),
    [
        (ready_node("a", "b"), []),
        (ready_node("a"), ["runtime.wasmwright.dev/b"]),
        (
            {"metadata": {"labels": {"runtime.wasmwright.dev/a": "failed"}}},
            ["runtime.wasmwright.dev/a", "runtime.wasmwright.dev/b", "wasmwright.dev/provisioned"],
        ),
        (
            {},
            ["runtime.wasmwright.dev/a", "runtime.wasmwright.dev/b", "wasmwright.dev/provisioned"],
        ),
    ],
    ids=["all", "one of two", "failed", "no node"],
)
def test_missing__is_every_label_that_does_not_say_ready(
    node: dict[str, Any], missing: list[str]
) -> None:
    assert steps.missing(node, ["a", "b"]) == missing


@pytest.mark.parametrize(
    ("wasm_node", "line"),
    [
        ({}, "not yet noticed"),
        ({"spec": {}}, "noticed"),
        ({"status": {"state": "Applying"}}, "Applying"),
        ({"status": {"state": "Ready", "summary": "a ready"}}, "Ready (a ready)"),
        (
            {"status": {"state": "Failed", "lastError": {"reason": "R", "message": "bad digest"}}},
            "Failed: bad digest",
        ),
        ({"status": {"state": "Failed", "lastError": {"reason": "R"}}}, "Failed: R"),
        ({"status": {"state": "Ready", "lastError": {"reason": "R", "message": "m"}}}, "Ready"),
    ],
)
def test_describe_state__is_one_line_for_people(wasm_node: dict[str, Any], line: str) -> None:
    assert steps.describe_state(wasm_node) == line


def test_wait_for_provisioned__tells_each_state_once_and_ends_with_the_labels() -> None:
    cluster = FakeCluster(
        {
            "node/n1": in_turn({}, {}, {}, ready_node("a")),
            "wasmnode/n1": in_turn(
                {},
                {"status": {"state": "Applying"}},
                {"status": {"state": "Applying"}},
                {"status": {"state": "Ready"}},
            ),
        }
    )
    told: list[str] = []

    steps.wait_for_provisioned(cluster, "n1", ["a"], progress=told.append)

    assert told == ["n1: not yet noticed", "n1: Applying", "n1: Ready"]


def test_wait_for_provisioned__in_vain__tells_what_the_node_said_last() -> None:
    error = {"reason": "DigestMismatch", "message": "the download is another one"}
    status = {"state": "Failed", "lastError": error}
    cluster = FakeCluster({"node/n1": {}, "wasmnode/n1": {"status": status}})

    with pytest.raises(DemoError, match="after 5 s node n1 has no a and b: it is Failed: the down"):
        steps.wait_for_provisioned(cluster, "n1", ["a", "b"], timeout=5)


def test_wait_for_runtime_class__in_vain__names_it() -> None:
    with pytest.raises(DemoError, match="there is no RuntimeClass 'crun'"):
        steps.wait_for_runtime_class(FakeCluster(), "crun", timeout=1)


def test_run_wasm_pod__returns_what_it_printed() -> None:
    phases = [{"status": {"phase": phase}} for phase in ("Pending", "Running", "Succeeded")]
    cluster = FakeCluster({"pod/hello-crun-n1": in_turn(*phases)})

    assert steps.run_wasm_pod(cluster, "crun", "n1") == "hello from wasm\n"

    (pod,) = cluster.applied
    assert pod["spec"]["runtimeClassName"] == "crun"
    assert pod["metadata"]["annotations"] == {"module.wasm.image/variant": "compat-smart"}
    deleted = next(i for i, call in enumerate(cluster.calls) if call[0] == "delete")
    assert deleted < next(i for i, call in enumerate(cluster.calls) if call[0] == "apply")


def test_run_wasm_pod__failed__tells_what_it_printed() -> None:
    cluster = FakeCluster({"pod/hello-crun-n1": {"status": {"phase": "Failed"}}}, printed="trap")

    with pytest.raises(DemoError, match="pod hello-crun-n1 failed; it printed: trap"):
        steps.run_wasm_pod(cluster, "crun", "n1")


def test_run_wasm_pod__never_ends__tells_how_far_it_came() -> None:
    cluster = FakeCluster({"pod/hello-crun-n1": {"status": {"phase": "Pending"}}})

    with pytest.raises(DemoError, match="pod hello-crun-n1 has not ended, it is Pending"):
        steps.run_wasm_pod(cluster, "crun", "n1", timeout=3)
