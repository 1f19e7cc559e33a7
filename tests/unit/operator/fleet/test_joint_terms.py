"""What several runtimes allow one run together."""

from typing import Any

import pytest

from unit.operator import given
from unit.operator.fleet.cluster import only, plan
from wasmwright_installer.contract import WasmPods
from wasmwright_operator.actions import CreateWasmNode
from wasmwright_operator.api.rollout import RolloutSpec
from wasmwright_operator.fleet.terms import Terms, agree


def rollout(**given_fields: Any) -> RolloutSpec:
    return RolloutSpec.model_validate(given_fields)


def terms(*disruptions: dict[str, Any]) -> Terms:
    return agree(rollout(disruption=item) for item in disruptions)


@pytest.mark.parametrize(
    ("first", "second", "agreed", "told"),
    [
        ("Force", "Force", "Force", WasmPods.FORCE),
        ("Force", "Evict", "Evict", WasmPods.WAIT),
        ("Evict", "Wait", "Wait", WasmPods.WAIT),
        ("Wait", "Force", "Wait", WasmPods.WAIT),
    ],
)
def test_wasm_pods__the_most_careful_wins(
    first: str, second: str, agreed: str, told: WasmPods
) -> None:
    found = terms({"wasmPods": first}, {"wasmPods": second})

    assert (found.disruption.wasm_pods, found.wasm_pods) == (agreed, told)


@pytest.mark.parametrize(
    ("modes", "agreed"),
    [(("None", "Cordon"), "Cordon"), (("Drain", "Cordon"), "Drain"), (("None",), "None")],
)
def test_mode__the_most_careful_wins(modes: tuple[str, ...], agreed: str) -> None:
    assert terms(*({"mode": mode} for mode in modes)).disruption.mode == agreed


def test_drain__is_as_patient_as_the_most_patient_and_loses_only_what_all_would() -> None:
    drain = terms(
        {"mode": "Drain", "drain": {"timeout": "90s", "force": True, "deleteEmptyDirData": True}},
        {"mode": "Drain", "drain": {"timeout": "2m", "force": True}},
        {"mode": "Cordon"},
    ).disruption.drain

    assert (drain.timeout, drain.force, drain.delete_empty_dir_data) == ("2m", True, False)


@pytest.mark.parametrize(("other", "is_kept"), [({"app": "a"}, True), ({"app": "b"}, False)])
def test_drain__of_different_pods__is_one_of_all_pods(
    other: dict[str, str], *, is_kept: bool
) -> None:
    selectors = ({"matchLabels": labels} for labels in ({"app": "a"}, other))
    found = terms(*({"mode": "Drain", "drain": {"podSelector": item}} for item in selectors))

    assert (found.disruption.drain.pod_selector is not None) == is_kept


def test_blocking_pods__of_all_are_joined() -> None:
    first, second = ({"matchLabels": {"app": name}} for name in "ab")

    found = agree([rollout(blockingPods=[first, second]), rollout(blockingPods=[second])])

    labels = [item.match_labels["app"] for item in found.disruption.blocking_pods]
    assert labels == ["a", "b"]


@pytest.mark.parametrize(
    ("attempts", "expected"), [((10, 3), 3), ((0, 4), 4), ((0, 0), 0)], ids=str
)
def test_max_attempts__is_the_least_and_none_is_no_limit(
    attempts: tuple[int, ...], expected: int
) -> None:
    assert agree(rollout(maxAttempts=item) for item in attempts).max_attempts == expected


def test_min_ready_seconds__is_the_longest() -> None:
    assert agree(rollout(minReadySeconds=item) for item in (5, 60, 0)).min_ready_seconds == 60


def test_run_of_a_runtime_that_is_gone__is_careful() -> None:
    assert agree(()) == Terms()


def test_terms__are_written_with_the_run() -> None:
    spec = {"minReadySeconds": 7, "maxAttempts": 4, "disruption": {"mode": "Cordon"}}

    (begun,) = only(plan(given.node(asks="spin"), given.runtime(rollout=spec)), CreateWasmNode)

    assert (begun.spec.min_ready_seconds, begun.spec.max_attempts) == (7, 4)
    assert begun.spec.disruption.mode == "Cordon"
