"""Put snapshots together from records."""

from collections.abc import Iterable
from typing import TypeVar

from unit.operator import given
from wasmwright_operator.actions import Action, Wake
from wasmwright_operator.fleet import FleetPolicy, Snapshot, plan_fleet
from wasmwright_operator.records import (
    LedgerRecord,
    NodeRecord,
    RevisionRecord,
    RuntimeClassRecord,
    RuntimeRecord,
    WasmNodeRecord,
)

Record = NodeRecord | RuntimeRecord | WasmNodeRecord | RuntimeClassRecord | RevisionRecord
A = TypeVar("A", bound=Action)


def snapshot(
    *records: Record, policy: FleetPolicy | None = None, ledger: LedgerRecord | None = None
) -> Snapshot:
    def named(kind: type[Record]) -> dict[str, Record]:
        return {item.name: item for item in records if isinstance(item, kind)}

    return Snapshot(
        nodes=named(NodeRecord),  # type: ignore[arg-type]
        runtimes=named(RuntimeRecord),  # type: ignore[arg-type]
        wasm_nodes=named(WasmNodeRecord),  # type: ignore[arg-type]
        runtime_classes=named(RuntimeClassRecord),  # type: ignore[arg-type]
        revisions=named(RevisionRecord),  # type: ignore[arg-type]
        ledger=ledger or LedgerRecord(),
        policy=policy or FleetPolicy(),
    )


def plan(
    *records: Record, policy: FleetPolicy | None = None, ledger: LedgerRecord | None = None
) -> tuple[Action, ...]:
    return plan_fleet(snapshot(*records, policy=policy, ledger=ledger), given.NOW)


def only(actions: Iterable[Action], kind: type[A]) -> list[A]:
    return [action for action in actions if isinstance(action, kind)]


def wakes(actions: Iterable[Action]) -> list[Wake]:
    return only(actions, Wake)
