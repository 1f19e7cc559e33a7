"""Write `docs/schemas/*.json` from the models; with --check only tell whether they are current."""

import argparse
import ast
import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from wasmwright_installer import contract
from wasmwright_installer.contract import ApplyResult, HostStatus, NodeDocument, PlanReport
from wasmwright_operator.catalogue import Entry

SCHEMAS = Path(__file__).resolve().parent.parent / "docs/schemas"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
READ: dict[str, type[BaseModel]] = {"catalogue": Entry, "document": NodeDocument}
PRINTED: dict[str, type[BaseModel]] = {
    "result": ApplyResult,
    "plan": PlanReport,
    "status": HostStatus,
}


def render(name: str) -> str:
    """Return the text of one file.

    What is read may leave fields out and may hold no others. What is printed has all of them, and
    may get more in a later version.
    """
    model = READ.get(name) or PRINTED[name]
    schema = model.model_json_schema(mode="validation" if name in READ else "serialization")
    for each, title in ((schema, model.__name__), *((d, t) for t, d in schema["$defs"].items())):
        if model.__module__.startswith(f"{contract.__name__}."):
            _describe(each, getattr(contract, title))
        if name in PRINTED and each.get("additionalProperties") is False:
            del each["additionalProperties"]
    return json.dumps({"$schema": DIALECT, **schema}, indent=2) + "\n"


def _describe(schema: dict[str, Any], model: type) -> None:
    for parent in reversed(model.__mro__):
        for field, sentence in SENTENCES.get(parent.__name__, {}).items():
            if field in schema.get("properties", {}):
                schema["properties"][field]["description"] = sentence


def _sentences() -> dict[str, dict[str, str]]:
    """Read what stands below the fields of each class, which pydantic would read at each start."""
    modules = sorted(Path(contract.__file__).parent.glob("*.py"))
    bodies = [each for path in modules for each in ast.parse(path.read_text()).body]
    return {
        each.name: {
            to_camel(field.target.id): " ".join(text.value.value.split())
            for field, text in pairwise(each.body)
            if isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
            and isinstance(text.value.value, str)
        }
        for each in bodies
        if isinstance(each, ast.ClassDef)
    }


SENTENCES = _sentences()


def stale_files(directory: Path) -> list[Path]:
    """Return the files whose text is not what the models say."""
    wanted = {directory / f"{name}.json": render(name) for name in (*READ, *PRINTED)}
    return [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]


def main() -> int:
    """Write the files, or with --check return 1 if one of them is out of date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 on drift")
    if parser.parse_args().check:
        stale = stale_files(SCHEMAS)
        for path in stale:
            print(f"{path.name} is out of date: run scripts/generate_schemas.py", file=sys.stderr)
        return int(bool(stale))
    SCHEMAS.mkdir(exist_ok=True)
    for name in (*READ, *PRINTED):
        (SCHEMAS / f"{name}.json").write_text(render(name))
    return 0


if __name__ == "__main__":
    sys.exit(main())
