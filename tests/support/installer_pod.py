"""The installer on a node by itself, as somebody runs it who has no operator."""

from typing import Any

from imagebuild import build
from imagebuild.recipe import Part
from localcluster import Cluster, Node
from support.kube_view import get
from support.kube_write import put
from support.waiting import eventually
from wasmwright_installer.contract import ApplyResult, HostStatus, NodeDocument

_DOCUMENT = "wasmwright.dev/document"


def apply(cluster: Cluster, node: Node, document: NodeDocument) -> ApplyResult:
    """Make a node have what a document says, and return what the run printed."""
    printed = _run(cluster, node, document, "apply", "--document", "/etc/wasmwright/document.json")
    return ApplyResult.model_validate_json(printed)


def status(cluster: Cluster, node: Node) -> HostStatus:
    """Return what is on a node."""
    return HostStatus.model_validate_json(_run(cluster, node, NodeDocument(), "status"))


def _run(cluster: Cluster, node: Node, document: NodeDocument, *arguments: str) -> str:
    name = f"installer-{node.name}"
    put(cluster, _pod(name, node, document, *arguments))
    try:
        eventually(
            lambda: get(cluster, "pod", name).get("status", {}).get("phase"),
            until=lambda phase: phase in {"Succeeded", "Failed"},
            within=120,
        )
        return cluster.kubectl("logs", name)
    finally:
        cluster.kubectl("delete", "pod", name, "--timeout=60s")


def _pod(name: str, node: Node, document: NodeDocument, *arguments: str) -> dict[str, Any]:
    field = {"fieldPath": f"metadata.annotations['{_DOCUMENT}']"}
    text = document.model_dump_json(exclude_defaults=True)
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "annotations": {_DOCUMENT: text}},
        "spec": {
            "nodeName": node.name,
            "restartPolicy": "Never",
            "hostPID": True,
            "automountServiceAccountToken": False,
            "containers": [
                {
                    "name": "installer",
                    "image": build.ensure().names.reference(Part.INSTALLER),
                    "imagePullPolicy": "IfNotPresent",
                    "command": ["wasmwright-installer"],
                    "args": [*arguments, "--host-root", "/host"],
                    "securityContext": {"privileged": True, "runAsUser": 0},
                    "volumeMounts": [
                        {"name": "document", "mountPath": "/etc/wasmwright"},
                        {
                            "name": "host",
                            "mountPath": "/host",
                            "mountPropagation": "HostToContainer",
                        },
                    ],
                }
            ],
            "volumes": [
                {
                    "name": "document",
                    "downwardAPI": {"items": [{"path": "document.json", "fieldRef": field}]},
                },
                {"name": "host", "hostPath": {"path": "/", "type": "Directory"}},
            ],
        },
    }
