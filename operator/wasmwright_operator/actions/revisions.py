"""What is asked of the kept revisions of WasmRuntimes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class CreateRevision:
    """Keep what a WasmRuntime renders to; the WasmRuntime becomes its owner."""

    name: str
    runtime: str
    runtime_uid: str
    number: int
    patch: tuple[Mapping[str, Any], ...] = field(hash=False)
    """A JSON patch for the WasmRuntime that makes it this revision again."""


@dataclass(frozen=True, slots=True)
class NumberRevision:
    """Say that a kept revision is the newest one again."""

    name: str
    resource_version: str
    number: int


@dataclass(frozen=True, slots=True)
class DeleteRevision:
    """Forget a revision that nobody can want back."""

    name: str
    uid: str
