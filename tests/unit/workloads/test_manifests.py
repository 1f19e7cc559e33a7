from typing import Any

import pytest

from wasmwright_operator.api.wasmruntime import WasmRuntimeSpec
from workloads import light_shim, pods, runtimes
from workloads.artifacts import pack
from workloads.modules import Module

URL = "http://10.0.0.1:8080/shim.tar.gz"
LIGHT = light_shim.artifact()
REAL = pack("containerd-shim-wasmtime-v1", b"program")


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(runtimes.light_shim(LIGHT, URL), id="light shim"),
        pytest.param(runtimes.shim(REAL, URL, version="1"), id="real shim"),
        pytest.param(runtimes.crun(), id="crun"),
    ],
)
def test_runtime__is_what_the_api_knows__with_no_field_beside(spec: runtimes.Spec) -> None:
    model = WasmRuntimeSpec.model_validate(spec)

    dumped = model.model_dump(mode="json", exclude_unset=True)
    assert dumped == spec


@pytest.mark.parametrize(
    ("machine", "arch"), [("x86_64", "amd64"), ("aarch64", "arm64"), ("s390x", "s390x")]
)
def test_shim__is_for_this_machine__in_the_words_of_kubernetes(
    machine: str, arch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtimes, "machine", lambda: machine)

    spec = runtimes.shim(REAL, URL, version="1")

    assert spec["source"]["http"]["platforms"][0]["arch"] == arch


def test_light_shim__says_that_its_pods_survive__and_the_real_one_does_not() -> None:
    light = WasmRuntimeSpec.model_validate(runtimes.light_shim(LIGHT, URL))
    real = WasmRuntimeSpec.model_validate(runtimes.shim(REAL, URL, version="1"))

    assert light.config.pods_survive_restart is True
    assert real.config.pods_survive_restart is None


def test_shim__with_a_wrong_digest__names_that_and_not_the_true_one() -> None:
    spec = runtimes.shim(REAL, URL, version="1", sha256="0" * 64)

    assert spec["source"]["http"]["platforms"][0]["sha256"] == "0" * 64


def test_wasm_pod__is_scheduled_and_not_placed() -> None:
    pod: dict[str, Any] = pods.wasm_pod(
        "p", module=Module.LOOP, runtime_class="crun", node="n1", annotations={"a": "b"}
    )

    assert pod["spec"]["runtimeClassName"] == "crun"
    assert pod["spec"]["nodeSelector"] == {"kubernetes.io/hostname": "n1"}
    assert "nodeName" not in pod["spec"]
    assert pod["metadata"]["annotations"] == {"a": "b"}
    assert pod["spec"]["containers"][0]["command"] == ["/loop.wasm"]


def test_bystander_pod__has_no_runtime_class() -> None:
    assert "runtimeClassName" not in pods.bystander_pod("p", node="n1")["spec"]
