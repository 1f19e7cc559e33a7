"""The ledger: what holds a slot, and what is written of it."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from unit.operator import given
from unit.operator.fleet.cluster import begun, only, plan, snapshot, wakes
from wasmwright_operator import names
from wasmwright_operator.actions import CreateWasmNode, ReserveSlots, UpdateWasmNode
from wasmwright_operator.api.wasmnode import WasmNodeStatus
from wasmwright_operator.fleet import plan_fleet
from wasmwright_operator.fleet.slots import count_slots
from wasmwright_operator.records import LedgerRecord, Slot, WasmNodeRecord, parse_ledger

SPIN = given.entry("spin")
AGES = "2026-05-04T11:00:00Z"
NOW = "2026-05-04T12:00:00Z"


def slot(
    name: str = "n1", *changes: str, version: int = 40, since: str = NOW, uid: str = ""
) -> Slot:
    return Slot(uid or f"{name}-uid", version, 1, changes or ("spin",), since)


def ledger(slots: Mapping[str, Slot], *unreadable: str, version: str = "50") -> LedgerRecord:
    return LedgerRecord(
        uid="ledger-uid", resource_version=version, slots=slots, unreadable=unreadable
    )


def ended(name: str = "n1", **more: object) -> WasmNodeRecord:
    status = WasmNodeStatus.model_validate(
        {
            "concluded_hash": given.HASH,
            "concluded_attempt": 1,
            "installed_hash": given.HASH,
            "runtimes": [{"name": "spin", "handler": "spin", "state": "ready"}],
            "concluded_at": NOW,
            **more,
        }
    )
    return given.wasm_node(name, SPIN, status=status, ledger_version=40)


def of_version(record: WasmNodeRecord, version: int, **more: object) -> WasmNodeRecord:
    update = {"ledger_version": version, **more}
    return replace(record, spec=record.spec.model_copy(update=update))


BUSY = given.wasm_node("n1", SPIN, ledger_version=40)


@pytest.mark.parametrize(
    ("record", "is_held"),
    [
        (None, True),
        (BUSY, True),
        (of_version(BUSY, 39), True),
        (ended(), False),
        (of_version(ended(), 39), True),
        (of_version(ended(), 41), False),
        (of_version(ended(), 41, node_uid="another"), True),
        (of_version(ended(), 40, min_ready_seconds=1), True),
        (of_version(ended(last_error={"reason": "R", "message": "m"}), 40), False),
    ],
    ids=[
        "not-written-or-not-seen-yet",
        "in-flight",
        "an-earlier-run-is-in-flight",
        "ended",
        "an-earlier-run-ended",
        "a-later-run-ended",
        "a-run-of-another-node-ended",
        "proving-to-be-good",
        "failed",
    ],
)
def test_slot_of_the_ledger__is_held_until_its_run_is_known_to_have_ended(
    record: WasmNodeRecord | None, *, is_held: bool
) -> None:
    records = () if record is None else (record,)
    found = count_slots(snapshot(*records, ledger=ledger({"n1": slot()})), given.NOW)

    assert ("n1" in found.held) == is_held


def test_slot__of_a_wasm_node_that_was_seen_to_go__is_free() -> None:
    seen = replace(snapshot(ledger=ledger({"n1": slot(version=40)})), ended={"n1-uid": 40})
    earlier = replace(seen, ended={"n1-uid": 39})

    assert count_slots(seen, given.NOW).held == {}
    assert count_slots(earlier, given.NOW).held == {"n1": {"spin"}}


def test_slots_of_one_node__reserved_and_in_flight__are_held_together() -> None:
    reserved = slot("n1", "wasmtime", version=45)

    found = count_slots(snapshot(BUSY, ledger=ledger({"n1": reserved})), given.NOW)

    assert found.held == {"n1": {"spin", "wasmtime"}}


def reservations(*records: object, **more: object) -> list[ReserveSlots]:
    return only(plan(*records, **more), ReserveSlots)  # type: ignore[arg-type]


def test_first_run_of_all__makes_the_ledger_and_comes_after_it() -> None:
    actions = plan(given.node(asks="spin"), given.runtime())

    first, second = (type(action) for action in actions[:2])
    assert (first, second) == (ReserveSlots, CreateWasmNode)
    (reservation,) = only(actions, ReserveSlots)
    assert reservation.resource_version == ""
    assert reservation.taken == {"n1": Slot("n1-uid", 1, 1, ("spin",), NOW)}


def test_admission__is_bound_to_the_version_of_the_ledger_that_was_counted() -> None:
    actions = plan(given.node(asks="spin"), given.runtime(), ledger=ledger({}, version="77"))

    (reservation,) = only(actions, ReserveSlots)
    (begun,) = only(actions, CreateWasmNode)
    assert reservation.resource_version == "77"
    assert reservation.taken["n1"].version == begun.spec.ledger_version == 77


def test_ledger_that_was_deleted__is_made_anew_with_what_is_in_flight() -> None:
    runtime = given.runtime(rollout={"maxUnavailable": 2})
    asking = given.node("n1", asks="spin"), given.node("n2", asks="spin")

    (reservation,) = reservations(*asking, runtime, BUSY)

    assert reservation.resource_version == ""
    assert reservation.taken.keys() == {"n1", "n2"}
    assert reservation.taken["n1"].version == 40
    assert reservation.taken["n2"].version == 41


def test_ended_slots__go_with_the_next_admission() -> None:
    asking = given.node("n1", asks="spin"), given.node("n2", asks="spin")
    full = ledger({"n1": slot()})

    (reservation,) = reservations(*asking, given.runtime(), ended(), ledger=full)

    assert reservation.released == ("n1",)
    assert reservation.taken.keys() == {"n2"}


@pytest.mark.parametrize(
    ("records", "slots", "released"),
    [
        ((ended("n1"), ended("n2")), {"n1": slot("n1"), "n2": slot("n2")}, [("n1", "n2")]),
        ((ended("n1"), BUSY), {"n0": slot("n0"), "n1": slot("n1")}, []),
        ((ended("n1"),), {}, []),
    ],
    ids=["all-ended", "something-in-flight", "empty-already"],
)
def test_idle_cluster__is_written_down_once(
    records: tuple[WasmNodeRecord, ...],
    slots: dict[str, Slot],
    released: list[tuple[str, ...]],
) -> None:
    asking = [given.node(item.name, asks="spin") for item in records]

    found = reservations(*asking, given.runtime(), *records, ledger=ledger(slots))

    assert [item.released for item in found] == released


def test_reserved_run__that_was_not_written__is_admitted_anew_in_its_own_slot() -> None:
    runtime = given.runtime(rollout={"maxParallel": 1})
    crashed = ledger({"n1": slot("n1")})

    actions = plan(given.node(asks="spin"), runtime, ledger=crashed)

    (reservation,) = only(actions, ReserveSlots)
    assert reservation.taken["n1"].version == 50
    assert [action.name for action in only(actions, CreateWasmNode)] == ["n1"]


def test_reserved_run__that_is_admitted_anew__gives_up_nothing_of_it() -> None:
    crashed = ledger({"n1": slot("n1", "wasmtime", "wasmedge")})

    (reservation,) = reservations(given.node(asks="spin"), given.runtime(), ledger=crashed)

    assert reservation.taken["n1"].changes == ("spin", "wasmedge", "wasmtime")


def test_reserved_run__of_another_node__takes_the_last_slot() -> None:
    runtime = given.runtime(rollout={"maxParallel": 1})
    asking = [given.node(name, asks="spin") for name in ("n1", "n2")]

    actions = plan(*asking, runtime, ledger=ledger({"n2": slot("n2")}))

    assert [action.name for action in only(actions, CreateWasmNode)] == ["n2"]


def test_reserved_run__that_nobody_wants_any_more__is_looked_at_again_after_a_while() -> None:
    fresh = plan(given.node(), given.runtime(), ledger=ledger({"n1": slot("n1")}))
    old = slot("n1", since=AGES)
    (release,) = reservations(given.node(), given.runtime(), ledger=ledger({"n1": old}))

    assert only(fresh, ReserveSlots) == []
    assert [wake.at.minute for wake in wakes(fresh)] == [1]
    assert (release.released, release.presumed_unwritten) == (("n1",), {"n1": old})
    assert release.taken == {}


def test_key_that_is_not_ours__is_removed() -> None:
    (write,) = reservations(given.runtime(), ledger=ledger({}, "note-to-self"))

    assert (write.released, write.unreadable) == (("note-to-self",), ("note-to-self",))


def test_min_ready_seconds__are_awaited_without_any_event() -> None:
    runtime = given.runtime(rollout={"maxParallel": 1, "minReadySeconds": 30})
    proving = of_version(ended("n1"), 40, min_ready_seconds=30)
    asking = [given.node(name, asks="spin") for name in ("n1", "n2")]
    seen = snapshot(*asking, *begun(runtime), proving, ledger=ledger({"n1": slot("n1")}))

    now = plan_fleet(seen, given.NOW)
    (wake,) = wakes(now)
    later = plan_fleet(seen, wake.at)

    assert only(now, CreateWasmNode) == []
    assert wake.at.second == 30
    assert [action.name for action in only(later, CreateWasmNode)] == ["n2"]


def test_min_ready_seconds__do_not_keep_a_node_from_its_own_next_run() -> None:
    changed = given.runtime(
        source=given.http("amd64"), rollout={"maxParallel": 1, "minReadySeconds": 30}
    )
    proving = of_version(ended("n1"), 40, min_ready_seconds=30)

    (begun,) = only(plan(given.node(asks="spin"), changed, proving), UpdateWasmNode)

    assert begun.spec.min_ready_seconds == 30


def test_ledger__as_the_api_server_gives_it__is_read_back() -> None:
    raw = {
        "metadata": {"name": names.LEDGER, "uid": "u", "resourceVersion": "5"},
        "data": {"n1": slot("n1", "a", "b").text(), "bad": "{", "worse": '{"uid":1}', "list": "[]"},
    }

    found = parse_ledger(raw)

    assert found is not None
    assert found.slots == {"n1": slot("n1", "a", "b")}
    assert found.unreadable == ("bad", "list", "worse")
    assert parse_ledger({"metadata": {"name": "other", "uid": "", "resourceVersion": "1"}}) is None
