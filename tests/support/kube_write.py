"""Put objects into the cluster under test."""

from typing import Any, Final

from localcluster import Cluster
from support.kube_api import api

_OF_THE_CLUSTER: Final = frozenset({"RuntimeClass"})


def put(cluster: Cluster, manifest: dict[str, Any]) -> None:
    """Create an object, or make it as the manifest says."""
    api(cluster).apply(_path(manifest), manifest)


def _path(manifest: dict[str, Any]) -> str:
    version, kind, metadata = manifest["apiVersion"], manifest["kind"], manifest["metadata"]
    group = f"/apis/{version}" if "/" in version else f"/api/{version}"
    plural = kind.lower() + ("es" if kind.endswith("s") else "s")
    folder = (
        "" if kind in _OF_THE_CLUSTER else f"/namespaces/{metadata.get('namespace', 'default')}"
    )
    return f"{group}{folder}/{plural}/{metadata['name']}"
