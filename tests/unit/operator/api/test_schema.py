from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from wasmwright_operator.api.meta import list_map, rule, rules
from wasmwright_operator.api.schema import structural_schema


class Inner(BaseModel):
    """An inner thing."""

    name: str = Field(min_length=1)


class Outer(BaseModel):
    """An outer thing."""

    plain: str = "x"
    empty: str = ""
    number: int = 3
    fixed: Literal[1] = 1
    choice: Literal["a", "b"] = "a"
    maybe: Inner | None = None
    described: Inner = Field(description="Said here.")
    many: tuple[Inner, ...] = Field(default=(), json_schema_extra=list_map("name"))
    percent: int | Annotated[str, Field(pattern="%$")] = 1
    mixed: dict[str, bool | int | str] = Field(default={})
    keyed: dict[Annotated[str, Field(pattern="^a")], str] = Field(default={})
    anything: dict[str, Any] = Field(default={})
    ruled: int = Field(default=0, json_schema_extra=rules(rule("self > 0", "be positive")))


PROPERTIES = structural_schema(Outer)["properties"]


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("plain", {"type": "string", "default": "x"}),
        ("empty", {"type": "string"}),
        ("number", {"type": "integer", "default": 3}),
        ("fixed", {"type": "integer", "enum": [1], "default": 1}),
        ("choice", {"type": "string", "enum": ["a", "b"], "default": "a"}),
        (
            "percent",
            {
                "anyOf": [{"type": "integer"}, {"type": "string"}],
                "x-kubernetes-int-or-string": True,
                "pattern": "%$",
                "default": 1,
            },
        ),
        (
            "mixed",
            {
                "type": "object",
                "additionalProperties": {"x-kubernetes-preserve-unknown-fields": True},
            },
        ),
        ("keyed", {"type": "object", "additionalProperties": {"type": "string"}}),
        ("anything", {"type": "object", "x-kubernetes-preserve-unknown-fields": True}),
        (
            "ruled",
            {
                "type": "integer",
                "default": 0,
                "x-kubernetes-validations": [{"rule": "self > 0", "message": "be positive"}],
            },
        ),
    ],
)
def test_structural_schema__field__becomes(field: str, expected: dict[str, Any]) -> None:
    assert PROPERTIES[field] == expected


def test_structural_schema__reference__is_inlined_with_its_description() -> None:
    assert PROPERTIES["maybe"] == structural_schema(Inner)
    assert PROPERTIES["maybe"]["description"] == "An inner thing."


def test_structural_schema__description_beside_a_reference__wins() -> None:
    assert PROPERTIES["described"]["description"] == "Said here."


def test_structural_schema__list_map__keeps_its_extension() -> None:
    assert PROPERTIES["many"]["x-kubernetes-list-map-keys"] == ["name"]
    assert PROPERTIES["many"]["items"]["properties"]["name"]["minLength"] == 1
