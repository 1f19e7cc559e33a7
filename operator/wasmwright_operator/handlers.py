"""What kopf calls: take in an object, name the keys that it concerns, and nothing else.

Only `on.event`, without filters and returning nothing: it is the one kind of handler with which
kopf never writes to the object, and a filter would hide that an object stops matching.
"""

from collections.abc import Mapping
from typing import Any

import kopf

from wasmwright_operator.cache import Cache
from wasmwright_operator.kube.login import kopf_login
from wasmwright_operator.kube.port import Resource
from wasmwright_operator.reconcile import Reconciler
from wasmwright_operator.sync import watched


def register(
    registry: kopf.OperatorRegistry, cache: Cache, reconciler: Reconciler, namespace: str
) -> None:
    """Register one handler per watched resource, and the login."""
    kopf.on.login(registry=registry)(kopf_login)
    for resource in watched(namespace):
        _register(registry, resource, cache, reconciler)


def _register(
    registry: kopf.OperatorRegistry, resource: Resource, cache: Cache, reconciler: Reconciler
) -> None:
    @kopf.on.event(
        resource.group,
        resource.version,
        resource.plural,
        id=f"observe-{resource.plural}",
        registry=registry,
    )
    async def observe(event: Mapping[str, Any], **_: object) -> None:
        take_in(resource, event, cache, reconciler)


def take_in(
    resource: Resource, event: Mapping[str, Any], cache: Cache, reconciler: Reconciler
) -> None:
    """Take an event into the cache and have reconciled what it concerns."""
    raw = event["object"]
    if event["type"] == "DELETED":
        metadata = raw["metadata"]
        keys = cache.remove(resource.plural, metadata["name"], metadata["uid"])
    else:
        keys = cache.observe(resource.plural, raw)
    reconciler.notify(keys)
