"""What pods name: `spec.runtimeClasses` of a WasmRuntime."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from wasmwright_operator.api.meta import FOREIGN_KEYS, ApiModel, Labels, Toleration, rules


class ConflictPolicy(StrEnum):
    """What to do with a RuntimeClass of this name that is not ours."""

    FAIL = "Fail"
    ADOPT = "Adopt"
    IGNORE = "Ignore"


Quantity = (
    int | Annotated[str, Field(pattern=r"^[0-9]+([.][0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti|P|Pi|E|Ei)?$")]
)


class Overhead(ApiModel):
    """What a pod of the class costs the node beside its containers."""

    pod_fixed: dict[str, Quantity] = Field(default={}, max_length=16)
    """Resources per pod, for example `memory: 32Mi`."""


class RuntimeClassSpec(ApiModel):
    """One RuntimeClass to create for the handler."""

    name: str = Field(pattern=r"^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$", max_length=63)
    """The name that pods write as `runtimeClassName`."""
    overhead: Overhead | None = None
    """What a pod of the class costs the node beside its containers."""
    node_selector: Labels = Field(default={}, json_schema_extra=rules(FOREIGN_KEYS))
    """Added to the selector on the ready label, which is always there."""
    tolerations: tuple[Toleration, ...] = Field(default=(), max_length=32)
    """Added to the tolerations of pods of the class."""
    conflict_policy: ConflictPolicy = ConflictPolicy.FAIL
    """What to do when a RuntimeClass of this name exists and is not ours.

    Fail: report it; Adopt: make it ours if its handler is the same, and give it back at the end;
    Ignore: leave it as it is and be content.
    """
