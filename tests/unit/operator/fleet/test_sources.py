"""What a source renders to; a new field of it leaves everything as it was where nobody uses it."""

from typing import Any

import pytest

from unit.operator import given
from wasmwright_installer.contract import (
    Access,
    HeaderAuth,
    ImageArtifact,
    Keyless,
    OciArtifact,
    ProxyServer,
    Verify,
    desired_hash,
)
from wasmwright_operator.api.access import size_in_bytes
from wasmwright_operator.fleet.rendering import render_entry
from wasmwright_operator.fleet.rollout.revisions import render_revision
from wasmwright_operator.records.wasmnode import entry_digest


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


OCI: dict[str, Any] = {"ref": f"registry.example.com/wasm/spin@sha256:{'c' * 64}"}


def test_render_source__oci__names_its_pull_secrets_as_files() -> None:
    more = {"mirrors": ["a.example.com/b"], "title": "t", "path": "p", "pullSecrets": ["r"]}
    entry = given.entry(source={"oci": {**OCI, **more, "sizeLimit": "1Ki"}})

    assert entry.source.oci == OciArtifact(
        ref=OCI["ref"],
        mirrors=("a.example.com/b",),
        title="t",
        path="p",
        pull_secrets=("secret/r/.dockerconfigjson",),
        access=Access(size_limit=1024),
    )
    assert entry.source.digest == "c" * 64


KEYLESS: dict[str, Any] = {
    "identity": "i",
    "issuer": "https://j",
    "trustedRoot": {"configMap": "c"},
}


@pytest.mark.parametrize(
    ("given_verify", "verify"),
    [
        ({"publicKey": {"configMap": "c"}}, Verify(key="configmap/c/cosign.pub")),
        ({"publicKey": {"secret": "s", "key": "k"}}, Verify(key="secret/s/k")),
        (
            {"keyless": KEYLESS},
            Verify(
                keyless=Keyless(
                    identity="i",
                    issuer="https://j",
                    trusted_root="configmap/c/trusted_root.json",
                )
            ),
        ),
    ],
    ids=["key", "key in a secret", "keyless"],
)
def test_render_source__verify__names_files(given_verify: dict[str, Any], verify: Verify) -> None:
    http = given.http("amd64")["http"]
    http["platforms"][0]["signature"] = "https://a.example.com/signature"
    of_http = given.entry(source={"http": {**http, "verify": given_verify}}).source.http
    of_oci = given.entry(source={"oci": {**OCI, "verify": given_verify}}).source.oci

    assert of_http is not None
    assert of_oci is not None
    assert (of_http.verify, of_http.signature) == (verify, "https://a.example.com/signature")
    assert of_oci.verify == verify


@pytest.mark.parametrize(
    ("names", "served"),
    [([], ["amd64", "s390x"]), (["amd64"], ["amd64"])],
    ids=["any", "those that are named"],
)
def test_render_source__oci__is_for_the_architectures_that_are_named(
    names: list[str], served: list[str]
) -> None:
    runtime = given.runtime(source={"oci": {**OCI, "architectures": names}})
    entries = {arch: render_entry(runtime, arch) for arch in ("amd64", "s390x")}

    assert [arch for arch, entry in entries.items() if entry is not None] == served
    assert set(map(entry_digest, render_revision(runtime).values())) == {
        entry_digest(entry) for entry in entries.values() if entry is not None
    }


def test_render_source__image__is_left_to_the_nodes_runtime() -> None:
    image = {"ref": OCI["ref"], "path": "/bin/youki", "pullSecrets": ["r"]}
    entry = given.entry("runc-like", type="OCIRuntime", source={"image": image})

    assert entry.source.image == ImageArtifact(
        ref=OCI["ref"], path="/bin/youki", pull_secrets=("r",)
    )
    assert entry.source.download is None
    assert entry.handler.binary == "youki"
    only = {"image": {**image, "architectures": ["arm64"]}}
    assert render_entry(given.runtime(source=only), "amd64") is None


@pytest.mark.parametrize(
    ("more", "binary"),
    [({"path": "bin/youki"}, "youki"), ({"title": "youki"}, "youki"), ({}, "spin")],
)
def test_render_entry__oci_runtime_in_a_registry__is_named_like_its_file(
    more: dict[str, str], binary: str
) -> None:
    entry = given.entry("runc-like", type="OCIRuntime", source={"oci": {**OCI, **more}})
    assert entry.handler.binary == binary


@pytest.mark.parametrize(
    ("size", "expected"), [(None, 0), ("1Ki", 1024), ("64Mi", 64 << 20), ("2Gi", 2 << 30)]
)
def test_size_in_bytes__unit__counts(size: str | None, expected: int) -> None:
    assert size_in_bytes(size) == expected


def test_desired_hash__of_what_uses_nothing_new__is_what_it_was() -> None:
    entry = given.entry(source=given.http("amd64"))
    known = "b0f63618a7fd237cd64bf6e0aa4bbf32ad9774f746b6d3c8f424604fbae1271c"
    assert desired_hash((entry,)) == known
