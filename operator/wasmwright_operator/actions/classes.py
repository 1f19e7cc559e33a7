"""What is asked of RuntimeClasses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wasmwright_operator.records import ShimOwner


@dataclass(frozen=True, slots=True)
class ApplyRuntimeClass:
    """Create a RuntimeClass or bring it to what it should say, by server-side apply."""

    name: str
    manifest: Mapping[str, Any] = field(hash=False)


@dataclass(frozen=True, slots=True)
class ReleaseRuntimeClass:
    """Take back what we wrote into a RuntimeClass that was there before us."""

    name: str
    handler: str


@dataclass(frozen=True, slots=True)
class DisownRuntimeClass:
    """Take a RuntimeClass that is ours by now from the Shim with which it would go."""

    name: str
    uid: str
    shim: ShimOwner
    has_shim_label: bool


@dataclass(frozen=True, slots=True)
class DeleteRuntimeClass:
    """Remove a RuntimeClass of ours."""

    name: str
    uid: str
