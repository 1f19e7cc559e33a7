"""Keep count of Jobs, pods and nodes that a watch tells of."""

import time
from dataclasses import dataclass, field

from integration.operator.api import Raw


@dataclass
class Census:
    """Who is there now, how many there were at most, and when that last changed."""

    present: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    most: int = 0
    changed: float = field(default_factory=time.monotonic)

    def take(self, kind: str, raw: Raw) -> None:
        """Count an object as there until it is deleted, or leaves what the selector selects."""
        self._note(raw["metadata"]["uid"], is_present=kind != "DELETED")

    def take_job(self, kind: str, raw: Raw) -> None:
        """Count a Job as there until it has ended."""
        conditions = raw.get("status", {}).get("conditions") or ()
        has_ended = any(
            item["type"] in {"Complete", "Failed"} and item["status"] == "True"
            for item in conditions
        )
        self._note(raw["metadata"]["uid"], is_present=kind != "DELETED" and not has_ended)

    @property
    def ended(self) -> int:
        """How many were there and are not any more."""
        return len(self.seen) - len(self.present)

    def _note(self, uid: str, *, is_present: bool) -> None:
        before = len(self.present)
        self.seen.add(uid)
        (self.present.add if is_present else self.present.discard)(uid)
        if len(self.present) != before:
            self.changed = time.monotonic()
        self.most = max(self.most, len(self.present))
