import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from wasmwright_operator.api.crds import KINDS, WASM_NODE, WASM_RUNTIME, custom_resource_definition

ROOT = Path(__file__).parents[4]


@pytest.fixture
def generator() -> ModuleType:
    path = ROOT / "scripts" / "generate_crds.py"
    spec = importlib.util.spec_from_file_location("generate_crds", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def schema(kind: Any) -> dict[str, Any]:
    version = custom_resource_definition(kind)["spec"]["versions"][0]
    found: dict[str, Any] = version["schema"]["openAPIV3Schema"]
    return found


def test_crds__in_the_tree__are_what_the_models_say(generator: ModuleType) -> None:
    assert generator.stale_files(ROOT / "crds") == []


def test_check__after_an_edit_by_hand__names_the_file(
    generator: ModuleType, tmp_path: Path
) -> None:
    for path in (ROOT / "crds").glob("*.yaml"):
        (tmp_path / path.name).write_text(path.read_text())
    (tmp_path / "wasmnodes.yaml").write_text("edited: true")

    assert [path.name for path in generator.stale_files(tmp_path)] == ["wasmnodes.yaml"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_crd__names__are_what_people_type(kind: Any) -> None:
    spec = custom_resource_definition(kind)["spec"]

    assert spec["scope"] == "Cluster"
    assert spec["names"]["shortNames"] == [{"WasmRuntime": "wrt", "WasmNode": "wn"}[kind.kind]]
    assert spec["names"]["categories"] == ["wasm"]
    assert spec["versions"][0]["subresources"] == {"status": {}}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_crd__every_field_that_people_read__has_a_description(kind: Any) -> None:
    def undescribed(node: dict[str, Any], path: str) -> list[str]:
        found = []
        for name, child in node.get("properties", {}).items():
            here = f"{path}.{name}"
            if "description" not in child:
                found.append(here)
            found += undescribed(child, here) + undescribed(child.get("items", {}), here)
        return found

    parts = schema(kind)["properties"]
    missing = undescribed(parts["spec"], "spec") + undescribed(parts["status"], "status")

    contract = ("spec.runtimes.", "spec.declared.")
    assert [path for path in missing if not path.startswith(contract)] == []


def test_crd__without_a_status__a_node_is_shown_as_pending() -> None:
    assert schema(WASM_NODE)["properties"]["status"]["default"] == {"state": "Pending"}


def test_crd__columns__point_to_fields_that_exist() -> None:
    for kind in KINDS:
        for column in kind.columns:
            node = schema(kind)
            for part in column["jsonPath"].split("[")[0].strip(".").split("."):
                if part == "creationTimestamp":
                    break
                node = node["properties"][part]


def test_crd__defaults__are_stored_only_for_plain_values() -> None:
    text = yaml.safe_dump(schema(WASM_RUNTIME))

    assert "default: ContainerdShim" in text
    assert "default: {}" not in text
    assert "default: []" not in text
