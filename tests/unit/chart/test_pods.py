"""What the chart has the API server do about pods; that it does so is shown on a real one."""

from typing import Any

import pytest

from support import catalogue
from unit.chart.rendering import POLICIES, render
from wasmwright_operator.catalogue import Status
from wasmwright_operator.catalogue.pods import NativeEnvironment

VALIDATING, MUTATING = POLICIES
SOURCE = {"source": {"hostPath": {"path": "/x"}}}


def facts(values: dict[str, Any] | None = None) -> dict[str, str]:
    return dict(render(values).find("ConfigMap", "wasmwright-pod-facts")["data"])


def expected(name: str) -> str:
    mixed = catalogue.entry(name).mixed_pods
    words = {
        "EnvironmentLost": mixed.native_env is NativeEnvironment.LOST,
        "NoExec": not mixed.exec,
        "WasmOnly": not mixed.supported,
    }
    return ",".join(word for word, holds in words.items() if holds)


@pytest.mark.parametrize("name", catalogue.IDS)
def test_facts__are_those_of_the_catalogue(name: str) -> None:
    entry = catalogue.entry(name)
    found = facts()

    for runtime_class in (*entry.runtime_classes, *entry.other_names.runtime_classes):
        if entry.status is Status.TEMPLATE:
            assert runtime_class not in found
        else:
            assert found[runtime_class] == expected(name)


def test_facts__of_other_classes_of_a_known_handler__are_the_same() -> None:
    mine = {"handler": "wasmtime", "runtimeClasses": [{"name": "fast"}], **SOURCE}
    by_name = {"runtimeClasses": [{"name": "swift"}], **SOURCE}
    unknown = {"runtimeClasses": [{"name": "own"}], **SOURCE}

    found = facts({"runtimes": {"w": mine, "spin": by_name, "own": unknown, "gone": None}})

    assert found["fast"] == found["swift"] == "EnvironmentLost,NoExec"
    assert "own" not in found


def test_facts__that_people_give__count_instead() -> None:
    found = facts({"podWarnings": {"classes": {"spin": [], "mine": ["WasmOnly", "NoExec"]}}})

    assert (found["spin"], found["mine"]) == ("", "WasmOnly,NoExec")


@pytest.mark.parametrize(
    ("values", "apis"),
    [({"podWarnings": {"enabled": False}}, POLICIES), ({}, (MUTATING,))],
    ids=["unwanted", "old-api-server"],
)
def test_warnings__unwanted_or_impossible__are_left_out_whole(
    values: dict[str, Any], apis: tuple[str, ...]
) -> None:
    release = render(values, apis)

    assert release.of("ValidatingAdmissionPolicy") == []
    assert release.of("ValidatingAdmissionPolicyBinding") == []
    maps = [it["metadata"]["name"] for it in release.of("ConfigMap")]
    assert "wasmwright-pod-facts" not in maps


def test_warnings__neither_refuse_a_pod_nor_keep_it_waiting_for_the_operator() -> None:
    policy = render().find("ValidatingAdmissionPolicy", "wasmwright-pods")
    binding = render().find("ValidatingAdmissionPolicyBinding", "wasmwright-pods")

    assert policy["spec"]["failurePolicy"] == "Ignore"
    assert binding["spec"]["validationActions"] == ["Warn", "Audit"]
    assert binding["spec"]["paramRef"]["parameterNotFoundAction"] == "Allow"
    assert render().of("ValidatingWebhookConfiguration") == []


@pytest.mark.parametrize(
    ("apis", "version"),
    [
        ((MUTATING,), "v1"),
        ((MUTATING.replace("/v1/", "/v1beta1/"),), "v1beta1"),
        ((MUTATING, MUTATING.replace("/v1/", "/v1beta1/")), "v1"),
        ((), ""),
    ],
)
def test_annotations__are_added_in_the_newest_version_that_there_is(
    apis: tuple[str, ...], version: str
) -> None:
    release = render(apis=apis)
    found = release.of("MutatingAdmissionPolicy") + release.of("MutatingAdmissionPolicyBinding")

    assert [it["apiVersion"].rpartition("/")[2] for it in found] == (
        [version] * 2 if version else []
    )


def test_annotations__are_those_that_the_catalogue_tells_people_to_write() -> None:
    release = render({"podAnnotations": {"runtimes": ["crun", "youki"]}})

    for name in ("crun", "youki"):
        spec = release.find("MutatingAdmissionPolicy", f"wasmwright-{name}")["spec"]
        (mutation,) = spec["mutations"]
        for key, value in catalogue.entry(name).pod_hints.annotations.items():
            assert f'"{key}":"{value}"' in mutation["applyConfiguration"]["expression"]
    assert render({"podAnnotations": {"runtimes": []}}).of("MutatingAdmissionPolicy") == []
