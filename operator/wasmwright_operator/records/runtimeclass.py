"""What we need to know of a RuntimeClass: whose it is and whether it says what it should."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wasmwright_operator import names


@dataclass(frozen=True, slots=True)
class ShimOwner:
    """The Shim of runtime-class-manager to which a RuntimeClass belongs."""

    name: str
    uid: str
    place: int
    """Its place among the owner references."""


@dataclass(frozen=True, slots=True)
class RuntimeClassRecord:
    """A RuntimeClass; `runtime` is empty when it is not ours."""

    name: str
    uid: str
    handler: str
    runtime: str = ""
    spec_hash: str = ""
    """What we wrote last; quantities come back in another spelling, so they are not compared."""
    adopted: bool = False
    node_selector: Mapping[str, str] = field(default_factory=dict)
    deleting: bool = False
    shim: ShimOwner | None = None
    has_shim_label: bool = False
    """Whether it has the label that runtime-class-manager gives it: its own name."""


def parse_runtime_class(raw: Mapping[str, Any]) -> RuntimeClassRecord:
    """Return the record of a RuntimeClass as the API server gives it."""
    metadata = raw["metadata"]
    labels = metadata.get("labels") or {}
    annotations = metadata.get("annotations") or {}
    is_ours = labels.get(names.MANAGED_BY) == names.MANAGED_BY_VALUE
    return RuntimeClassRecord(
        name=metadata["name"],
        uid=metadata["uid"],
        handler=raw["handler"],
        runtime=labels.get(names.RUNTIME, "") if is_ours else "",
        spec_hash=annotations.get(names.SPEC_HASH, ""),
        adopted=names.ADOPTED in annotations,
        node_selector=dict((raw.get("scheduling") or {}).get("nodeSelector") or {}),
        deleting="deletionTimestamp" in metadata,
        shim=_shim_owner(metadata.get("ownerReferences") or ()),
        has_shim_label=metadata["name"] in labels,
    )


def _shim_owner(references: Sequence[Mapping[str, Any]]) -> ShimOwner | None:
    for place, owner in enumerate(references):
        group = owner["apiVersion"].partition("/")[0]
        if owner["kind"] == "Shim" and group == names.SHIM_API_GROUP:
            return ShimOwner(owner["name"], owner["uid"], place)
    return None
