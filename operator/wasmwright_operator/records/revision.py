"""What we need to know of a ControllerRevision: which WasmRuntime it is of, and what it says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from wasmwright_operator import names
from wasmwright_operator.api.wasmruntime import WasmRuntimeSpec

RENDERED_FIELDS: Final = ("version", "type", "source", "config")
"""The fields of a WasmRuntime's spec that a revision keeps."""


@dataclass(frozen=True, slots=True)
class RevisionRecord:
    """A kept revision; `spec` is None when it cannot be understood."""

    name: str
    uid: str
    resource_version: str
    runtime: str
    """The WasmRuntime's name."""
    runtime_uid: str
    """The WasmRuntime's UID: one that was created anew under the same name has no past."""
    number: int
    """Grows with each change of the target; the highest one is the target."""
    spec: WasmRuntimeSpec | None
    """What the revision keeps of a spec; all else is default."""
    deleting: bool = False


def parse_revision(raw: Mapping[str, Any]) -> RevisionRecord | None:
    """Return the record of a ControllerRevision, or None when it is not ours."""
    metadata = raw["metadata"]
    labels = metadata.get("labels") or {}
    if labels.get(names.MANAGED_BY) != names.MANAGED_BY_VALUE or names.RUNTIME not in labels:
        return None
    owners = metadata.get("ownerReferences") or ({"uid": ""},)
    return RevisionRecord(
        name=metadata["name"],
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
        runtime=labels[names.RUNTIME],
        runtime_uid=owners[0]["uid"],
        number=int(raw.get("revision") or 0),
        spec=_parse_spec(raw.get("data") or {}),
        deleting="deletionTimestamp" in metadata,
    )


def _parse_spec(data: Mapping[str, Any]) -> WasmRuntimeSpec | None:
    """Read the values of a JSON patch that sets fields of the spec."""
    try:
        values = {item["path"]: item["value"] for item in data.get("patch") or ()}
        return WasmRuntimeSpec.model_validate(
            {field: values[f"/spec/{field}"] for field in RENDERED_FIELDS}
        )
    except (ValidationError, KeyError, TypeError):
        return None
