"""What a revision is, and which ones are kept."""

from dataclasses import replace
from typing import Any

import pytest

from unit.operator import given
from unit.operator.fake_kube import merge
from unit.operator.fleet.cluster import Record, only, snapshot
from unit.operator.fleet.cluster import kept as record
from wasmwright_operator.actions import Action, CreateRevision, DeleteRevision, NumberRevision
from wasmwright_operator.fleet import plan_fleet
from wasmwright_operator.fleet.rollout.revisions import History, render_revision, revision_name
from wasmwright_operator.manifests.writes import render_write
from wasmwright_operator.records import RuntimeRecord, parse_revision

SPIN = given.runtime("spin", config={"options": {"a": 1}})


def plan(*records: Record) -> tuple[Action, ...]:
    return plan_fleet(snapshot(*records), given.NOW)


def edition(number: int, **more: Any) -> RuntimeRecord:
    return given.runtime("spin", config={"snapshotter": f"edition-{number}"}, **more)


@pytest.mark.parametrize(
    ("spec", "is_same"),
    [
        ({"config": {"options": {"a": 1}}}, True),
        ({"config": {"options": {"a": 1}}, "version": "2.0"}, True),
        ({"config": {"options": {"a": 1}}, "placement": {"nodeSelector": {}}}, True),
        ({"config": {"options": {"a": 1}}, "rollout": {"maxParallel": 3}}, True),
        ({"config": {"options": {"a": 1}}, "runtimeClasses": []}, True),
        ({"config": {"options": {"a": 1}, "snapshotter": ""}}, True),
        ({"config": {"options": {"a": 1}}, "type": "ContainerdShim"}, True),
        ({"config": {"options": {"a": 1}}, "type": "OCIRuntime"}, False),
        ({"config": {"options": {"a": 2}}}, False),
        ({}, False),
        ({"config": {"options": {"a": 1}}, "source": given.http("amd64")}, False),
    ],
)
def test_revision_name__counts_what_nodes_get(spec: dict[str, Any], *, is_same: bool) -> None:
    assert (revision_name(given.runtime("spin", **spec)) == revision_name(SPIN)) is is_same


def test_revision_name__counts_every_architecture_in_any_order() -> None:
    amd64, arm64 = given.http("amd64"), given.http("arm64")
    both, turned = given.http("amd64", "arm64"), given.http("arm64", "amd64")

    found = {revision_name(given.runtime(source=source)) for source in (amd64, arm64, both)}

    assert len(found) == 3
    assert revision_name(given.runtime(source=turned)) in found


def created(*records: Record) -> list[CreateRevision]:
    return only(plan(*records), CreateRevision)


def stored(action: CreateRevision) -> dict[str, Any]:
    body: dict[str, Any] = render_write(action).body
    return merge(body, {"metadata": {"uid": "new-uid", "resourceVersion": "9"}})


def test_plan__of_a_new_runtime__keeps_its_revision_and_then_writes_nothing() -> None:
    (action,) = created(SPIN)
    kept = parse_revision(stored(action))

    assert kept is not None
    assert (kept.name, kept.runtime, kept.number) == (revision_name(SPIN), "spin", 1)
    assert created(SPIN, kept) == []


@pytest.mark.parametrize(
    "runtime",
    [
        given.runtime("spin", version="1.2", config={"options": {"a": 1, "b": True, "c": "x"}}),
        given.runtime("spin", source=given.http("amd64", "arm64"), handler="other"),
        given.runtime("spin", type="OCIRuntime", config={"podsSurviveRestart": False}),
        given.runtime("spin", source={"hostPath": {"path": "/usr/bin/x", "probe": {"args": []}}}),
    ],
    ids=["options", "http", "oci-runtime", "probe"],
)
def test_kept_revision__renders_to_what_it_was_made_of(runtime: RuntimeRecord) -> None:
    kept = parse_revision(stored(created(runtime)[0]))

    assert kept is not None
    assert render_revision(History(runtime, ()).as_of(kept)) == render_revision(runtime)


def test_kept_revision__as_a_json_patch__undoes_every_later_change() -> None:
    """`kubectl patch --type json` with the kept patch; all operations set a field of the spec."""
    before = given.runtime("spin", config={"options": {"a": 1}})
    changed: dict[str, Any] = {
        "version": "2",
        "type": "OCIRuntime",
        "source": given.http("amd64"),
        "config": {"options": {"a": 2, "later": True}, "snapshotter": "s"},
    }

    for operation in created(before)[0].patch:
        assert operation["op"] == "add"
        changed[operation["path"].removeprefix("/spec/")] = operation["value"]

    assert revision_name(given.runtime("spin", **changed)) == revision_name(before)


@pytest.mark.parametrize(
    "runtime",
    [
        given.runtime("spin", deleting=True),
        given.runtime("spin", source={}, type="Nonsense"),
        given.runtime("spin", handler="h", created="2026-02-01T00:00:00Z"),
    ],
    ids=["deleting", "invalid", "lost-a-conflict"],
)
def test_plan__of_a_runtime_that_is_not_served__keeps_nothing_new(runtime: RuntimeRecord) -> None:
    older = given.runtime("older", handler="h")

    assert [action.runtime for action in created(runtime, older)] == ["older"]


def test_plan__old_revision_is_the_target_again__is_numbered_anew_once() -> None:
    old, new = record(edition(1), 1), record(edition(2), 2)

    (action,) = only(plan(edition(1), old, new), NumberRevision)

    assert (action.name, action.number, action.resource_version) == (old.name, 3, "5")
    assert only(plan(edition(1), replace(old, number=3), new), NumberRevision) == []


def deleted(*records: Record) -> set[str]:
    return {action.name for action in only(plan(*records), DeleteRevision)}


def test_plan__more_revisions_than_the_limit__drops_the_oldest_that_no_node_has() -> None:
    editions = [edition(number) for number in range(6)]
    kept = [record(item, number) for number, item in enumerate(editions, start=1)]
    on_a_node = given.wasm_node("n1", given.entry("spin", config={"snapshotter": "edition-0"}))
    status = {"stableRevision": kept[1].name}
    runtime = edition(5, revisionHistoryLimit=2, status=status)

    gone = deleted(runtime, given.node("n1", asks="spin"), on_a_node, *kept)

    assert gone == {kept[2].name}, "0 is on a node, 1 is stable, 3 and 4 are within, 5 is wanted"


def test_plan__fewer_revisions_than_the_limit__drops_none() -> None:
    kept = [record(edition(number), number) for number in range(1, 5)]

    assert deleted(edition(4), *kept) == set()


def test_plan__revision_of_an_earlier_runtime_of_that_name__is_dropped_first() -> None:
    foreign = record(SPIN, runtime_uid="earlier-uid")

    assert deleted(SPIN, foreign) == {foreign.name}
    assert deleted(SPIN, replace(foreign, deleting=True)) == set()
    assert created(SPIN, foreign) == [], "its name is taken until it is gone"
    assert created(SPIN, record(edition(7), runtime_uid="earlier-uid")) != []


@pytest.mark.parametrize(
    "data",
    [{}, {"patch": []}, {"patch": [{"op": "add"}]}, {"patch": [{"path": "/spec/source"}]}],
)
def test_parse_revision__of_data_that_is_not_ours__has_no_spec(data: dict[str, Any]) -> None:
    raw = stored(created(SPIN)[0])

    kept = parse_revision({**raw, "data": data})

    assert kept is not None
    assert kept.spec is None


def test_parse_revision__of_a_daemon_set__is_none() -> None:
    raw = stored(created(SPIN)[0])

    assert parse_revision({**raw, "metadata": {**raw["metadata"], "labels": {}}}) is None
