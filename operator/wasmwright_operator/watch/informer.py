"""One kind of objects: list it, follow what happens to it, and begin anew when that must be.

    list --> watch --> (ended, broken, silent) --> watch from where it stopped
      ^        |
      +--------+ 410 Gone, an error that is no passing one, or too many failures in a row

Nothing is missed: the watch begins at the version of the list, each later one at the version that
was seen last, and what a list does not hold any more is taken out of the cache.
"""

import asyncio
import logging
from typing import Final

from wasmwright_operator.kube.errors import (
    ApiError,
    ExpiredError,
    NotFoundError,
    RetryableError,
    UnavailableError,
)
from wasmwright_operator.kube.port import Change, ChangeType, Page, Resource, Source
from wasmwright_operator.watch.feed import Feed
from wasmwright_operator.watch.pace import Pace

logger: Final = logging.getLogger(__name__)

_DISTRUST: Final = 5
"""Failures in a row after which a version is given up: it may never be served again."""
_SHORT: Final = 1.0
"""Seconds; a watch that ends earlier without an event counts as a failure."""
_BLIND: Final = 60.0
"""Seconds without a watch after which people are told."""


class MissingResourceError(Exception):
    """The API server does not know a resource that we cannot do without."""


class RestoredError(Exception):
    """The API server went back in time, so nothing that we know holds: begin with nothing."""


class Informer:
    """Keeps one kind in the cache."""

    def __init__(
        self,
        source: Source,
        resource: Resource,
        selector: str,
        feed: Feed,
        pace: Pace | None = None,
    ) -> None:
        self.resource = resource
        self.synced = asyncio.Event()
        """Set when all objects have been listed for the first time."""
        self._source = source
        self._selector = selector
        self._feed = feed
        self._pace = pace or Pace()
        self._version = 0
        """What the cache agrees with."""
        self._must_list = True
        self._broken_since: float | None = None
        self._why = ""

    def problem(self) -> str:
        """Return why the cache may be behind; "" = it is not."""
        if not self.synced.is_set():
            return f"{self.resource.plural} were not listed yet {self._why}".strip()
        blind = 0.0 if self._broken_since is None else _now() - self._broken_since
        return (
            f"{self.resource.plural}: blind for {blind:.0f} s {self._why}" if blind > _BLIND else ""
        )

    async def run(self) -> None:
        """Keep the cache in line until cancelled.

        Raises:
            MissingResourceError: the API server does not know the kind.
            RestoredError: the API server knows less than we do.
            ApiError: the very first list was refused.
        """
        while True:
            try:
                if self._must_list:
                    await self.list()
                await self._follow()
            except ApiError as error:
                self._judge(error)
                await self._wait(error)

    async def list(self) -> None:
        """Bring the cache in line with a complete list."""
        seen: set[str] = set()
        version = 0
        async for page in self._source.list(self.resource, selector=self._selector):
            version = self._take_page(page, seen)
            del page  # or it would be held until the next one has come
        self._feed.retain(seen, version)
        self._version = version
        self._must_list = False
        self.synced.set()

    def _take_page(self, page: Page, seen: set[str]) -> int:
        version = int(page.resource_version)
        if version < self._version:
            raise RestoredError(
                f"the API server is at version {version} of {self.resource.plural} and was at"
                f" {self._version}: it was restored from a backup; starting anew"
            )
        for raw in page.items:
            seen.add(raw["metadata"]["name"])
            self._feed.observe(raw)
        return version

    async def _follow(self) -> None:
        """Follow one watch to its end."""
        began, before = _now(), self._version
        watch = self._source.watch(
            self.resource, selector=self._selector, version=str(self._version)
        )
        async with watch as changes:
            self._broken_since = None
            async for change in changes:
                self._take(change)
        if self._version == before and _now() - began < _SHORT:
            raise UnavailableError(f"the watch of {self.resource.plural} ended at once")
        self._pace.succeeded()

    def _take(self, change: Change) -> None:
        match change.type:
            case ChangeType.BOOKMARK:
                pass
            case ChangeType.DELETED:
                self._feed.remove(change.raw)
            case ChangeType.ADDED | ChangeType.MODIFIED:
                self._feed.observe(change.raw)
        self._version = int(change.raw["metadata"]["resourceVersion"])
        self._pace.succeeded()

    def _judge(self, error: ApiError) -> None:
        """Decide whether to go on from where we are, or with a list, or not at all."""
        if isinstance(error, RetryableError):
            self._must_list |= self._pace.failures >= _DISTRUST
            return
        self._must_list = True
        if self.synced.is_set() or isinstance(error, ExpiredError):
            return
        if isinstance(error, NotFoundError):
            raise MissingResourceError(
                f"the API server does not know {self.resource.plural}.{self.resource.group};"
                " apply the files in crds/ first"
            ) from error
        raise error

    async def _wait(self, error: ApiError) -> None:
        if self._broken_since is None:
            self._broken_since = _now()
        self._why = f"({error})"
        asked = error.retry_after if isinstance(error, RetryableError) else None
        delay = max(self._pace.failed(), asked or 0.0)
        extra = {"kind": self.resource.kind, "error": str(error), "retry_in": round(delay, 1)}
        logger.info("listing anew" if self._must_list else "watching anew", extra=extra)
        await asyncio.sleep(delay)


def _now() -> float:
    return asyncio.get_running_loop().time()
