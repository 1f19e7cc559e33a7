"""The few questions that raising a cluster asks its own servers, without a client library."""

import json
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from localcluster.state import Record

_PATIENCE = 5
"""Seconds for one answer."""


@dataclass(frozen=True, slots=True)
class Api:
    """The API server of a cluster, asked as its administrator."""

    base: str
    context: ssl.SSLContext

    @classmethod
    def of(cls, record: Record) -> "Api":
        """Return the API server of this cluster."""
        context = ssl.create_default_context(cafile=str(record.paths.pki / "ca.crt"))
        pair = (record.paths.pki / "admin.crt", record.paths.pki / "admin.key")
        context.load_cert_chain(*pair)
        return cls(record.addresses.api, context)

    def answers(self, path: str) -> bool:
        """Tell whether `path` is there and well."""
        return fetch(self.base + path, self.context) is not None

    def items(self, path: str) -> list[dict[str, Any]]:
        """Return the objects of a list; none if it cannot be had now."""
        body = fetch(self.base + path, self.context)
        return [] if body is None else json.loads(body)["items"]


def fetch(url: str, context: ssl.SSLContext | None = None) -> bytes | None:
    """Return what is at a URL of this cluster, or None if it does not answer with success."""
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ValueError(f"not an address of a server: {url}")
    handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
    if context is not None:
        handlers.append(urllib.request.HTTPSHandler(context=context))
    try:
        with urllib.request.build_opener(*handlers).open(url, timeout=_PATIENCE) as response:
            body: bytes = response.read()
    except (urllib.error.URLError, OSError):
        return None
    return body
