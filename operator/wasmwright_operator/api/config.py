"""How a handler is configured: `spec.config` of a WasmRuntime."""

from typing import Annotated

from pydantic import Field, WithJsonSchema

from wasmwright_installer.contract import OptionValue
from wasmwright_operator.api.meta import ApiModel

Options = Annotated[
    dict[str, OptionValue],
    Field(max_length=32),
    WithJsonSchema(
        {
            "type": "object",
            "maxProperties": 32,
            "properties": {
                "BinaryName": {
                    "type": "string",
                    "description": "The runtime that "
                    "containerd's runc shim calls; for an OCIRuntime it is set by wasmwright.",
                }
            },
            "x-kubernetes-preserve-unknown-fields": True,
        }
    ),
]
"""A structural schema has no type for "boolean, number or string", so the operator checks it; the
one named property is there to be seen by a rule."""


class ConfigSpec(ApiModel):
    """What the handler's table in the container runtime's configuration holds beside its path."""

    options: Options = Field(default={})
    """The `options` table of the handler: booleans, whole numbers and strings."""
    pod_annotations: tuple[Annotated[str, Field(max_length=317)], ...] = Field(
        default=(), max_length=32
    )
    """Pod annotations (with * as wildcard) that are passed on to the runtime."""
    snapshotter: str = Field(default="", pattern=r"^[A-Za-z0-9._-]*$", max_length=128)
    """The snapshotter for images of these pods; empty = the node's default."""
    pods_survive_restart: bool | None = None
    """Whether running pods live through a restart of the container runtime.

    Absent: yes for OCIRuntime, no for ContainerdShim (measured for the runwasi library).
    """
