"""What an informer tells: records into the cache, keys into the queue, and nothing else."""

from collections.abc import Callable, Iterable

from wasmwright_operator.cache import Cache
from wasmwright_operator.kube.port import Raw
from wasmwright_operator.metrics import Metrics

Notify = Callable[[Iterable[str]], None]


class Feed:
    """Takes in the objects of one kind; they are not kept."""

    def __init__(
        self, plural: str, cache: Cache, notify: Notify, metrics: Metrics | None = None
    ) -> None:
        self._plural = plural
        self._cache = cache
        self._notify = notify
        events = (metrics or Metrics()).watch_events
        self._relevant = events.labels(plural, "true")
        self._irrelevant = events.labels(plural, "false")

    def observe(self, raw: Raw) -> None:
        """Take in that an object is there, as it is now."""
        self._tell(self._cache.observe(self._plural, raw))

    def remove(self, raw: Raw) -> None:
        """Take in that an object is gone."""
        metadata = raw["metadata"]
        self._tell(self._cache.remove(self._plural, metadata["name"], metadata["uid"]))

    def retain(self, seen: Iterable[str], version: int) -> None:
        """Take in that a complete list of a version held nothing but these names."""
        for record in self._cache.store_of(self._plural).missing(seen, version):
            self._tell(self._cache.remove(self._plural, record.name, record.uid))

    def _tell(self, keys: tuple[str, ...]) -> None:
        (self._relevant if keys else self._irrelevant).inc()
        self._notify(keys)
