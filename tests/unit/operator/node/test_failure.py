from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from unit.operator import given
from wasmwright_installer.contract import ExitCode
from wasmwright_operator import names
from wasmwright_operator.api.wasmnode import WasmNodeStatus
from wasmwright_operator.conditions import rfc3339
from wasmwright_operator.node.conclusion import conclude
from wasmwright_operator.node.outcome import Outcome
from wasmwright_operator.records import WasmNodeRecord

NODE = given.node(boot_id="kubelets-word", container_runtime="containerd://2.1.4")
FIRST = given.wasm_node("n1", given.entry(), max_attempts=3)
ROLLED_BACK = Outcome("RolledBack", "containerd did not start", exit_code=31)
EVICTED = Outcome("PodEvicted", "the node ended pod p")
BLOCKED = Outcome("PodsInUse", "in use by default/web", exit_code=40)
UNSUPPORTED = Outcome("ImmutableSystem", "talos", exit_code=10)
DONE = Outcome("Done", "", exit_code=0, result=given.result("spin", boot_id="installers-word"))


def after(record: WasmNodeRecord, *outcomes: Outcome, **spec: Any) -> WasmNodeRecord:
    """Run once for each outcome, a minute apart; `spec` changes with the first of these runs."""
    for number, outcome in enumerate(outcomes):
        attempt = record.status.concluded_attempt + 1
        update = {**(spec if number == 0 else {}), "attempt": attempt}
        now = given.NOW + timedelta(minutes=attempt)
        if outcome.result is not None:
            result = outcome.result.model_copy(update={"hash": spec.get("hash", record.spec.hash)})
            outcome = replace(outcome, result=result)  # noqa: PLW2901 - the same run's
        record = replace(record, spec=record.spec.model_copy(update=update))
        record = replace(record, status=conclude(NODE, record, outcome, now))
    return record


def status(*outcomes: Outcome) -> WasmNodeStatus:
    return after(FIRST, *outcomes).status


def minute(number: int) -> str:
    return rfc3339(given.NOW + timedelta(minutes=number))


def test_conclusion__success__is_dated_and_names_boot_and_container_runtime() -> None:
    found = status(DONE)
    assert (found.concluded_at, found.failing_since) == (minute(1), "")
    assert (found.boot_id, found.kubelet_runtime) == ("installers-word", "containerd://2.1.4")


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (replace(DONE, result=given.result("spin")), "kubelets-word"),
        (EVICTED, "before"),
    ],
    ids=["result without it", "no result"],
)
def test_conclusion__boot_not_told_by_the_installer__is_the_nodes_or_the_last_known(
    outcome: Outcome, expected: str
) -> None:
    record = replace(FIRST, status=WasmNodeStatus(boot_id="before"))
    assert after(record, outcome).status.boot_id == expected


def test_failing_since__is_the_first_failure_in_a_row_whatever_the_goal() -> None:
    record = after(FIRST, DONE, ROLLED_BACK, ROLLED_BACK)
    assert (record.status.failing_since, record.status.failures) == (minute(2), 2)
    record = after(record, ROLLED_BACK, hash="b" * 64)
    assert (record.status.failing_since, record.status.failures) == (minute(2), 1)
    assert after(record, DONE).status.failing_since == ""


@pytest.mark.parametrize(
    ("outcomes", "since"),
    [
        ((BLOCKED,) * 5, ""),
        ((EVICTED,) * 2, ""),
        ((EVICTED,) * 3, minute(3)),
        ((EVICTED, ROLLED_BACK, BLOCKED), minute(2)),
    ],
    ids=["waits for pods", "cut off twice", "cut off again and again", "failed between"],
)
def test_failing_since__is_not_set_by_what_the_node_is_not_to_blame_for(
    outcomes: tuple[Outcome, ...], since: str
) -> None:
    assert status(*outcomes).failing_since == since


@pytest.mark.parametrize(
    ("outcomes", "failures", "retries"),
    [
        ((ROLLED_BACK,) * 2, 2, True),
        ((ROLLED_BACK,) * 3, 3, False),
        ((BLOCKED,) * 5, 5, True),
        ((*(BLOCKED,) * 5, ROLLED_BACK), 1, True),
        ((EVICTED, EVICTED, ROLLED_BACK), 1, True),
        ((EVICTED,) * 3, 3, False),
        ((ROLLED_BACK, ROLLED_BACK, DONE, ROLLED_BACK), 1, True),
    ],
    ids=[
        "below",
        "reached",
        "waits",
        "failed after waits",
        "after cuts",
        "cuts",
        "success between",
    ],
)
def test_max_attempts__failures_in_a_row__end_the_tries(
    outcomes: tuple[Outcome, ...], failures: int, *, retries: bool
) -> None:
    found = status(*outcomes)
    assert (found.failures, bool(found.next_retry)) == (failures, retries)


def test_max_attempts__of_none__are_endless() -> None:
    unlimited = given.wasm_node("n1", given.entry())
    assert after(unlimited, *(ROLLED_BACK,) * 30).status.next_retry


def test_max_attempts__reached__says_what_starts_it_again() -> None:
    error = status(*(ROLLED_BACK,) * 3).last_error
    assert error is not None
    assert error.message.startswith("containerd did not start; ")
    assert "3 runs without success" in error.message
    assert names.RETRY in error.message


def test_max_attempts__started_again_by_a_person__are_counted_anew() -> None:
    spent = after(FIRST, *(ROLLED_BACK,) * 3)
    again = after(spent, ROLLED_BACK)
    assert (again.status.failures, bool(again.status.next_retry)) == (1, True)


def test_hopeless_failure__says_what_starts_it_again() -> None:
    error = status(UNSUPPORTED).last_error
    assert error is not None
    assert "not tried again" in error.message
    assert names.RETRY in error.message


def test_message__of_any_length__keeps_its_end() -> None:
    long = Outcome("BadDocument", "x" * 9000, exit_code=ExitCode.BAD_DOCUMENT)
    error = status(long).last_error
    assert error is not None
    assert len(error.message) == 4096
    assert error.message.endswith("new value")
