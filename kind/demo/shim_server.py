"""Serve a download from inside the cluster.

Nodes find it for as long as the cluster lives, so that a node which comes later or is repaired is
served too, and nothing has to go on running on the machine itself.
"""

import base64
import json
from typing import Any, Final

from demo.clusters import Kubectl
from workloads.artifacts import Artifact

NAMESPACE: Final = "wasmwright-demo"
NAME: Final = "shims"
PORT: Final = 8080


def serve(cluster: Kubectl, artifact: Artifact, *, image: str) -> str:
    """Serve an artifact with the Python of `image`; return its URL when it can be had."""
    for manifest in manifests(artifact, image):
        cluster.kubectl("apply", "--filename", "-", input=json.dumps(manifest))
    cluster.kubectl(
        *("rollout", "status", f"deployment/{NAME}", "--namespace", NAMESPACE, "--timeout=60s")
    )
    address = cluster.kubectl(
        *("get", "service", NAME, "--namespace", NAMESPACE),
        *("--output", "jsonpath={.spec.clusterIP}"),
    )
    return f"http://{address}:{PORT}/{artifact.file_name}"


def manifests(artifact: Artifact, image: str) -> list[dict[str, Any]]:
    """Return what serves an artifact: small enough for a ConfigMap, which holds 1 MiB."""
    content = {artifact.file_name: base64.b64encode(artifact.content).decode()}
    labels = {"app.kubernetes.io/name": NAME}
    container = {
        "name": "server",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python", "-m", "http.server", str(PORT), "--directory", "/srv/shims"],
        "volumeMounts": [{"name": "shims", "mountPath": "/srv/shims", "readOnly": True}],
        "readinessProbe": {"tcpSocket": {"port": PORT}, "periodSeconds": 1},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    pod = {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 1,
        "containers": [container],
        "volumes": [{"name": "shims", "configMap": {"name": NAME}}],
    }
    template = {
        "metadata": {"labels": labels, "annotations": {"wasmwright.dev/sha256": artifact.sha256}},
        "spec": pod,
    }
    metadata = {"name": NAME, "namespace": NAMESPACE}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "binaryData": content},
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata,
            "spec": {"selector": labels, "ports": [{"port": PORT}]},
        },
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": metadata,
            "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": template},
        },
    ]
