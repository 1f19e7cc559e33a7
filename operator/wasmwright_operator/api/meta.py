"""Pieces of Kubernetes' own vocabulary that both of our kinds are made of."""

from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Rule = dict[str, str]
"""One CEL rule as the schema extension `x-kubernetes-validations` holds it."""

OUR_KEYS: Final = r"^(runtime\\.)?wasmwright\\.dev/"
"""Keys of our own label domains, as a regular expression inside a CEL string."""


class ApiModel(BaseModel):
    """camelCase outside, snake_case inside; the API server has already refused unknown fields."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        use_attribute_docstrings=True,
        extra="ignore",
        frozen=True,
    )


def rule(expression: str, message: str) -> Rule:
    """Return one CEL rule; the message says what to do, not only what is wrong."""
    return {"rule": expression, "message": message}


def rules(*given: Rule) -> dict[str, Any]:
    """Return the schema extension that holds CEL rules."""
    return {"x-kubernetes-validations": list(given)}


def list_map(*keys: str) -> dict[str, Any]:
    """Return the schema extension for a list whose items are told apart by these fields."""
    return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(keys)}


LabelKey = Annotated[str, Field(max_length=317)]
LabelValue = Annotated[str, Field(max_length=63)]
Labels = Annotated[dict[LabelKey, LabelValue], Field(max_length=32)]

FOREIGN_KEYS: Final = rule(
    f"self.all(key, !key.matches('{OUR_KEYS}'))",
    "labels of wasmwright.dev are written by wasmwright; select by labels of your own",
)


class LabelSelectorRequirement(ApiModel):
    """One expression of a label selector."""

    key: LabelKey
    """The label that the expression is about."""
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    """How the label relates to `values`."""
    values: tuple[LabelValue, ...] = Field(default=(), max_length=64)
    """For In and NotIn at least one; for Exists and DoesNotExist none."""


class LabelSelector(ApiModel):
    """A selector with Kubernetes' meaning: all parts must hold, an empty one matches everything."""

    match_labels: Labels = Field(default={}, json_schema_extra=rules(FOREIGN_KEYS))
    """Labels that must be there with exactly these values."""
    match_expressions: tuple[LabelSelectorRequirement, ...] = Field(
        default=(),
        max_length=16,
        json_schema_extra=rules(
            rule(
                f"self.all(item, !item.key.matches('{OUR_KEYS}'))",
                "labels of wasmwright.dev are written by wasmwright; select by labels of your own",
            )
        ),
    )
    """Expressions that must all hold."""


class Toleration(ApiModel):
    """A toleration with Kubernetes' meaning."""

    key: str = Field(default="", max_length=317)
    """The taint's key; empty with operator Exists tolerates every taint."""
    operator: Literal["Exists", "Equal"] = "Equal"
    """Equal compares `value`, Exists does not."""
    value: str = Field(default="", max_length=63)
    """The taint's value, for operator Equal."""
    effect: Literal["", "NoSchedule", "PreferNoSchedule", "NoExecute"] = ""
    """The taint's effect; empty = any."""
    toleration_seconds: int | None = None
    """For NoExecute: how long the taint is tolerated, in seconds; absent = for ever."""


class ConditionStatus(StrEnum):
    """The three values of a condition."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Condition(ApiModel):
    """A condition as the Kubernetes API conventions define it."""

    type: str = Field(max_length=316)
    """What is told, in CamelCase."""
    status: ConditionStatus
    """True, False or Unknown."""
    reason: str = Field(pattern=r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$", max_length=1024)
    """Why, in one CamelCase word."""
    message: str = Field(default="", max_length=32768)
    """Why, in a sentence."""
    observed_generation: int = 0
    """The `metadata.generation` that the condition speaks of."""
    last_transition_time: str = ""
    """When `status` changed last, RFC 3339."""


Conditions = Annotated[tuple[Condition, ...], Field(json_schema_extra=list_map("type"))]
