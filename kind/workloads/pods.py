"""Manifests of the pods that tests and the demo run."""

from collections.abc import Mapping
from typing import Any

from workloads import images
from workloads.modules import Module, file_name

Manifest = dict[str, Any]

_GRACE_SECONDS = 1
"""A wasm guest is the first process of its pod and may ignore SIGTERM, so nobody waits for it."""


def wasm_pod(
    name: str,
    *,
    module: Module,
    runtime_class: str,
    node: str,
    annotations: Mapping[str, str] | None = None,
) -> Manifest:
    """Return a pod that runs a module through a RuntimeClass on one node.

    The node is selected and not named, so that the scheduler and the RuntimeClass have their say.
    """
    pod = _pod(name, image=images.WASM, node=node)
    pod["spec"]["containers"][0]["command"] = [file_name(module)]
    pod["metadata"]["annotations"] = dict(annotations or {})
    pod["spec"]["runtimeClassName"] = runtime_class
    return pod


def deployment(name: str, pod: Manifest) -> Manifest:
    """Return a Deployment that keeps one such pod running."""
    labels = {"app.kubernetes.io/name": name}
    metadata = {**pod["metadata"], "labels": pod["metadata"]["labels"] | labels}
    spec = {**pod["spec"], "restartPolicy": "Always"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": metadata, "spec": spec},
        },
    }


def budget(name: str) -> Manifest:
    """Return a PodDisruptionBudget that lets no pod of a Deployment be evicted."""
    selector = {"matchLabels": {"app.kubernetes.io/name": name}}
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name},
        "spec": {"maxUnavailable": 0, "selector": selector},
    }


def bystander_pod(name: str, *, node: str) -> Manifest:
    """Return a pod with a native program, which nothing we do may disturb."""
    return _pod(name, image=images.BYSTANDER, node=node)


def _pod(name: str, *, image: str, node: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/part-of": "wasmwright-workloads"}},
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": _GRACE_SECONDS,
            "nodeSelector": {"kubernetes.io/hostname": node},
            "containers": [{"name": "main", "image": image, "imagePullPolicy": "IfNotPresent"}],
        },
    }
