import json
from typing import Any

import pytest

from unit.operator import given
from wasmwright_operator import names
from wasmwright_operator.actions import CreateSmokeTest
from wasmwright_operator.api.wasmnode import SmokeTest
from wasmwright_operator.manifests import JobPolicy, render_smoke_test
from wasmwright_operator.records import RunKey, parse_pod

POLICY = JobPolicy("system", "our/installer:1", pull_secrets=("registry",))
RESULT = given.result("spin")


def pod(attempt: int = 1, *, is_oci_runtime: bool = False, **test: Any) -> dict[str, Any]:
    action = CreateSmokeTest(
        node="n1.example",
        run=RunKey("owner", given.HASH, attempt),
        test=SmokeTest(**{"runtime": "spin", **test}),
        is_oci_runtime=is_oci_runtime,
        result=RESULT,
    )
    return render_smoke_test(action, POLICY)


def test_pod__is_read_back_as_what_it_is() -> None:
    record = parse_pod({**pod(), "metadata": {**pod()["metadata"], "uid": "u"}})

    assert record is not None
    assert (record.node, record.run) == ("n1.example", RunKey("owner", given.HASH, 1))
    assert record.smoke_test is not None
    assert record.smoke_test.runtime == "spin"
    kept = json.loads(record.smoke_test.run_result)
    assert kept == RESULT.model_dump(mode="json", by_alias=True)


def test_pod__goes_to_its_node_past_the_scheduler__and_ends_by_itself() -> None:
    spec = pod(timeout_seconds=20)["spec"]

    assert (spec["nodeName"], spec["tolerations"]) == ("n1.example", [{"operator": "Exists"}])
    assert spec["runtimeClassName"] == names.smoke_test_class("spin")
    assert (spec["restartPolicy"], spec["activeDeadlineSeconds"]) == ("Never", 50)
    assert spec["automountServiceAccountToken"] is False


def test_pod__goes_with_its_wasm_node() -> None:
    (owner,) = pod()["metadata"]["ownerReferences"]

    assert (owner["kind"], owner["name"], owner["uid"]) == ("WasmNode", "n1.example", "owner")


@pytest.mark.parametrize(
    ("test", "image", "command"),
    [
        ({}, "our/installer:1", ["/smoke-test.wasm"]),
        ({"image": "shop/app:1"}, "shop/app:1", None),
        ({"image": "shop/app:1", "command": ("/",)}, "shop/app:1", ["/"]),
    ],
)
def test_pod__runs_our_module_unless_it_is_given_another_image(
    test: dict[str, Any], image: str, command: list[str] | None
) -> None:
    spec = pod(**test)["spec"]
    (container,) = spec["containers"]

    assert (container["image"], container.get("command")) == (image, command)
    assert spec["imagePullSecrets"] == [{"name": "registry"}]


def test_pod__of_an_oci_runtime__says_that_it_holds_wasm() -> None:
    hint = "module.wasm.image/variant"

    assert pod(is_oci_runtime=True)["metadata"]["annotations"][hint] == "compat-smart"
    assert hint not in pod()["metadata"]["annotations"]


def test_name__is_that_of_no_other_test() -> None:
    names_of = [pod(), pod(attempt=2), pod(runtime="wasmtime")]

    assert len({item["metadata"]["name"] for item in names_of}) == 3
    assert pod() == pod()
