"""The ledger of slots: which runs of the whole cluster have been admitted and may not have ended.

One ConfigMap in the operator's namespace, one key per node, so that people can read it with
`kubectl get configmap wasmwright-slots -o yaml`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from wasmwright_operator import names
from wasmwright_operator.api.wasmnode import WasmNodeSpec

_SHARED: Final = 4096
"""Slots kept parsed: most of them stay the same from one write of the ledger to the next."""


@dataclass(frozen=True, slots=True)
class Slot:
    """An admitted run: its node holds one slot of each changing runtime until it has ended."""

    node_uid: str
    version: int
    """`WasmNodeSpec.ledger_version` of the run; grows from one run of a node to the next."""
    attempt: int
    """For people: the attempt that was admitted."""
    changes: tuple[str, ...]
    since: str
    """When it was admitted, RFC 3339."""

    def is_of(self, spec: WasmNodeSpec) -> bool:
        """Tell whether a WasmNode holds this run or a later one of the same node."""
        return spec.node_uid == self.node_uid and spec.ledger_version >= self.version

    def text(self) -> str:
        """Return what the ledger says of it; `parse_slot` reads it."""
        return json.dumps(
            {
                "uid": self.node_uid,
                "version": self.version,
                "attempt": self.attempt,
                "changes": self.changes,
                "since": self.since,
            },
            separators=(",", ":"),
        )


@dataclass(frozen=True, slots=True)
class LedgerRecord:
    """The ledger; without a resource version it is not there yet."""

    name: str = names.LEDGER
    uid: str = ""
    resource_version: str = ""
    slots: Mapping[str, Slot] = field(default_factory=dict)
    """By the node's name."""
    unreadable: tuple[str, ...] = ()
    """Keys whose text is none of ours."""


def parse_ledger(raw: Mapping[str, Any]) -> LedgerRecord | None:
    """Return the ledger as the API server gives it; None for any other ConfigMap."""
    metadata = raw["metadata"]
    if metadata["name"] != names.LEDGER:
        return None
    found = {key: parse_slot(text) for key, text in (raw.get("data") or {}).items()}
    return LedgerRecord(
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
        slots={key: slot for key, slot in found.items() if slot is not None},
        unreadable=tuple(sorted(key for key, slot in found.items() if slot is None)),
    )


@lru_cache(_SHARED)
def parse_slot(text: str) -> Slot | None:
    """Return the slot that `Slot.text` wrote, or None for any other text."""
    try:
        told = json.loads(text)
        return Slot(
            node_uid=str(told["uid"]),
            version=int(told["version"]),
            attempt=int(told["attempt"]),
            changes=tuple(str(name) for name in told["changes"]),
            since=str(told["since"]),
        )
    except (ValueError, KeyError, TypeError):
        return None
