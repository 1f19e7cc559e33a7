"""What a source renders to; a new field of it leaves everything as it was where nobody uses it."""

from typing import Any

import pytest

from unit.operator import given
from wasmwright_installer.contract import Access, HeaderAuth, ProxyServer, desired_hash
from wasmwright_operator.api.access import size_in_bytes


def rendered(**http: Any) -> Access | None:
    source = given.http("amd64")
    entry = given.entry(source={"http": {**source["http"], **http}})
    assert entry.source.http is not None
    return entry.source.http.access


@pytest.mark.parametrize(
    ("http", "access"),
    [
        ({}, None),
        ({"auth": {"secret": "s"}}, Access(auth=HeaderAuth(file="secret/s/authorization"))),
        (
            {"auth": {"secret": "s", "key": "k", "header": "X-Key", "hosts": ["a:8443"]}},
            Access(auth=HeaderAuth(file="secret/s/k", header="X-Key", hosts=("a:8443",))),
        ),
        ({"caBundle": {"configMap": "c"}}, Access(ca_file="configmap/c/ca.crt")),
        ({"caBundle": {"configMap": "c", "key": "k"}}, Access(ca_file="configmap/c/k")),
        ({"sizeLimit": "64Mi"}, Access(size_limit=64 << 20)),
        (
            {"proxy": {"url": "http://p:3128", "noProxy": ["corp"], "secret": "s"}},
            Access(proxy=ProxyServer(url="http://p:3128", no_proxy=("corp",), folder="secret/s")),
        ),
    ],
    ids=["nothing", "auth", "auth in full", "ca", "ca by key", "size", "proxy"],
)
def test_render_source__access__names_files_and_not_what_they_hold(
    http: dict[str, Any], access: Access | None
) -> None:
    assert rendered(**http) == access


def test_render_source__mirrors__are_those_of_the_architecture() -> None:
    platforms = [
        {
            "arch": arch,
            "url": f"https://a/{arch}",
            "sha256": "a" * 64,
            "mirrors": [f"https://b/{arch}"],
        }
        for arch in ("arm64", "amd64")
    ]
    assert rendered(platforms=platforms) == Access(mirrors=("https://b/amd64",))


@pytest.mark.parametrize(
    ("size", "expected"), [(None, 0), ("1Ki", 1024), ("64Mi", 64 << 20), ("2Gi", 2 << 30)]
)
def test_size_in_bytes__unit__counts(size: str | None, expected: int) -> None:
    assert size_in_bytes(size) == expected


def test_desired_hash__of_what_uses_nothing_new__is_what_it_was() -> None:
    entry = given.entry(source=given.http("amd64"))
    known = "b0f63618a7fd237cd64bf6e0aa4bbf32ad9774f746b6d3c8f424604fbae1271c"
    assert desired_hash((entry,)) == known
