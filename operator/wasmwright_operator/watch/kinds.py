"""What is watched, and by whom."""

from wasmwright_operator import names
from wasmwright_operator.cache import Cache
from wasmwright_operator.kube.port import (
    CONTROLLER_REVISIONS,
    JOBS,
    NODES,
    PODS,
    RUNTIME_CLASSES,
    WASM_NODES,
    WASM_RUNTIMES,
    Resource,
    Source,
)
from wasmwright_operator.metrics import Metrics
from wasmwright_operator.watch.feed import Feed, Notify
from wasmwright_operator.watch.informer import Informer


def watched(namespace: str) -> dict[Resource, str]:
    """Return what is watched, with the label selector that the API server applies."""
    return {
        WASM_RUNTIMES: "",
        CONTROLLER_REVISIONS.in_namespace(namespace): names.MANAGED_BY_US,
        RUNTIME_CLASSES: "",
        NODES: "",
        WASM_NODES: "",
        JOBS.in_namespace(namespace): names.MANAGED_BY_US,
        PODS.in_namespace(namespace): names.MANAGED_BY_US,
    }


def informers(
    source: Source, cache: Cache, notify: Notify, namespace: str, metrics: Metrics | None = None
) -> tuple[Informer, ...]:
    """Return an informer for each watched kind; none of them runs yet."""
    return tuple(
        Informer(source, resource, selector, Feed(resource.plural, cache, notify, metrics))
        for resource, selector in watched(namespace).items()
    )
