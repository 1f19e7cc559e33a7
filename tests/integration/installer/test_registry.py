"""Artifacts from a real registry: digests, credentials, tokens, mirrors, and what failures say."""

import base64
import contextlib
import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stamina

from integration.installer.registry import PASSWORD, USER, Pusher, Registry, Yard
from support import tls_server
from wasmwright_installer.contract import (
    Access,
    HandlerEntry,
    NodeDocument,
    OciArtifact,
    RuntimeEntry,
    Source,
)
from wasmwright_installer.errors import ArtifactError
from wasmwright_installer.fetch import Fetching, FetchLimits, HandedFiles, fetch
from wasmwright_installer.fetch.compression import zstd

pytestmark = pytest.mark.integration

SCRIPT = b"#!/bin/sh\nexec true\n"
BINARY = "containerd-shim-light-v1"
LIMITS = FetchLimits(attempts=2, connect=5, read=5, total=60)
KEYS = "secret/regcred/.dockerconfigjson"
CA = "configmap/corp/ca.crt"
BASIC = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
REPOSITORY = "wasm/light"


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    with Yard(tmp_path_factory.mktemp("yard"), tls_server.authority()) as made:
        yield made


@pytest.fixture(scope="module")
def registry(yard: Yard) -> Registry:
    return yard.with_users("127.0.0.1")


@pytest.fixture(scope="module")
def pusher(yard: Yard, registry: Registry) -> Iterator[Pusher]:
    with contextlib.closing(Pusher(registry, yard.signer, REPOSITORY)) as made:
        yield made


@pytest.fixture
def files(tmp_path: Path, yard: Yard) -> Path:
    folder = tmp_path / "files"
    hand(folder, CA, yard.signer.pem.decode())
    return folder


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    with stamina.set_testing(True, attempts=2):
        yield


def hand(folder: Path, file: str, text: str) -> None:
    (folder / file).parent.mkdir(parents=True, exist_ok=True)
    (folder / file).write_text(text)


def log_in(folder: Path, *places: str, auth: str = BASIC, file: str = KEYS) -> None:
    hand(folder, file, json.dumps({"auths": {place: {"auth": auth} for place in places}}))


def tarball(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo(f"./{BINARY}")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return zstd.compress(buffer.getvalue())


def pull(tmp_path: Path, files: Path, ref: str, **artifact: Any) -> bytes:
    given = {"pull_secrets": (KEYS,), "access": Access(ca_file=CA), **artifact}
    source = Source(oci=OciArtifact(ref=ref, **given))
    handler = HandlerEntry(handler="light", binary=BINARY)
    entry = RuntimeEntry(name="light", source=source, handler=handler)
    into = tmp_path / "into"
    fetching = Fetching(into, LIMITS, HandedFiles(files), "x86_64")
    manifest = fetch(NodeDocument(runtimes=(entry,)), fetching)
    assert list(manifest.artifacts) == [source.key]
    kept = sorted(str(path.relative_to(into)) for path in into.rglob("*") if path.is_file())
    assert kept == sorted([f"{source.key}/{BINARY}", "manifest.json"])
    content = (into / source.key / BINARY).read_bytes()
    assert manifest.artifacts[source.key].sha256 == hashlib.sha256(content).hexdigest()
    return content


def refusal(tmp_path: Path, files: Path, ref: str, **artifact: Any) -> ArtifactError:
    with pytest.raises(ArtifactError, match="runtime 'light': ") as caught:
        pull(tmp_path, files, ref, **artifact)
    assert PASSWORD not in caught.value.message
    assert BASIC not in caught.value.message
    assert not list(tmp_path.rglob(BINARY))
    return caught.value


def test_pull__bare_binary__is_taken_with_basic_credentials(
    tmp_path: Path, files: Path, registry: Registry, pusher: Pusher
) -> None:
    log_in(files, registry.host)
    assert pull(tmp_path, files, pusher.artifact({BINARY: SCRIPT})) == SCRIPT


def test_pull__index__gives_what_is_for_this_machine(
    tmp_path: Path, files: Path, registry: Registry, pusher: Pusher
) -> None:
    log_in(files, registry.host)
    foreign = pusher.artifact({BINARY: b"#!/bin/sh\nexec arm\n"})
    own = pusher.artifact({"shim.tar.zst": tarball(SCRIPT), "README": b"read me"})
    ref = pusher.index({"arm64": foreign, "amd64": own})

    assert pull(tmp_path, files, ref, title="shim.tar.zst", path=BINARY) == SCRIPT


def test_pull__index_without_this_machine__is_told(
    tmp_path: Path, files: Path, registry: Registry, pusher: Pusher
) -> None:
    log_in(files, registry.host)
    ref = pusher.index({"arm64": pusher.artifact({BINARY: SCRIPT})})
    error = refusal(tmp_path, files, ref)

    assert error.reason == "WrongArchitecture"
    assert "has manifests for linux/arm64 and none for linux/amd64" in error.message


def test_pull__several_layers_and_no_title__are_told(
    tmp_path: Path, files: Path, registry: Registry, pusher: Pusher
) -> None:
    log_in(files, registry.host)
    error = refusal(tmp_path, files, pusher.artifact({"a": SCRIPT, "b": b"x"}))

    assert "has 2 layers (titles: 'a', 'b')" in error.message


def test_pull__wrong_password__is_told_without_it(
    tmp_path: Path, files: Path, registry: Registry, pusher: Pusher
) -> None:
    log_in(files, registry.host, auth=base64.b64encode(b"puller:wrong").decode())
    error = refusal(tmp_path, files, pusher.artifact({BINARY: SCRIPT}))

    assert "HTTP status 401; look at the source's credentials" in error.message
    assert "wrong" not in error.message


def test_pull__no_credentials__are_told(tmp_path: Path, files: Path, pusher: Pusher) -> None:
    error = refusal(tmp_path, files, pusher.artifact({BINARY: SCRIPT}), pull_secrets=())

    assert "HTTP status 401" in error.message


def test_pull__pull_secret_is_missing__is_told_by_name(
    tmp_path: Path, files: Path, pusher: Pusher
) -> None:
    error = refusal(tmp_path, files, pusher.artifact({BINARY: SCRIPT}))

    assert (error.reason, KEYS in error.message) == ("SourceFileMissing", True)


def test_pull__artifact_is_not_there__is_told(
    tmp_path: Path, files: Path, registry: Registry
) -> None:
    log_in(files, registry.host)
    error = refusal(tmp_path, files, f"{registry.host}/{REPOSITORY}@sha256:{'0' * 64}")

    assert "HTTP status 404" in error.message


def test_pull__registry_holds_other_bytes__are_refused(
    tmp_path: Path, files: Path, yard: Yard, registry: Registry, pusher: Pusher
) -> None:
    log_in(files, registry.host)
    ref = pusher.artifact({BINARY: b"#!/bin/sh\nexec damaged\n"})
    held = yard.folder / "held/docker/registry/v2/blobs/sha256"
    (blob,) = [path for path in held.rglob("data") if b"exec damaged" in path.read_bytes()]
    blob.write_bytes(b"#!/bin/sh\nexec by evil\n")

    assert refusal(tmp_path, files, ref).reason == "DigestMismatch"


def test_pull__registry_is_down__mirror_gives_it_with_its_own_credentials(
    tmp_path: Path, files: Path, registry: Registry, pusher: Pusher
) -> None:
    log_in(files, registry.host)
    digest = pusher.artifact({BINARY: SCRIPT}).partition("@")[2]
    mirrors = (f"{registry.host}/{REPOSITORY}",)

    assert pull(tmp_path, files, f"127.0.0.1:9/gone@{digest}", mirrors=mirrors) == SCRIPT


@pytest.mark.parametrize("known", [True, False], ids=["user", "stranger"])
def test_pull__registry_wants_tokens__they_are_had_from_its_token_server(
    tmp_path: Path, files: Path, yard: Yard, pusher: Pusher, *, known: bool
) -> None:
    digest = pusher.artifact({BINARY: SCRIPT}).partition("@")[2]
    with tls_server.serve("127.0.0.2", yard.signer, yard.folder) as site:
        site.contents = {"/token": json.dumps({"token": yard.token(REPOSITORY)}).encode()}
        site.wanted = {"authorization": f"Basic {BASIC}"}
        registry = yard.with_tokens("127.0.0.1", f"{site.url}/token")
        log_in(files, registry.host if known else "other.example.com")
        ref = f"{registry.host}/{REPOSITORY}@{digest}"
        if known:
            assert pull(tmp_path, files, ref) == SCRIPT
        else:
            assert "token server https://127.0.0.2" in refusal(tmp_path, files, ref).message

    assert len(site.requests) == 1
    assert "scope=repository%3Awasm%2Flight%3Apull" in site.requests[0].path


def test_pull__token_is_for_another_repository__is_told(
    tmp_path: Path, files: Path, yard: Yard, pusher: Pusher
) -> None:
    digest = pusher.artifact({BINARY: SCRIPT}).partition("@")[2]
    with tls_server.serve("127.0.0.2", yard.signer, yard.folder) as site:
        site.contents = {"/token": json.dumps({"access_token": yard.token("other")}).encode()}
        registry = yard.with_tokens("127.0.0.1", f"{site.url}/token")
        error = refusal(tmp_path, files, f"{registry.host}/{REPOSITORY}@{digest}", pull_secrets=())

    assert "HTTP status 401" in error.message
