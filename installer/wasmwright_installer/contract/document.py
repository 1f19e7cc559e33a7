"""What one node is to have."""

import hashlib
import json
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic.main import IncEx

from wasmwright_installer.contract.model import Model
from wasmwright_installer.contract.source import Source

HANDLER_PATTERN = r"^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$"
"""A CRI handler: a DNS label of at most 40 characters, since label keys and paths hold it."""
FILE_NAME_PATTERN = r"^[A-Za-z0-9_][A-Za-z0-9._+-]*$"


class RuntimeType(StrEnum):
    """How containerd reaches the runtime."""

    CONTAINERD_SHIM = "ContainerdShim"
    OCI_RUNTIME = "OCIRuntime"


class WasmPods(StrEnum):
    """What may happen to wasm pods that would not survive a restart of the container runtime."""

    WAIT = "Wait"
    FORCE = "Force"


class PredecessorName(StrEnum):
    """Earlier installers of wasm runtimes whose leftovers on a node are known."""

    KWASM = "kwasm"
    RCM = "rcm"


OptionValue = bool | int | str


class HandlerEntry(Model):
    """One handler in the container runtime's configuration, with or without its binary."""

    handler: str = Field(pattern=HANDLER_PATTERN)
    type: RuntimeType = RuntimeType.CONTAINERD_SHIM
    binary: str = Field(pattern=FILE_NAME_PATTERN)
    """File name below `bin/<handler>/`."""
    options: dict[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")], OptionValue] = Field(
        default={}
    )
    pod_annotations: tuple[str, ...] = ()
    snapshotter: str = ""
    pods_survive_restart: bool = False
    """Whether running pods of this handler live through a restart of the container runtime."""


class RuntimeEntry(Model):
    """One runtime that the node is to have: a handler and the binary behind it."""

    name: str = Field(pattern=HANDLER_PATTERN)
    version: str = ""
    """Shown to people; never compared."""
    source: Source
    handler: HandlerEntry


class NodeIdentity(Model):
    """Which machine a document is for; an empty field is not compared."""

    name: str = ""
    uid: str = ""
    machine_id: str = ""


class NodeDocument(Model):
    """Everything that one node is to have. An empty one gives the node back as it was found."""

    schema_version: Literal[1] = 1
    node: NodeIdentity = NodeIdentity()
    hash: str = ""
    runtimes: tuple[RuntimeEntry, ...] = ()
    declared: tuple[HandlerEntry, ...] = ()
    """Handlers to write ahead of their binaries whenever the configuration must change anyway."""
    wasm_pods: WasmPods = WasmPods.WAIT
    """What happens to pods that a restart of the container runtime would lose."""
    removal: WasmPods = WasmPods.WAIT
    """What happens to pods that use a runtime which is to go: Force takes it away under them."""
    take_over: tuple[PredecessorName, ...] = ()
    """Whose handlers and files on the node count as ours: tables are cut out, files removed."""
    retry_token: str = ""
    """A change that had to be undone is not made again under the same token."""
    keep_versions: int = Field(default=0, ge=0)
    """How many older binaries of each runtime stay on the node, for a way back without download."""
    stored: tuple[str, ...] = ()
    """Binaries that the node's store is known to hold, by key: `fetch` leaves them out."""

    @model_validator(mode="after")
    def _handlers_are_unique(self) -> Self:
        seen: dict[str, str] = {}
        for runtime in self.runtimes:
            handler = runtime.handler.handler
            if handler in seen:
                raise ValueError(
                    f"runtimes {seen[handler]!r} and {runtime.name!r} both use handler {handler!r}"
                )
            seen[handler] = runtime.name
        return self


_PINNED: dict[str, IncEx | bool] = {"http": {"pinned"}}
NO_PART_OF_IDENTITY: dict[str, IncEx | bool] = {"version": True, "source": _PINNED}
"""Fields of a runtime's entry that do not count: what is only shown, and what other nodes found."""


def desired_hash(runtimes: tuple[RuntimeEntry, ...]) -> str:
    """Return the identity of what a node is to have: 64 hex digits.

    The version string is left out, since it is only shown, and so are handlers declared ahead:
    a new runtime in the cluster is no reason to visit every node. Neither are fields that a later
    version of ours knows: what is left at its default does not count.
    """
    entries = sorted(
        (
            entry.model_dump(mode="json", exclude=NO_PART_OF_IDENTITY, exclude_defaults=True)
            for entry in runtimes
        ),
        key=lambda dumped: dumped["name"],
    )
    text = json.dumps(entries, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
