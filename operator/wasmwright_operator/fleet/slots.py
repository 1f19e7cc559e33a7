"""Which nodes hold slots, and what the ledger of slots is to say.

A run is admitted by one write of the ledger, and only then is it written into its WasmNode. Whoever
counts, counts both: WasmNodes that are in flight, and slots of the ledger whose runs are not known
to have ended. So an old view of the WasmNodes counts too many and never too few, and an old view of
the ledger loses its write.

    reserved --> written into the WasmNode --> ended --> released with a later write
        +--> not written for a while, read anew: released
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from wasmwright_operator.actions import ReserveSlots
from wasmwright_operator.conditions import parse_time, rfc3339
from wasmwright_operator.fleet.snapshot import Snapshot
from wasmwright_operator.records import Slot, WasmNodeRecord

LARGEST: Final = 2000
"""Slots that fit into the ledger whatever the names of the nodes, as an object has 1 MiB."""
_GRACE: Final = timedelta(seconds=60)
"""After this time a reserved run will not be written any more: who reserved it has either done so,
or given up its request, or lost the Lease."""


@dataclass(frozen=True, slots=True)
class Slots:
    """The slots of one snapshot."""

    held: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The runtimes of which a node holds a slot, by the node's name."""
    kept: Mapping[str, Slot] = field(default_factory=dict)
    """What the ledger says and must go on saying."""
    missing: Mapping[str, Slot] = field(default_factory=dict)
    """What the ledger does not say though a WasmNode does."""
    unwritten: Mapping[str, Slot] = field(default_factory=dict)
    """Of the kept ones: those whose runs seem never to have begun."""
    wakes: tuple[datetime, ...] = ()
    """When slots become free without any event."""


def count_slots(snapshot: Snapshot, now: datetime) -> Slots:
    """Return who holds slots now."""
    busy = {item.name: item for item in snapshot.wasm_nodes.values() if _is_busy(item, now)}
    kept = {
        node: slot
        for node, slot in snapshot.ledger.slots.items()
        if not _has_ended(node, slot, snapshot, busy)
    }
    missing = {
        name: _slot_of(record, now)
        for name, record in busy.items()
        if name not in kept and record.spec.attempt
    }
    held = {name: frozenset(record.spec.changes) for name, record in busy.items()}
    for node, slot in kept.items():
        held[node] = held.get(node, frozenset()) | frozenset(slot.changes)
    reserved = {node: slot for node, slot in kept.items() if not _is_written(node, slot, busy)}
    return Slots(
        held=held,
        kept=kept,
        missing=missing,
        unwritten={node: slot for node, slot in reserved.items() if _given_up(slot) <= now},
        wakes=(
            *(_free_at(record) for record in busy.values() if not record.is_in_flight),
            *(at for at in map(_given_up, reserved.values()) if at > now),
        ),
    )


def reserve(
    snapshot: Snapshot, slots: Slots, admitted: Mapping[str, Slot]
) -> Iterator[ReserveSlots]:
    """Yield the write that admits runs, or cleans up when there is nothing more to wait for.

    What is done goes with the next admission, so that a rollout needs no writes for it.
    """
    ledger = snapshot.ledger
    is_idle = not slots.held and bool(ledger.slots)
    if not (admitted or slots.unwritten or ledger.unreadable or is_idle):
        return
    stale = slots.unwritten.keys() - admitted.keys()
    known = {**{node: slots.kept[node] for node in slots.kept.keys() - stale}, **slots.missing}
    wanted = {**known, **{node: _joined(slot, known.get(node)) for node, slot in admitted.items()}}
    yield ReserveSlots(
        resource_version=ledger.resource_version,
        taken={
            node: slot for node, slot in sorted(wanted.items()) if ledger.slots.get(node) != slot
        },
        released=tuple(sorted((ledger.slots.keys() - wanted.keys()) | set(ledger.unreadable))),
        presumed_unwritten={node: slots.kept[node] for node in sorted(stale)},
        unreadable=ledger.unreadable,
    )


def next_version(snapshot: Snapshot) -> int:
    """Return the ledger version of the runs that are admitted now: greater than any before.

    It is the version of the ledger that was counted, and that grows with every write.
    """
    if snapshot.ledger.resource_version:
        return int(snapshot.ledger.resource_version)
    versions = (item.spec.ledger_version for item in snapshot.wasm_nodes.values())
    return 1 + max(versions, default=0)


def _joined(slot: Slot, before: Slot | None) -> Slot:
    """Never give up part of a reservation whose writer may be about to use it."""
    if before is None or set(before.changes) <= set(slot.changes):
        return slot
    changes = tuple(sorted({*slot.changes, *before.changes}))
    return Slot(slot.node_uid, slot.version, slot.attempt, changes, slot.since)


def _slot_of(record: WasmNodeRecord, now: datetime) -> Slot:
    spec = record.spec
    return Slot(spec.node_uid, spec.ledger_version, spec.attempt, spec.changes, rfc3339(now))


def _is_busy(record: WasmNodeRecord, now: datetime) -> bool:
    """Tell whether a node changes, or has just done so and must first prove to be good."""
    if record.is_in_flight:
        return True
    return record.spec.min_ready_seconds > 0 and not record.has_failed and _free_at(record) > now


def _free_at(record: WasmNodeRecord) -> datetime:
    concluded = parse_time(record.status.concluded_at)
    if concluded is None:
        return datetime.min.replace(tzinfo=UTC)
    return concluded + timedelta(seconds=record.spec.min_ready_seconds)


def _has_ended(
    node: str, slot: Slot, snapshot: Snapshot, busy: Mapping[str, WasmNodeRecord]
) -> bool:
    """Tell whether a run is known to have ended; of an unknown one nothing is known."""
    if snapshot.ended.get(slot.node_uid, -1) >= slot.version:
        return True
    record = snapshot.wasm_nodes.get(node)
    if record is None or not slot.is_of(record.spec):
        return False
    return record.spec.ledger_version > slot.version or node not in busy


def _is_written(node: str, slot: Slot, busy: Mapping[str, WasmNodeRecord]) -> bool:
    return node in busy and slot.is_of(busy[node].spec)


def _given_up(slot: Slot) -> datetime:
    since = parse_time(slot.since)
    return since + _GRACE if since is not None else datetime.min.replace(tzinfo=UTC)
