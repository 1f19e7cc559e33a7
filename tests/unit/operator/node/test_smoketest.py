"""What the pods of smoke tests tell, from all that the cluster may show of them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from unit.operator import given
from wasmwright_installer.contract import RuntimeState
from wasmwright_operator.actions import CreateSmokeTest, ReadWarnings
from wasmwright_operator.api.wasmnode import SmokeTest
from wasmwright_operator.node.outcome import Outcome
from wasmwright_operator.node.smoketest import (
    GREETING,
    Evidence,
    Unproved,
    observe_tests,
    refused_test,
)
from wasmwright_operator.records import (
    ContainerRecord,
    ContainerState,
    PodRecord,
    SmokeTestRecord,
    WasmNodeRecord,
)

PROVED = given.result("spin", "wasmtime")
SPIN = SmokeTest(runtime="spin", timeout_seconds=10)
RECORD = given.wasm_node("n1", given.entry("spin"), given.entry("wasmtime"), smoke_tests=(SPIN,))
CREATED = "2026-05-04T11:59:58Z"


def pod(container: ContainerRecord | None = None, runtime: str = "spin", **more: Any) -> PodRecord:
    kept = PROVED.model_dump_json(by_alias=True)
    told = SmokeTestRecord(runtime, kept, container)
    return replace(given.pod(RECORD, created=CREATED, smoke_test=told), name=runtime, **more)


def observed(
    *pods: PodRecord, record: WasmNodeRecord = RECORD, after: float = 0, **evidence: Any
) -> Unproved | Outcome | None:
    now = given.NOW + timedelta(seconds=after)
    return observe_tests(record, PROVED, Evidence(pods, **evidence), now)


def said(found: Unproved | Outcome | None) -> str:
    assert isinstance(found, Outcome)
    assert found.reason == "SmokeTestFailed"
    assert not found.is_success
    return found.message


def test_tests__none_asked_for__nothing_is_to_be_shown() -> None:
    assert observed(record=given.wasm_node("n1", given.entry())) is None


def test_test__without_a_pod__is_begun_with_what_the_installer_said() -> None:
    found = observed()

    assert isinstance(found, Unproved)
    assert found.actions == (CreateSmokeTest("n1", given.run_of(RECORD), SPIN, False, PROVED),)  # noqa: FBT003
    assert found.underway.note == "waiting for the smoke test of spin"


def test_test__of_an_oci_runtime__says_that_it_holds_wasm() -> None:
    crun = given.entry("crun", type="OCIRuntime")
    found = observed(record=given.wasm_node("n1", crun, smoke_tests=(SmokeTest(runtime="crun"),)))

    assert isinstance(found, Unproved)
    assert [it.is_oci_runtime for it in found.actions if isinstance(it, CreateSmokeTest)] == [True]


@pytest.mark.parametrize(
    ("container", "message"),
    [
        (given.terminated(0, GREETING + "\n"), ""),
        (given.terminated(0, "hello"), "exit code 0 but its last words were 'hello', not 'wasmwri"),
        (given.terminated(0), "exit code 0 but its last words were ''"),
        (given.terminated(137, "trap: unreachable"), "exit code 137: trap: unreachable"),
        (given.terminated(128, reason="StartError"), "exit code 128: StartError"),
        (given.terminated(1, GREETING), "exit code 1"),
    ],
)
def test_pod__that_ended__is_judged_by_code_and_last_words(
    container: ContainerRecord, message: str
) -> None:
    found = observed(pod(container, phase="Succeeded"))

    if message:
        assert message in said(found)
    else:
        assert found is None


def test_image_of_theirs__is_judged_by_what_they_expect() -> None:
    theirs = SPIN.model_copy(update={"image": "shop/test:1"})
    any_words = replace(RECORD, spec=RECORD.spec.model_copy(update={"smoke_tests": (theirs,)}))
    hi = theirs.model_copy(update={"expect": "hi"})
    certain = replace(RECORD, spec=RECORD.spec.model_copy(update={"smoke_tests": (hi,)}))

    assert observed(pod(given.terminated(0)), record=any_words) is None
    assert observed(pod(given.terminated(0, "hi there")), record=certain) is None
    assert "not 'hi'" in said(observed(pod(given.terminated(0, GREETING)), record=certain))


def test_failure__denies_one_runtime__and_leaves_the_others_proved() -> None:
    found = observed(pod(given.terminated(1, "no")))

    assert isinstance(found, Outcome)
    assert found.result is not None
    states = {item.name: (item.state, item.message) for item in found.result.runtimes}
    assert states == {
        "spin": (RuntimeState.FAILED, "it ended with exit code 1: no"),
        "wasmtime": (RuntimeState.READY, ""),
    }


def test_pod__under_way__is_waited_for_until_its_time_is_over() -> None:
    found = observed(pod(given.waiting("ContainerCreating")))

    assert isinstance(found, Unproved)
    assert found.actions == ()
    assert found.underway.look_again == given.NOW + timedelta(seconds=8)


@pytest.mark.parametrize(
    ("container", "standing"),
    [
        (None, "the node did not take it up"),
        (given.waiting("ContainerCreating"), "its container waits: ContainerCreating"),
        (
            given.waiting("ErrImagePull", "no such image"),
            "its container waits: ErrImagePull: no such image",
        ),
        (ContainerRecord(ContainerState.RUNNING), "its container still runs"),
    ],
)
def test_pod__over_its_time__fails_with_what_was_told_in_events(
    container: ContainerRecord | None, standing: str
) -> None:
    late = pod(container)

    asked = observed(late, after=8)
    assert isinstance(asked, Unproved)
    assert asked.actions == (ReadWarnings("n1", late.name, late.uid),)

    told = {late.uid: "FailedCreatePodSandBox: no such shim"}
    message = said(observed(late, after=8, warnings=told))
    assert f"did not end within 10 s, {standing}; FailedCreatePodSandBox: no such shim" in message
    assert said(observed(late, after=8, warnings={late.uid: ""})).endswith(standing)


def test_pod__that_the_node_ended_or_refused__fails_with_its_words() -> None:
    refused = pod(phase="Failed", reason="OutOfpods", message="too many pods")
    told = {refused.uid: ""}

    assert "OutOfpods: too many pods" in said(observed(refused, warnings=told))


def test_pod__that_somebody_deleted__is_not_made_again() -> None:
    lost = frozenset({(given.run_of(RECORD), "spin")})

    assert "somebody deleted its pod" in said(observed(lost=lost))
    of_another_run = frozenset({(replace(given.run_of(RECORD), attempt=9), "spin")})
    assert isinstance(observed(lost=of_another_run), Unproved)


def test_two_tests__one_failed_and_one_under_way__wait_for_each_other() -> None:
    both = (SPIN, SmokeTest(runtime="wasmtime"))
    record = replace(RECORD, spec=RECORD.spec.model_copy(update={"smoke_tests": both}))
    failed, runs = pod(given.terminated(1, "no")), pod(given.waiting("x"), "wasmtime")

    assert isinstance(observed(failed, runs, record=record), Unproved)
    good = pod(given.terminated(0, GREETING), "wasmtime")
    message = said(observed(failed, good, record=record))
    assert message == "smoke test of spin: it ended with exit code 1: no"


def test_refused_pod__is_the_end_of_the_run_with_the_api_servers_words() -> None:
    action = CreateSmokeTest("n1", given.run_of(RECORD), SPIN, is_oci_runtime=False, result=PROVED)

    assert "exceeded quota" in said(refused_test(action, "exceeded quota"))


def test_pods__keep_what_the_installer_said() -> None:
    found = Evidence((pod(),)).outcome()

    assert found is not None
    assert (found.is_success, found.result) == (True, PROVED)
    assert Evidence().outcome() is None
    spoiled = replace(pod(), smoke_test=SmokeTestRecord("spin", "{"))
    assert Evidence((spoiled,)).outcome() is None
