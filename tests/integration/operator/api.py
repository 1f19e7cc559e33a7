"""A small blocking client for tests: raw JSON against the real API server."""

import base64
import ssl
import tempfile
from pathlib import Path
from typing import Any, Self

import httpx
import yaml

from wasmwright_operator import names

Raw = dict[str, Any]

GROUP = f"/apis/{names.API_VERSION}"
WRT, WN = f"{GROUP}/wasmruntimes", f"{GROUP}/wasmnodes"
NODES, NAMESPACES = "/api/v1/nodes", "/api/v1/namespaces"
CLASSES = "/apis/node.k8s.io/v1/runtimeclasses"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


class Api:
    """The API server of one kubeconfig."""

    def __init__(self, kubeconfig: Path) -> None:
        config = yaml.safe_load(kubeconfig.read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self.client = httpx.Client(
            base_url=cluster["server"],
            verify=_tls(cluster, user),
            timeout=20,
            trust_env=False,
            limits=httpx.Limits(keepalive_expiry=None),
        )
        """Keeps its connections until the server closes them: one that expires was given to a
        thread while another closed it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def get(self, path: str) -> Raw:
        """Return an object, or an empty one when it is not there."""
        response = self.client.get(path)
        return {} if response.status_code == 404 else _checked(response)

    def items(self, path: str, **query: str) -> list[Raw]:
        found: list[Raw] = _checked(self.client.get(path, params=query))["items"]
        return found

    def create(self, path: str, body: Raw) -> Raw:
        return _checked(self.client.post(path, json=body))

    def merge(self, path: str, body: Raw) -> Raw:
        headers = {"Content-Type": "application/merge-patch+json"}
        return _checked(self.client.patch(path, json=body, headers=headers))

    def apply(self, path: str, body: Raw) -> Raw:
        """Create an object or make it as it is said; fields that do not exist are refused."""
        headers = {"Content-Type": "application/apply-patch+yaml"}
        query = {"fieldManager": "tests", "force": "true", "fieldValidation": "Strict"}
        return _checked(self.client.patch(path, json=body, headers=headers, params=query))

    def delete(self, path: str, **options: Any) -> None:
        response = self.client.request("DELETE", path, json=options)
        if response.status_code != 404:
            _checked(response)


def _checked(response: httpx.Response) -> Raw:
    answer: Raw = response.json()
    if response.is_error:
        raise ApiRefusedError(answer.get("message", response.text))
    return answer


class ApiRefusedError(AssertionError):
    """The API server did not take a request; the message is its own."""


def trust(cluster: Raw) -> ssl.SSLContext:
    """Return a context that trusts the API server of a kubeconfig's cluster."""
    return ssl.create_default_context(
        cafile=cluster.get("certificate-authority"), cadata=_decoded(cluster)
    )


def _tls(cluster: Raw, user: Raw) -> ssl.SSLContext:
    context = trust(cluster)
    with tempfile.NamedTemporaryFile() as pair:
        pair.write(_part(user, "client-certificate") + b"\n" + _part(user, "client-key"))
        pair.flush()
        context.load_cert_chain(pair.name)
    return context


def _decoded(cluster: Raw) -> str | None:
    data = cluster.get("certificate-authority-data")
    return base64.b64decode(data).decode() if data else None


def _part(user: Raw, name: str) -> bytes:
    data = user.get(f"{name}-data")
    return base64.b64decode(data) if data else Path(user[name]).read_bytes()
