"""Make the cache agree with complete lists: once before anything is planned, then now and again.

kopf reports what it sees, but not what vanished while its watch was broken, and it cannot tell when
it has seen everything. Lists can.
"""

import asyncio
import logging
from typing import Final

from wasmwright_operator import names
from wasmwright_operator.cache import FLEET, Cache, node_key
from wasmwright_operator.kube.errors import ApiError, NotFoundError
from wasmwright_operator.kube.port import (
    CONTROLLER_REVISIONS,
    JOBS,
    NODES,
    PODS,
    RUNTIME_CLASSES,
    WASM_NODES,
    WASM_RUNTIMES,
    Kube,
    Resource,
)
from wasmwright_operator.reconcile import Reconciler

logger: Final = logging.getLogger(__name__)

INTERVAL: Final = 600.0
_RETRY: Final = 15.0


class MissingResourceError(Exception):
    """The API server does not know a resource that we cannot do without."""


def watched(namespace: str) -> dict[Resource, str]:
    """Return what is listed and watched, with the label selector that the API server applies."""
    return {
        WASM_RUNTIMES: "",
        CONTROLLER_REVISIONS.in_namespace(namespace): names.MANAGED_BY_US,
        RUNTIME_CLASSES: "",
        NODES: "",
        WASM_NODES: "",
        JOBS.in_namespace(namespace): names.MANAGED_BY_US,
        PODS.in_namespace(namespace): names.MANAGED_BY_US,
    }


class Synchronizer:
    """Lists everything into the cache."""

    def __init__(self, kube: Kube, cache: Cache, reconciler: Reconciler, namespace: str) -> None:
        self._kube = kube
        self._cache = cache
        self._reconciler = reconciler
        self._watched = watched(namespace)

    async def run_once(self) -> None:
        """List everything, and have everything reconciled."""
        for resource, selector in self._watched.items():
            try:
                await self._sync(resource, selector)
            except NotFoundError as error:
                raise MissingResourceError(
                    f"the API server does not know {resource.plural}.{resource.group};"
                    " apply the files in crds/ first"
                ) from error
        self._reconciler.notify((FLEET, *map(node_key, self._cache.nodes.by_name())))

    async def run(self) -> None:
        """List everything from time to time, until cancelled."""
        delay = INTERVAL
        while True:
            await asyncio.sleep(delay)
            try:
                await self.run_once()
            except (ApiError, MissingResourceError) as error:
                delay = _RETRY
                logger.warning("listing failed", extra={"error": str(error)})
            else:
                delay = INTERVAL

    async def _sync(self, resource: Resource, selector: str) -> None:
        seen: set[str] = set()
        version = 0
        async for page in self._kube.list(resource, selector=selector):
            version = int(page.resource_version)
            for raw in page.items:
                seen.add(raw["metadata"]["name"])
                self._reconciler.notify(self._cache.observe(resource.plural, raw))
        for record in self._cache.store_of(resource.plural).missing(seen, version):
            keys = self._cache.remove(resource.plural, record.name, record.uid)
            self._reconciler.notify(keys)
