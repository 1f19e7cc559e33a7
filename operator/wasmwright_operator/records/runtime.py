"""What we need to know of a WasmRuntime."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import ValidationError

from wasmwright_operator import names
from wasmwright_operator.api.runtime_status import WasmRuntimeStatus
from wasmwright_operator.api.wasmruntime import WasmRuntimeSpec

_READ_ANNOTATIONS: Final = (names.PROMOTE, names.RESUME, names.FORCE_DELETE)


@dataclass(frozen=True, slots=True)
class RuntimeRecord:
    """A WasmRuntime; `spec` is None when it cannot be understood, and `invalid` says why."""

    name: str
    uid: str
    resource_version: str
    generation: int
    created: str
    """RFC 3339 in UTC, so that the older of two compares as the smaller string."""
    spec: WasmRuntimeSpec | None
    invalid: str = ""
    deleting: bool = False
    finalizers: tuple[str, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)
    """What people tell us about its rollout and its end."""
    status: WasmRuntimeStatus = field(default_factory=WasmRuntimeStatus)

    @property
    def handler(self) -> str:
        """The name of the CRI handler in effect."""
        return (self.spec and self.spec.handler) or self.name

    @property
    def has_finalizer(self) -> bool:
        """Whether the object stays until we have cleaned up after it."""
        return names.FINALIZER in self.finalizers

    @property
    def is_paused(self) -> bool:
        """Whether nothing about it may begin on any node."""
        return self.spec is not None and self.spec.rollout.paused

    @property
    def is_forced(self) -> bool:
        """Whether its deletion is to go on without its nodes."""
        return self.annotations.get(names.FORCE_DELETE) == "true"

    @property
    def is_leaving(self) -> bool:
        """Whether it is on its way off all nodes, so that no new pods are to come for it."""
        return self.deleting and (self.is_forced or not self.is_paused)

    @property
    def is_smoke_tested(self) -> bool:
        """Whether nodes have to show that they run wasm in it."""
        return self.spec is not None and self.spec.verify.smoke_test is not None

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of its RuntimeClasses."""
        if self.spec is None or self.spec.runtime_classes is None:
            return (self.handler,)
        return tuple(item.name for item in self.spec.runtime_classes)


def parse_runtime(raw: Mapping[str, Any]) -> RuntimeRecord:
    """Return the record of a WasmRuntime as the API server gives it."""
    metadata = raw["metadata"]
    spec, invalid = _parse_spec(raw.get("spec") or {})
    told = metadata.get("annotations") or {}
    return RuntimeRecord(
        name=metadata["name"],
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
        generation=metadata.get("generation", 0),
        created=metadata["creationTimestamp"],
        spec=spec,
        invalid=invalid,
        deleting="deletionTimestamp" in metadata,
        finalizers=tuple(metadata.get("finalizers") or ()),
        annotations={key: told[key] for key in _READ_ANNOTATIONS if key in told},
        status=_parse_status(raw.get("status") or {}),
    )


def _parse_spec(raw: Mapping[str, Any]) -> tuple[WasmRuntimeSpec | None, str]:
    try:
        return WasmRuntimeSpec.model_validate(raw), ""
    except ValidationError as error:
        return None, "; ".join(
            f"spec.{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()
        )


def _parse_status(raw: Mapping[str, Any]) -> WasmRuntimeStatus:
    """A status that cannot be read (a later version wrote it) is one that must be written anew."""
    try:
        return WasmRuntimeStatus.model_validate(raw)
    except ValidationError:
        return WasmRuntimeStatus()
