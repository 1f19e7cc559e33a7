"""Whose a label is, and what may be taken over."""

import pytest

from unit.operator import given
from wasmwright_installer.contract import PredecessorName
from wasmwright_operator import names
from wasmwright_operator.predecessors import (
    awaits_takeover,
    has_files_left,
    labels_of_predecessors,
    obsolete_labels,
    permitted,
)
from wasmwright_operator.records import WasmNodeRecord

KWASM, RCM = PredecessorName.KWASM, PredecessorName.RCM
PROVISIONED = names.KWASM_PROVISIONED
SHIMS = {"spin-v2", "wasmtime-v1"}


def settled(*leftovers: given.Raw, error: str = "", **spec: object) -> WasmNodeRecord:
    """Return a WasmNode whose run has ended, with success unless an error is given."""
    told = {
        "concludedHash": given.HASH,
        "concludedAttempt": 1,
        "installedHash": "" if error else given.HASH,
        "leftovers": list(leftovers),
        "lastError": {"reason": error, "message": "m", "exitCode": 11} if error else None,
    }
    return given.wasm_node("n1", given.entry(), status=given.status(told), **spec)


def left(predecessor: PredecessorName, *handlers: str) -> given.Raw:
    return {"predecessor": predecessor, "handlers": list(handlers)}


@pytest.mark.parametrize(
    ("labels", "record", "expected"),
    [
        ({}, None, ()),
        ({PROVISIONED: "n1"}, None, (PROVISIONED,)),
        ({"spin-v2": "provisioned"}, None, ("spin-v2",)),
        ({"spin-v2": "pending", "wasmtime-v1": "failed"}, None, ("spin-v2", "wasmtime-v1")),
        ({"spin-v2": "true", "unknown": "provisioned"}, None, ()),
        ({PROVISIONED: "n1", "spin-v2": "uninstall"}, None, (PROVISIONED, "spin-v2")),
        ({PROVISIONED: "n1"}, given.wasm_node("n1", given.entry()), (PROVISIONED,)),
        ({PROVISIONED: "n1"}, settled(error="Adoptable"), (PROVISIONED,)),
        ({PROVISIONED: "n1"}, settled(left(KWASM, "crun")), (PROVISIONED,)),
        ({PROVISIONED: "n1"}, settled(left(KWASM)), ()),
        ({PROVISIONED: "n1"}, settled(), ()),
    ],
    ids=[
        "no-label",
        "kwasm",
        "rcm",
        "rcm-stuck-and-failed",
        "other-values-and-keys",
        "both",
        "kwasm-and-first-run-under-way",
        "kwasm-in-the-way",
        "kwasm-beside-us",
        "kwasm-taken-over-but-for-files",
        "ours-for-kwasms-key",
    ],
)
def test_labels_of_predecessors(
    labels: dict[str, str], record: WasmNodeRecord | None, expected: tuple[str, ...]
) -> None:
    assert labels_of_predecessors(given.node(labels=labels), record, SHIMS) == expected


@pytest.mark.parametrize(
    ("said", "everywhere", "expected"),
    [("", (), ()), ("", (RCM,), (RCM,)), ("true", (), (KWASM, RCM)), ("false", (RCM,), ())],
)
def test_permitted__node_and_cluster__the_node_is_obeyed(
    said: str, everywhere: tuple[PredecessorName, ...], expected: tuple[PredecessorName, ...]
) -> None:
    by_annotation = given.node(annotations={names.TAKE_OVER: said} if said else {})
    by_label = given.node(labels={names.TAKE_OVER: said} if said else {})

    assert permitted(by_annotation, everywhere) == expected
    assert permitted(by_label, everywhere) == expected


@pytest.mark.parametrize(
    ("record", "permission", "expected"),
    [
        (settled(), (KWASM, RCM), False),
        (settled(predecessor_labels=("spin-v2",)), (RCM,), True),
        (settled(predecessor_labels=("spin-v2",)), (KWASM,), False),
        (settled(predecessor_labels=("spin-v2",)), (), False),
        (settled(predecessor_labels=("spin-v2",), take_over=(RCM,)), (RCM,), False),
        (settled(left(KWASM, "crun")), (KWASM,), True),
        (settled(left(KWASM), take_over=(KWASM,)), (KWASM, RCM), False),
        (settled(error="Adoptable"), (KWASM,), True),
        (settled(error="Adoptable", take_over=(KWASM,)), (KWASM,), False),
        (settled(error="RolledBack"), (KWASM,), False),
    ],
    ids=[
        "nobody-was-here",
        "permitted-by-now",
        "another-one-is-permitted",
        "not-permitted",
        "was-told-already",
        "found-by-the-last-run",
        "files-are-left-only",
        "in-the-way",
        "in-the-way-all-the-same",
        "another-failure",
    ],
)
def test_awaits_takeover(
    record: WasmNodeRecord, permission: tuple[PredecessorName, ...], *, expected: bool
) -> None:
    assert awaits_takeover(record, permission) is expected


def test_has_files_left__of_one_that_was_taken_over__holds() -> None:
    assert has_files_left(settled(left(KWASM), take_over=(KWASM,)))
    assert not has_files_left(settled(left(KWASM, "crun")))
    assert not has_files_left(settled(take_over=(KWASM,)))


TOLD = {"predecessor_labels": ("kwasm.sh/kwasm-provisioned", "spin-v2"), "take_over": (RCM,)}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (settled(**TOLD), ("spin-v2",)),
        (settled(left(RCM), **TOLD), ("spin-v2",)),
        (settled(left(RCM, "spin-v2"), **TOLD), ()),
        (settled(**{**TOLD, "take_over": (KWASM,)}), ()),
        (settled(**TOLD, attempt=2), ()),
        (settled(error="RolledBack", **TOLD), ()),
    ],
    ids=["taken-over", "but-for-files", "declared-again", "not-permitted", "under-way", "failed"],
)
def test_obsolete_labels(record: WasmNodeRecord, expected: tuple[str, ...]) -> None:
    node = given.node(labels={"spin-v2": "provisioned", PROVISIONED: "n1"})

    assert obsolete_labels(node, record) == expected
    assert obsolete_labels(given.node(labels={"spin-v2": "mine"}), record) == ()
