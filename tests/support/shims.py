"""What runtime-class-manager has in the API: its kind, a Shim, and the RuntimeClass of that."""

from typing import Any

Manifest = dict[str, Any]

GROUP = "runtime.spinkube.dev"
API_VERSION = f"{GROUP}/v1alpha1"
FINALIZER = "rcm.spinkube.dev/finalizer"


def crd() -> Manifest:
    """Return its kind, with as much of a schema as the API server insists on."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": "v1alpha1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"shims.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Cluster",
            "names": {"kind": "Shim", "plural": "shims", "singular": "shim"},
            "versions": [version],
        },
    }


def shim(name: str, runtime_class: str, selector: dict[str, str]) -> Manifest:
    """Return a Shim as its controller leaves it."""
    return {
        "apiVersion": API_VERSION,
        "kind": "Shim",
        "metadata": {"name": name, "finalizers": [FINALIZER]},
        "spec": {
            "nodeSelector": selector,
            "fetchStrategy": {
                "type": "anonymousHttp",
                "anonHttp": {"location": f"https://example.org/{name}.tar.gz"},
            },
            "runtimeClass": {"name": runtime_class, "handler": name},
            "rolloutStrategy": {"type": "recreate"},
        },
    }


def runtime_class(owner: Manifest) -> Manifest:
    """Return the RuntimeClass that the controller makes for a Shim that is in the API."""
    spec = owner["spec"]
    name = spec["runtimeClass"]["name"]
    reference = {
        "apiVersion": API_VERSION,
        "kind": "Shim",
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
    return {
        "apiVersion": "node.k8s.io/v1",
        "kind": "RuntimeClass",
        "metadata": {"name": name, "labels": {name: "true"}, "ownerReferences": [reference]},
        "handler": spec["runtimeClass"]["handler"],
        "scheduling": {"nodeSelector": spec["nodeSelector"]},
    }
