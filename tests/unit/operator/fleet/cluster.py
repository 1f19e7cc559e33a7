"""Put snapshots together from records."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeVar

from unit.operator import given
from wasmwright_operator.actions import Action, Wake
from wasmwright_operator.api.rollout import RolloutPhase, RolloutStatus
from wasmwright_operator.fleet import FleetPolicy, Snapshot, plan_fleet
from wasmwright_operator.fleet.rollout.revisions import revision_name
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
    """Return a plan for runtimes whose rollouts have begun and go on undisturbed."""
    return plan_fleet(snapshot(*begun(*records), policy=policy, ledger=ledger), given.NOW)


def begun(*records: Record) -> list[Record]:
    """Add what an earlier plan has written of each rollout, where nothing is said of it."""
    runtimes = [it for it in records if isinstance(it, RuntimeRecord) and it.spec is not None]
    fresh = {it.name: it for it in runtimes if not it.status.rollout.revision}
    told = (_begun(it) if it.name in fresh and it is fresh[it.name] else it for it in records)
    return [*told, *(kept(it) for it in runtimes if not _is_kept(it, records))]


def _begun(runtime: RuntimeRecord) -> RuntimeRecord:
    rollout = RolloutStatus(
        revision=revision_name(runtime),
        phase=RolloutPhase.ROLLING,
        started_at="2026-05-04T11:50:00Z",
        progressed_at="2026-05-04T11:59:00Z",
        canary_passed=True,
    )
    return replace(runtime, status=runtime.status.model_copy(update={"rollout": rollout}))


def _is_kept(runtime: RuntimeRecord, records: Iterable[Record]) -> bool:
    name = revision_name(runtime)
    return any(isinstance(it, RevisionRecord) and it.name == name for it in records)


def kept(runtime: RuntimeRecord, number: int = 1, **more: Any) -> RevisionRecord:
    """Return the kept revision that a runtime renders to."""
    found = RevisionRecord(
        name=revision_name(runtime),
        uid=f"{revision_name(runtime)}-uid",
        resource_version="5",
        runtime=runtime.name,
        runtime_uid=runtime.uid,
        number=number,
        spec=runtime.spec,
    )
    return replace(found, **more)


def only(actions: Iterable[Action], kind: type[A]) -> list[A]:
    return [action for action in actions if isinstance(action, kind)]


def wakes(actions: Iterable[Action]) -> list[Wake]:
    return only(actions, Wake)
