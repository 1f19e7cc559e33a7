"""What the API server says to those who write pods, and adds to pods, by the chart's policies."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any, Final

import pytest
import yaml

from demo.chart import CHART, NAMESPACE, helm_program
from integration.operator.api import CLASSES, Api, Raw
from integration.operator.world import wait
from localcluster import Cluster, binaries, commands

pytestmark = pytest.mark.integration

_APIS: Final = "admissionregistration.k8s.io/v1"
KINDS: Final = tuple(
    f"{_APIS}/{kind}" for kind in ("ValidatingAdmissionPolicy", "MutatingAdmissionPolicy")
)
PLACES: Final = {
    "Pod": "/api/v1/namespaces/default/pods",
    "Deployment": "/apis/apps/v1/namespaces/default/deployments",
    "CronJob": "/apis/batch/v1/namespaces/default/cronjobs",
}
ENV: Final = {"env": [{"name": "LEVEL", "value": "debug"}]}
EXEC: Final = {"livenessProbe": {"exec": {"command": ["/healthy"]}}}
HTTP: Final = {"livenessProbe": {"httpGet": {"path": "/", "port": 80}}}
HOOK: Final = {"lifecycle": {"preStop": {"exec": {"command": ["/stop"]}}}}
HINT: Final = "module.wasm.image/variant"


@pytest.fixture(scope="module")
def policies(api: Api, control_plane: Cluster) -> Iterator[Api]:
    """An API server with what the chart says about pods, and with a few RuntimeClasses."""
    for name in ("wasmtime", "crun", "crun-wasm", "mine"):
        meta = {"metadata": {"name": name}, "handler": name}
        api.create(CLASSES, {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", **meta})
    text = "---\n".join(yaml.safe_dump(it) for it in manifests())
    control_plane.kubectl("apply", "-f", "-", input=text)
    wait(lambda: warnings(api, pod("wasmtime", c("a", **EXEC))), 30)
    wait(lambda: HINT in annotations(api, pod("crun", c("a"))), 30)
    yield api
    control_plane.kubectl("delete", "-f", "-", input=text)
    for name in ("wasmtime", "crun", "crun-wasm", "mine"):
        api.delete(f"{CLASSES}/{name}")


def manifests() -> list[Raw]:
    where = ("--namespace", NAMESPACE, *(f"--api-versions={kind}" for kind in KINDS))
    chosen = ("warnings", "annotations")
    shown = [f"--show-only=templates/pods/{name}.yaml" for name in chosen]
    text = commands.run(str(helm_program()), "template", "wasmwright", str(CHART), *where, *shown)
    return [it for it in yaml.load_all(text, yaml.CSafeLoader) if it]


def c(name: str, **fields: Any) -> Raw:
    return {"name": name, "image": "i", **fields}


def pod(runtime_class: str, *containers: Raw, init: tuple[Raw, ...] = (), **metadata: Any) -> Raw:
    spec: Raw = {"containers": list(containers), "initContainers": list(init)}
    if runtime_class:
        spec["runtimeClassName"] = runtime_class
    meta = {"name": "p", **metadata}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}


def deployment(template: Raw) -> Raw:
    labels = {"app": "d"}
    spec = {
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": template["spec"]},
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": spec}


def cron_job(template: Raw) -> Raw:
    job = {"template": {"spec": {**template["spec"], "restartPolicy": "Never"}}}
    spec = {"schedule": "* * * * *", "jobTemplate": {"spec": job}}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "j"}, "spec": spec}


def warnings(api: Api, thing: Raw) -> list[str]:
    answer = api.client.post(f"{PLACES[thing['kind']]}?dryRun=All", json=thing)
    assert answer.is_success, answer.text
    return answer.headers.get_list("warning")


def annotations(api: Api, thing: Raw) -> Raw:
    made = api.create(f"{PLACES['Pod']}?dryRun=All", thing)
    return dict(made["metadata"].get("annotations", {}))


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        (pod("wasmtime", c("app", **ENV)), []),
        (pod("wasmtime", c("app"), c("proxy")), []),
        (pod("wasmtime", c("app"), c("proxy", **ENV)), ["RuntimeClass wasmtime: ", "for proxy;"]),
        (pod("wasmtime", c("app", **ENV), c("proxy", **ENV)), ["for app, proxy;"]),
        (
            pod("wasmtime", c("app"), init=(c("mesh", restartPolicy="Always", **ENV),)),
            ["for mesh;", "choose a RuntimeClass that leaves it its environment"],
        ),
        (pod("wasmtime", c("app", **EXEC)), ["nothing can be executed", "for app; use httpGet"]),
        (pod("wasmtime", c("app", **HTTP), c("proxy", **HOOK)), ["for proxy; use httpGet"]),
        (pod("crun-wasm", c("app"), c("proxy")), ["run nothing but wasm", "such as crun"]),
        (pod("crun", c("app", **EXEC), c("proxy", **ENV, **HOOK)), []),
        (pod("mine", c("app", **EXEC), c("proxy", **ENV)), []),
        (pod("", c("app", **EXEC), c("proxy", **ENV)), []),
        (deployment(pod("wasmtime", c("app"), c("proxy", **ENV))), ["for proxy;"]),
        (cron_job(pod("wasmtime", c("app", **EXEC))), ["for app; use httpGet"]),
    ],
)
def test_pod__that_will_not_get_what_it_needs__is_warned_of(
    policies: Api, thing: Raw, words: list[str]
) -> None:
    said = warnings(policies, thing)

    assert len(said) == bool(words)
    assert all(word in said[0] for word in words)


def test_warning__is_shown_by_kubectl(policies: Api, control_plane: Cluster) -> None:
    assert policies is not None
    thing = json.dumps(pod("wasmtime", c("app"), c("istio-proxy", **ENV)))
    program = (binaries.ensure("kubectl"), f"--kubeconfig={control_plane.kubeconfig}")
    asked = (*program, "create", "--dry-run=server", "-f", "-")
    done = subprocess.run(asked, input=thing, capture_output=True, text=True, check=True)

    assert "Warning: Validation failed for ValidatingAdmissionPolicy" in done.stderr
    assert "this pod sets some for istio-proxy" in done.stderr
    assert "created" in done.stdout


@pytest.mark.parametrize(
    ("runtime_class", "written", "expected"),
    [
        ("crun", None, {HINT: "compat-smart"}),
        ("crun", {"a": "b"}, {"a": "b", HINT: "compat-smart"}),
        ("crun", {HINT: "compat"}, {HINT: "compat"}),
        ("crun", {"run.oci.handler": "wasm"}, {"run.oci.handler": "wasm"}),
        ("wasmtime", None, {}),
        ("", None, {}),
    ],
)
def test_pod_of_crun__that_does_not_say_so__is_said_to_hold_wasm(
    policies: Api, runtime_class: str, written: Raw | None, expected: Raw
) -> None:
    metadata = {"annotations": written} if written else {}

    assert annotations(policies, pod(runtime_class, c("app"), **metadata)) == expected
