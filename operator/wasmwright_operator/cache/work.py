"""Jobs and pods, which are looked for by the node that they run on."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from typing_extensions import override

from wasmwright_operator.cache.keys import Work, of_node
from wasmwright_operator.cache.store import Store

W = TypeVar("W", bound=Work)


class WorkStore(Store[W]):
    """The records of one kind, by name and by node."""

    def __init__(self, parse: Callable[[Mapping[str, Any]], W | None]) -> None:
        super().__init__(parse, of_node)
        self._names: dict[str, set[str]] = {}

    def on(self, node: str) -> tuple[W, ...]:
        """Return those of one node."""
        found = (self.get(name) for name in self._names.get(node, ()))
        return tuple(item for item in found if item is not None)

    @override
    def store(self, record: W, version: int, *, is_partial: bool = False) -> tuple[str, ...]:
        keys = super().store(record, version, is_partial=is_partial)
        if keys:
            self._names.setdefault(record.node, set()).add(record.name)
        return keys

    @override
    def remove(self, name: str, uid: str) -> tuple[str, ...]:
        gone = self.get(name)
        keys = super().remove(name, uid)
        if keys and gone is not None:
            self._forget(gone.node, name)
        return keys

    def _forget(self, node: str, name: str) -> None:
        known = self._names.get(node, set())
        known.discard(name)
        if not known:
            self._names.pop(node, None)
