"""How it is found out that nodes serve a runtime: `spec.verify` of a WasmRuntime."""

from typing import Annotated

from pydantic import ConfigDict, Field

from wasmwright_operator.api.amounts import Span
from wasmwright_operator.api.meta import ApiModel, rule, rules


class SmokeTestSpec(ApiModel):
    """A pod that must run wasm on a node before that counts as ready."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            rule(
                "has(self.image) && self.image != ''"
                " || (!has(self.command) || size(self.command) == 0)"
                " && (!has(self.expect) || self.expect == '')",
                "command and expect are about an image of yours; give image, or remove them",
            )
        )
    )

    image: str = Field(default="", max_length=1024, pattern=r"^\S*$")
    """What the pod runs; empty = a module of ours, which lies in the installer's image."""
    command: tuple[Annotated[str, Field(max_length=1024)], ...] = Field(default=(), max_length=64)
    """Its command; empty = as the image says."""
    expect: str = Field(default="", max_length=256)
    """What its termination message must hold, beside exit code 0; empty = nothing."""
    timeout_seconds: int = Field(default=60, ge=5, le=300)
    """How long it may take, with the pull of its image."""


class VerifySpec(ApiModel):
    """How it is found out that a node serves the runtime, and still serves it later."""

    smoke_test: SmokeTestSpec | None = None
    """After each run that installs or changes the runtime, or looks after it, a pod must run wasm
    on the node before its ready label turns true; absent = no pod."""
    interval: Span = "24h"
    """How often a run looks at nodes whose kubelet does not report its handlers; 0 = never."""
