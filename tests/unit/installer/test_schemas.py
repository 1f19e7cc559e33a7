"""The JSON schemas are current, and what the commands print and read is what they describe."""

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator, ValidationError

from unit.installer import predecessors as texts
from unit.installer.documents import SPIN, artifacts, crun, document, shim
from unit.installer.fake_host.containerd_node import MAIN_V2, make_node
from unit.installer.fake_host.node import FakeNode
from wasmwright_installer import cli
from wasmwright_installer.apply import host as ports
from wasmwright_installer.contract import NodeDocument, PredecessorName

ROOT = Path(__file__).resolve().parents[3]
WANTED = document(shim("light", options={"SystemdCgroup": True}), crun(), declared=(SPIN,))


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = ROOT / "scripts" / "generate_schemas.py"
    spec = importlib.util.spec_from_file_location("generate_schemas", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def node(tmp_path: Path) -> FakeNode:
    made = make_node(tmp_path / "host", "1.7.24", MAIN_V2 + texts.KWASM.encode())
    texts.leave_kwasm(made)
    return made


@pytest.fixture
def invoke(node: FakeNode, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setattr(ports, "real_host", lambda *_: node.host)
    return lambda *arguments, text=None: CliRunner().invoke(cli.main, arguments, input=text)


def validated(name: str, text: str) -> dict[str, Any]:
    schema = json.loads((ROOT / f"docs/schemas/{name}.json").read_text())
    Draft202012Validator.check_schema(schema)
    printed: dict[str, Any] = json.loads(text)
    Draft202012Validator(schema).validate(printed)
    return printed


def test_schemas__in_the_tree__are_what_the_models_say(script: ModuleType) -> None:
    assert script.stale_files(ROOT / "docs/schemas") == []


def test_schemas__model_changed__is_told(script: ModuleType, tmp_path: Path) -> None:
    assert len(script.stale_files(tmp_path)) == 5


@pytest.mark.parametrize(
    "wanted",
    [document(), WANTED, WANTED.model_copy(update={"take_over": (PredecessorName.KWASM,)})],
    ids=["empty", "full", "takeover"],
)
def test_document__as_the_operator_writes_it__is_what_the_schema_describes(
    wanted: NodeDocument,
) -> None:
    validated("document", wanted.model_dump_json(exclude_none=True))


def test_document__unknown_field__is_refused_by_the_schema_as_by_the_installer() -> None:
    with pytest.raises(ValidationError, match="takeover"):
        validated("document", '{"takeover": ["kwasm"]}')


@pytest.mark.parametrize("permitted", [True, False], ids=["goes on", "conflict"])
def test_commands__on_a_node_of_kwasm__print_what_the_schemas_describe(
    invoke: Callable[..., Result], tmp_path: Path, *, permitted: bool
) -> None:
    names = (PredecessorName.KWASM,) if permitted else ()
    text = WANTED.model_copy(update={"take_over": names}).model_dump_json()
    folder = str(artifacts(tmp_path / "artifacts", *WANTED.runtimes))
    before = validated("status", invoke("status").stdout)
    assert before["leftovers"][0]["predecessor"] == "kwasm"
    planned = invoke("plan", "--document", "-", text=text)
    plan = validated("plan", planned.stdout)
    done = invoke("apply", "--document", "-", "--artifacts", folder, text=text)
    result = validated("result", done.stdout)
    code = 0 if permitted else 11
    assert (planned.exit_code, plan["exitCode"], done.exit_code, result["exitCode"]) == (code,) * 4
    after = validated("status", invoke("status").stdout)
    assert bool(after["leftovers"]) is not permitted
