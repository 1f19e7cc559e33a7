"""Downloads without a digest: refused, or taken as the first node found them."""

from typing import Any

import pytest

from unit.operator import given
from unit.operator.fleet.cluster import only, plan
from wasmwright_operator.actions import EmitEvent, WriteRuntimeStatus
from wasmwright_operator.api.wasmnode import WasmNodeStatus
from wasmwright_operator.conditions import find
from wasmwright_operator.fleet.acceptance import judge_runtimes
from wasmwright_operator.fleet.rendering import render_entry
from wasmwright_operator.fleet.rollout.revisions import revision_name
from wasmwright_operator.fleet.trust import recorded, tell_unverified
from wasmwright_operator.records import RuntimeRecord, WasmNodeRecord
from wasmwright_operator.records.wasmnode import entry_digest

ONE, OTHER = "1" * 64, "2" * 64
URL = "https://example.org/amd64/shim.tar.gz"
FOUND = {"digests": [{"url": URL, "sha256": ONE, "node": "n1"}]}


def spin(**more: Any) -> RuntimeRecord:
    source = given.http("amd64", sha256="")
    return given.runtime("spin", source=source, **{"allowUnverified": True, **more})


def holder(name: str, digest: str = ONE, **more: Any) -> WasmNodeRecord:
    entry = render_entry(spin(), "amd64")
    assert entry is not None
    told = {"name": "spin", "handler": "spin", "state": "ready", "digest": digest}
    status = {
        "concluded_hash": given.HASH,
        "concluded_attempt": 1,
        "installed_hash": given.HASH,
        "runtimes": [told],
        **more,
    }
    return given.wasm_node(name, entry, status=WasmNodeStatus.model_validate(status))


def pinned(runtime: RuntimeRecord) -> str:
    entry = render_entry(runtime, "amd64")
    assert entry is not None
    assert entry.source.http is not None
    return entry.source.http.required


def test_judge__no_digest__is_refused_with_both_ways_out() -> None:
    verdict = judge_runtimes([spin(allowUnverified=False)])["spin"]

    assert (verdict.is_accepted, verdict.reason) == (False, "Unverified")
    assert verdict.message == (
        "the download for amd64 has no sha256; give it in spec.source, or set spec.allowUnverified"
        " to take what the first node finds"
    )


def test_judge__no_digest__costs_it_none_of_its_names() -> None:
    verdicts = judge_runtimes(
        [spin(allowUnverified=False), given.runtime("young", created="2027", handler="spin")]
    )

    assert verdicts["young"].reason == "HandlerConflict"


@pytest.mark.parametrize("source", [given.http("amd64"), {"hostPath": {"path": "/usr/bin/spin"}}])
def test_judge__nothing_unverified__needs_no_permission(source: Any) -> None:
    runtime = given.runtime(source=source)

    assert judge_runtimes([runtime])["spin"].is_accepted
    assert tell_unverified(runtime, ()) is None


def test_render__digest_found__is_required_and_no_part_of_the_identity() -> None:
    before, after = render_entry(spin(), "amd64"), render_entry(spin(status=FOUND), "amd64")

    assert (pinned(spin()), pinned(spin(status=FOUND))) == ("", ONE)
    assert before is not None
    assert after is not None
    assert entry_digest(before) == entry_digest(after)
    assert revision_name(spin()) == revision_name(spin(status=FOUND))


def test_render__digest_given_since__counts_more_than_what_was_found() -> None:
    runtime = given.runtime(source=given.http("amd64", sha256=OTHER), status=FOUND)

    assert pinned(runtime) == OTHER


def test_recorded__several_nodes_at_once__takes_the_first_by_name() -> None:
    (found,) = recorded(spin(), [holder("n2", OTHER), holder("n1", ONE)])

    assert (found.node, found.sha256, found.url) == ("n1", ONE, URL)


def test_recorded__known_already__stays_whatever_nodes_find() -> None:
    (found,) = recorded(spin(status=FOUND), [holder("a", OTHER)])

    assert found.sha256 == ONE


def test_recorded__node_whose_spec_has_changed_since__tells_nothing() -> None:
    assert recorded(spin(), [holder("n1", installed_hash="b" * 64)]) == ()


def test_recorded__digest_given_since__keeps_what_an_earlier_download_was() -> None:
    (found,) = recorded(given.runtime(source=given.http("amd64"), status=FOUND), [])

    assert found.sha256 == ONE


@pytest.mark.parametrize(
    ("status", "holders", "reason", "told"),
    [
        ({}, [], "NoDigest", "amd64: no digest is known"),
        ({}, [holder("n1")], "TrustedOnFirstUse", f"sha256 {ONE}, as node n1 found it"),
        (FOUND, [holder("n2", OTHER)], "DigestsDiffer", "nodes n2 have another file"),
        (FOUND, [holder("n2")], "TrustedOnFirstUse", "give sha256 in spec.source"),
    ],
    ids=["nobody", "first", "differs", "same"],
)
def test_tell__condition__says_what_is_known(
    status: Any, holders: list[WasmNodeRecord], reason: str, told: str
) -> None:
    found = tell_unverified(spin(status=status), holders)

    assert found is not None
    assert found[0] == reason
    assert told in found[1]


def test_plan__first_node_done__records_its_digest_and_warns_once() -> None:
    node = given.node("n1", asks="spin")
    (write,) = only(plan(spin(), node, holder("n1")), WriteRuntimeStatus)

    assert [item.sha256 for item in write.status.digests] == [ONE]
    condition = find(write.status.conditions, "Unverified")
    assert condition is not None
    assert (condition.status.value, condition.reason) == ("True", "TrustedOnFirstUse")
    events = [event for event in write.events if isinstance(event, EmitEvent)]
    assert [event.reason for event in events if "Unverified" in event.reason] == ["Unverified"]


def test_plan__refused__has_no_such_condition_and_no_event() -> None:
    (write,) = only(plan(spin(allowUnverified=False)), WriteRuntimeStatus)

    accepted = find(write.status.conditions, "Accepted")
    assert accepted is not None
    assert (accepted.status.value, accepted.reason) == ("False", "Unverified")
    assert find(write.status.conditions, "Unverified") is None
    assert write.events == ()
