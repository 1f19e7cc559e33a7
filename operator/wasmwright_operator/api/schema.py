"""Turn pydantic models into structural schemas, as CustomResourceDefinitions want them.

Structural means: every field has one type at one place, references are resolved, and what OpenAPI
v3 cannot say is said by Kubernetes' extensions
(https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema).
"""

import inspect
from typing import Any, Final

from pydantic import BaseModel

Schema = dict[str, Any]

_DROPPED: Final = frozenset({"title", "$defs", "const", "patternProperties", "propertyNames"})


def structural_schema(model: type[BaseModel]) -> Schema:
    """Return the schema of a model with everything inlined."""
    raw = model.model_json_schema(by_alias=True, mode="validation")
    return _node(raw, raw.get("$defs", {}))


def _node(raw: Schema, definitions: Schema) -> Schema:
    resolved = _resolve(raw, definitions)
    options = [item for item in resolved.pop("anyOf", []) if item != {"type": "null"}]
    if len(options) == 1:
        resolved = {**_resolve(options[0], definitions), **resolved}
    elif options:
        resolved = {**_union(options), **resolved}
    return _clean(resolved, definitions)


def _resolve(raw: Schema, definitions: Schema) -> Schema:
    """Inline a reference; what stands beside it (description, default) wins."""
    reference = raw.get("$ref")
    if reference is None:
        return dict(raw)
    target = _resolve(definitions[reference.rsplit("/", 1)[1]], definitions)
    return {**target, **{key: value for key, value in raw.items() if key != "$ref"}}


def _union(options: list[Schema]) -> Schema:
    """Say what a structural schema can say of a value with several types.

    Whole numbers and strings have an extension of their own; anything wider is left to the reader.
    """
    types = {option["type"] for option in options}
    if types != {"integer", "string"}:
        return {"x-kubernetes-preserve-unknown-fields": True}
    union: Schema = {"anyOf": [{"type": "integer"}, {"type": "string"}]}
    union["x-kubernetes-int-or-string"] = True
    for option in options:
        union.update({key: option[key] for key in ("pattern",) if key in option})
    return union


def _clean(raw: Schema, definitions: Schema) -> Schema:
    schema = {key: value for key, value in raw.items() if key not in _DROPPED}
    if "const" in raw:
        schema["enum"] = [raw["const"]]
    if "description" in schema:
        schema["description"] = inspect.cleandoc(schema["description"])
    if not _is_worth_storing(schema.get("default")):
        schema.pop("default", None)
    if "properties" in schema:
        schema["properties"] = {
            name: _node(value, definitions) for name, value in schema["properties"].items()
        }
    if "items" in schema:
        schema["items"] = _node(schema["items"], definitions)
    _set_values_of_map(schema, raw, definitions)
    return schema


def _is_worth_storing(default: object) -> bool:
    """Defaults of objects and lists stay out: the API server would write them into every object."""
    return isinstance(default, bool | int) or (isinstance(default, str) and default != "")


def _set_values_of_map(schema: Schema, raw: Schema, definitions: Schema) -> None:
    values = schema.pop("additionalProperties", None)
    by_pattern: Schema = raw.get("patternProperties", {})
    for pattern_values in by_pattern.values():
        values = pattern_values
    if values is True:
        schema["x-kubernetes-preserve-unknown-fields"] = True
    elif isinstance(values, dict):
        schema["additionalProperties"] = _node(values, definitions)
