"""What is asked of the ledger of slots."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from wasmwright_operator.records import Slot


@dataclass(frozen=True, slots=True)
class ReserveSlots:
    """Write down which runs are admitted, before their WasmNodes are written.

    The write carries the version of the ledger that was counted, so that of two writers with the
    same ledger only one admits anything.
    """

    resource_version: str
    """Empty = there is no ledger yet."""
    taken: Mapping[str, Slot] = field(default_factory=dict)
    """By the node's name."""
    released: tuple[str, ...] = ()
    """Keys that go."""
    presumed_unwritten: Mapping[str, Slot] = field(default_factory=dict)
    """Of these: runs that were admitted and never begun; look again before saying so."""
    unreadable: tuple[str, ...] = ()
    """Of these: keys that somebody else wrote."""
