"""Kubeconfig files: where the API server is, whom to trust, who one is."""

import base64
import json

from localcluster.pki import KeyPair


def render(*, cluster: str, server: str, authority: bytes, client: KeyPair) -> str:
    """Return a kubeconfig with everything embedded; it is JSON, which is YAML too."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": cluster,
                "cluster": {"server": server, "certificate-authority-data": _base64(authority)},
            }
        ],
        "users": [
            {
                "name": cluster,
                "user": {
                    "client-certificate-data": _base64(client.certificate),
                    "client-key-data": _base64(client.key),
                },
            }
        ],
        "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": cluster}}],
        "current-context": cluster,
    }
    return json.dumps(config, indent=2) + "\n"


def _base64(pem: bytes) -> str:
    return base64.b64encode(pem).decode()
