import json
from typing import Any

import pytest
import yaml

from unit.chart.rendering import CHART, RefusedError, helm, render
from wasmwright_installer.contract import HANDLER_PATTERN, RuntimeType
from wasmwright_operator.api.wasmruntime import WasmRuntimeSpec


def paths(values: dict[str, Any], *above: str) -> list[tuple[str, ...]]:
    found = []
    for key, value in values.items():
        if isinstance(value, dict) and value:
            found += paths(value, *above, key)
        else:
            found.append((*above, key))
    return found


def nested(path: tuple[str, ...], value: object) -> dict[str, Any]:
    return {path[0]: value if len(path) == 1 else nested(path[1:], value)}


DEFAULTS: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
OTHERS: dict[tuple[str, ...], Any] = {
    ("namespace", "create"): False,
    ("crds", "install"): False,
    ("operator", "replicas"): 3,
    ("operator", "image", "repository"): "mirror.example/op",
    ("operator", "image", "tag"): "9.9.9",
    ("operator", "image", "digest"): "sha256:" + "a" * 64,
    ("operator", "image", "pullPolicy"): "Always",
    ("operator", "resources", "requests", "cpu"): "77m",
    ("operator", "resources", "requests", "memory"): "77Mi",
    ("operator", "resources", "limits", "memory"): "777Mi",
    ("operator", "nodeSelector"): {"pool": "system"},
    ("operator", "tolerations"): [{"key": "k", "operator": "Exists"}],
    ("operator", "affinity"): {"nodeAffinity": {"x": "y"}},
    ("operator", "priorityClassName"): "system-cluster-critical",
    ("operator", "logLevel"): "DEBUG",
    ("operator", "logFormat"): "text",
    ("operator", "api", "rate"): 21,
    ("operator", "api", "burst"): 41,
    ("installer", "image", "repository"): "mirror.example/inst",
    ("installer", "image", "tag"): "8.8.8",
    ("installer", "image", "digest"): "sha256:" + "b" * 64,
    ("installer", "image", "pullPolicy"): "Never",
    ("imagePullSecrets",): ["one", "two"],
    ("rbac", "evictPods"): True,
    ("job", "template"): "kind: Job\nname: {{ name }}\n",
    ("job", "ttlSeconds"): 1234567,
    ("job", "deadlineSeconds"): 7654321,
    ("rollout", "paused"): True,
    ("policy", "allowedSources"): ["oci://registry.example.com/wasm/"],
    ("policy", "requireSignatures"): ["https://artifacts.example.com/"],
    ("policy", "allowUnverified"): False,
    ("policy", "allowOptions"): False,
    ("node", "declareAhead"): "None",
    ("node", "keepVersions"): 7654,
    ("rollout", "maxParallel"): 321,
    ("compat", "kwasm", "runtimes"): ["spin", "wasmtime"],
    ("compat", "kwasm", "takeOver"): True,
    ("compat", "rcm", "takeOver"): True,
    ("podWarnings", "enabled"): False,
    ("podWarnings", "classes"): {"mine": ["NoExec"]},
    ("podAnnotations", "runtimes"): ["youki"],
    ("catalogue", "declare"): "None",
    ("runtimes",): {"own": {"source": {"hostPath": {"path": "/usr/bin/crun"}}}},
    ("hooks", "crdTimeoutSeconds"): 61,
    ("hooks", "removeTimeoutSeconds"): 241,
}


def test_values__each_one__has_a_case_below() -> None:
    assert set(paths(DEFAULTS)) == set(OTHERS)


@pytest.mark.parametrize("path", OTHERS, ids=".".join)
def test_values__set_to_something_else__changes_what_is_rendered(path: tuple[str, ...]) -> None:
    assert render(nested(path, OTHERS[path])) != render()


@pytest.mark.parametrize(
    "path", sorted({p[:-1] for p in paths(DEFAULTS)}), ids=lambda p: ".".join(p) or "top"
)
def test_schema__unknown_name__is_refused_at_every_level(path: tuple[str, ...]) -> None:
    with pytest.raises(RefusedError, match="nonesuch"):
        render(nested((*path, "nonesuch"), {}))


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"node": {"declareAhead": "known"}}, "declareAhead"),
        ({"operator": {"logLevel": "LOUD"}}, "logLevel"),
        ({"operator": {"image": {"digest": "latest"}}}, "digest"),
        ({"operator": {"image": {"pullPolicy": "Sometimes"}}}, "pullPolicy"),
        ({"job": {"ttlSeconds": "10m"}}, "ttlSeconds"),
        ({"job": {"deadlineSeconds": 0}}, "deadlineSeconds"),
        ({"imagePullSecrets": [{"name": "x"}]}, "imagePullSecrets"),
        ({"compat": {"kwasm": {"runtimes": ["Spin"]}}}, "runtimes"),
        ({"podWarnings": {"classes": {"mine": ["Everything"]}}}, "classes"),
        ({"podAnnotations": {"runtimes": ["nonesuch"]}}, "nonesuch"),
        ({"podAnnotations": {"runtimes": ["spin"]}}, "need no annotation"),
        ({"runtimes": {"Spin": {"source": {}}}}, "Spin"),
        ({"catalogue": {"declare": "All"}}, "declare"),
        ({"runtimes": {"own": {"version": "1"}}}, r"the catalogue holds .* and no own, so give"),
        ({"runtimes": {"spin": {"version": "1"}}}, r'no version "1", only 0\.25\.1, .*give source'),
        ({"runtimes": {"spin": {"enabled": "yes"}}}, "enabled"),
        ({"runtimes": {"spin": {"sourc": {}, "source": {}}}}, "sourc"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_schema__bad_value__is_refused_by_its_name(values: dict[str, Any], complaint: str) -> None:
    with pytest.raises(RefusedError, match=complaint):
        render(values)


def test_schema__knows_the_fields_of_a_wasm_runtime() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())["definitions"]

    fields = {field.alias for field in WasmRuntimeSpec.model_fields.values()}
    assert set(schema["runtime"]["properties"]) == fields | {"enabled"}
    assert schema["runtime"]["properties"]["type"]["enum"] == [t.value for t in RuntimeType]
    assert schema["runtimeName"]["pattern"] == HANDLER_PATTERN


def test_readme__tells_of_every_value() -> None:
    text = (CHART / "README.md").read_text()

    unsaid = [".".join(p) for p in paths(DEFAULTS) if f"`{'.'.join(p)}`" not in text]
    assert [name for name in unsaid if not name.startswith("operator.resources.")] == []
    assert "`operator.resources`" in text


def test_lint__has_nothing_to_say() -> None:
    said = helm("lint", str(CHART), "--strict")

    assert "0 chart(s) failed" in said
    assert "[WARNING]" not in said
    assert "[ERROR]" not in said
