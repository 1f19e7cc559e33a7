"""The records of one kind by name, never older than what was taken in last.

Whatever comes, an older version never replaces a newer one, and an object that is known to be
deleted does not come back.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar

from wasmwright_operator.kube.port import Raw

_REMEMBERED_DELETIONS: Final = 20_000


class Record(Protocol):
    """What every record has."""

    @property
    def name(self) -> str:
        """The object's name."""
        ...

    @property
    def uid(self) -> str:
        """The object's UID."""
        ...


R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Entry(Generic[R]):
    """A record and how new it is."""

    version: int
    record: R
    is_partial: bool = False
    """Whether only the metadata is of that version: the whole object is news when it comes."""


class Store(Generic[R]):
    """The records of one kind."""

    def __init__(
        self,
        parse: Callable[[Mapping[str, Any]], R | None],
        keys: Callable[[R], tuple[str, ...]],
    ) -> None:
        self._parse = parse
        self._keys = keys
        self._entries: dict[str, Entry[R]] = {}
        self._deleted: dict[str, None] = {}

    def __iter__(self) -> Iterator[R]:
        return (entry.record for entry in self._entries.values())

    def get(self, name: str) -> R | None:
        """Return a record, if there is one of that name."""
        entry = self._entries.get(name)
        return entry.record if entry else None

    def by_name(self) -> dict[str, R]:
        """Return all records; the dictionary is the caller's own."""
        return {name: entry.record for name, entry in self._entries.items()}

    def observe(self, raw: Raw) -> tuple[str, ...]:
        """Take in an object; return the keys to be reconciled if it says something new."""
        version = version_of(raw)
        if self._knows(raw["metadata"]["name"], version):
            return ()
        record = self._parse(raw)
        return () if record is None else self.store(record, version)

    def store(self, record: R, version: int, *, is_partial: bool = False) -> tuple[str, ...]:
        """Take in a record; see `observe`."""
        old = self._entries.get(record.name)
        if record.uid in self._deleted or self._knows(record.name, version):
            return ()
        self._entries[record.name] = Entry(version, record, is_partial)
        return () if old is not None and old.record == record else self._keys(record)

    def _knows(self, name: str, version: int) -> bool:
        """Tell whether that is no news: most events are echoes of our own writes."""
        old = self._entries.get(name)
        return old is not None and version < old.version + (not old.is_partial)

    def remove(self, name: str, uid: str) -> tuple[str, ...]:
        """Take in that an object is gone; return the keys to be reconciled if that is new."""
        self._deleted[uid] = None
        if len(self._deleted) > _REMEMBERED_DELETIONS:
            del self._deleted[next(iter(self._deleted))]
        entry = self._entries.get(name)
        if entry is None or entry.record.uid != uid:
            return ()
        del self._entries[name]
        return self._keys(entry.record)

    def missing(self, seen: Iterable[str], version: int) -> tuple[R, ...]:
        """Return what a complete list of that version did not hold though it is not newer."""
        absent = self._entries.keys() - set(seen)
        entries = (self._entries[name] for name in absent)
        return tuple(entry.record for entry in entries if entry.version <= version)


def version_of(raw: Mapping[str, Any]) -> int:
    """Return the version of an object; those of one kind compare as numbers (KEP-5504)."""
    return int(raw["metadata"]["resourceVersion"])
