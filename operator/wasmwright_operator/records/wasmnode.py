"""What we need to know of a WasmNode: all of it, with equal parts shared between nodes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from wasmwright_installer.contract import ExitCode, HandlerEntry, RuntimeEntry, desired_hash
from wasmwright_operator.api.disruption import NodeDisruption, WasmPodsPolicy
from wasmwright_operator.api.wasmnode import DRIFTED, Cause, WasmNodeSpec, WasmNodeStatus

_RUNTIMES: Final = TypeAdapter(tuple[RuntimeEntry, ...])
_DECLARED: Final = TypeAdapter(tuple[HandlerEntry, ...])
_LOOKS: Final = frozenset({Cause.REBOOTED, Cause.RUNTIME_CHANGED, Cause.VERIFY})

DRAIN_FAILED: Final = "DrainFailed"
"""Reason of a run that did not start, since pods could not be sent away."""

BLOCKING_PODS: Final = "BlockingPods"
"""Reason of a run that did not start, since people declared pods on the node to be in the way."""

_SHARED: Final = 4096
"""Distinct sets of runtimes kept for sharing; a fleet has few, and more only cost memory."""


@dataclass(frozen=True, slots=True)
class WasmNodeRecord:
    """A WasmNode; what of it cannot be understood counts as absent, so that it is written anew."""

    name: str
    uid: str
    resource_version: str
    generation: int
    spec: WasmNodeSpec
    status: WasmNodeStatus = field(default_factory=WasmNodeStatus)
    deleting: bool = False
    leaving: frozenset[str] = frozenset()
    """Of what it holds: runtimes that no new pods are to come for. Not read from the object."""
    gone: frozenset[str] = frozenset()
    """Of these: runtimes that no WasmRuntime stands for any more."""

    is_in_flight: bool = field(init=False, repr=False, compare=False)
    """Whether a run was admitted that has not ended: the node holds slots."""
    ready_names: frozenset[str] = field(init=False, repr=False, compare=False)
    """The runtimes that a run without error proved to be served."""
    held_names: frozenset[str] = field(init=False, repr=False, compare=False)
    """The runtimes that are, or may be, on the node or on their way to it."""

    def __post_init__(self) -> None:
        """Work out once what every plan asks of every node."""
        object.__setattr__(self, "is_in_flight", _is_in_flight(self.spec, self.status))
        object.__setattr__(self, "ready_names", _ready_names(self.status))
        object.__setattr__(self, "held_names", _held_names(self.spec, self.status))

    @property
    def has_failed(self) -> bool:
        """Whether the last run ended without reaching its goal."""
        return self.status.last_error is not None and not self.is_in_flight

    @property
    def is_failing(self) -> bool:
        """Whether the last run failed, also while the same goal is tried again.

        What people are told does not change with every try.
        """
        is_same_goal = self.status.concluded_hash == self.spec.hash
        return self.status.last_error is not None and (is_same_goal or not self.is_in_flight)

    @property
    def has_drifted(self) -> bool:
        """Whether the node lost what it had, until a run has mended it."""
        return self.status.last_error is not None and self.status.last_error.reason == DRIFTED

    @property
    def undone_names(self) -> frozenset[str]:
        """The runtimes that the next try works on."""
        if self.has_drifted:
            return frozenset(entry.name for entry in self.spec.runtimes) - self.ready_names
        return frozenset(self.spec.changes) if self.has_failed else frozenset()

    @property
    def is_look(self) -> bool:
        """Whether the run expects to find everything in place."""
        is_installed = self.spec.hash == self.status.installed_hash
        return is_installed and self.spec.cause in _LOOKS

    @property
    def disruption(self) -> NodeDisruption:
        """What the run may do to the node's pods: to look whether all is in place, nothing."""
        return NodeDisruption() if self.is_look else self.spec.disruption

    @property
    def waits_for_pods(self) -> bool:
        """Whether the last run did not do its work for the sake of running pods."""
        error = self.status.last_error
        return error is not None and (
            error.exit_code == ExitCode.IN_USE or error.reason == BLOCKING_PODS
        )

    @property
    def leaving_pods(self) -> frozenset[str]:
        """Pods, as `namespace/name`, that have to leave before the run that is under way.

        The installer named them in the last run, and this one may evict them. What people declared
        to be blocking is waited for and never sent away.
        """
        error = self.status.last_error
        is_told = error is not None and error.exit_code == ExitCode.IN_USE
        may_evict = self.disruption.wasm_pods is WasmPodsPolicy.EVICT
        are_due = self.is_in_flight and is_told and may_evict
        return frozenset(self.status.blocking_pods) if are_due else frozenset()


def _is_in_flight(spec: WasmNodeSpec, status: WasmNodeStatus) -> bool:
    return (spec.hash, spec.attempt) != (status.concluded_hash, status.concluded_attempt)


def _ready_names(status: WasmNodeStatus) -> frozenset[str]:
    return frozenset(item.name for item in status.runtimes if item.state == "ready")


def _held_names(spec: WasmNodeSpec, status: WasmNodeStatus) -> frozenset[str]:
    return (
        frozenset(entry.name for entry in spec.runtimes)
        | frozenset(item.name for item in status.runtimes if item.state != "removed")
        | (frozenset(spec.changes) if _is_in_flight(spec, status) else frozenset())
    )


def parse_wasm_node(raw: Mapping[str, Any]) -> WasmNodeRecord:
    """Return the record of a WasmNode as the API server gives it."""
    metadata = raw["metadata"]
    return WasmNodeRecord(
        name=metadata["name"],
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
        generation=metadata.get("generation", 0),
        spec=_parse_spec(raw.get("spec") or {}),
        status=_parse_status(raw.get("status") or {}),
        deleting="deletionTimestamp" in metadata,
    )


def entry_digest(entry: RuntimeEntry) -> str:
    """Return the identity of one runtime on a node: its version string does not count."""
    return _digest_of(entry.model_dump_json())


@lru_cache(_SHARED)
def _digest_of(text: str) -> str:
    return desired_hash((RuntimeEntry.model_validate_json(text),))


def _parse_spec(raw: Mapping[str, Any]) -> WasmNodeSpec:
    try:
        small = {key: raw[key] for key in raw if key not in {"runtimes", "declared"}}
        spec = WasmNodeSpec.model_validate(small)
        shared = {
            "runtimes": _shared_runtimes(json.dumps(raw.get("runtimes") or [])),
            "declared": _shared_declared(json.dumps(raw.get("declared") or [])),
        }
    except ValidationError:
        return WasmNodeSpec(node_uid=str(raw.get("nodeUid")), attempt=int(raw.get("attempt") or 0))
    return spec.model_copy(update=shared)


def _parse_status(raw: Mapping[str, Any]) -> WasmNodeStatus:
    try:
        return WasmNodeStatus.model_validate(raw)
    except ValidationError:
        return WasmNodeStatus()


@lru_cache(_SHARED)
def _shared_runtimes(text: str) -> tuple[RuntimeEntry, ...]:
    return _RUNTIMES.validate_json(text)


@lru_cache(_SHARED)
def _shared_declared(text: str) -> tuple[HandlerEntry, ...]:
    return _DECLARED.validate_json(text)
