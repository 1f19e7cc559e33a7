"""Artifacts whose digest nobody gave: `fetch` found it, and from there on it counts."""

import hashlib
from pathlib import Path

import pytest

from unit.installer.documents import document, shim
from unit.installer.fake_host.containerd_node import MAIN_V2, make_node
from unit.installer.fake_host.node import FakeNode
from wasmwright_installer.apply.digests import UNKNOWN, resolve
from wasmwright_installer.apply.explain import explain_plan
from wasmwright_installer.apply.run import apply
from wasmwright_installer.contract import (
    FetchedBinary,
    HttpArtifact,
    Manifest,
    NodeDocument,
    Source,
    desired_hash,
)
from wasmwright_installer.errors import ArtifactError

URL = "https://example.org/light"
CONTENT = b"#!/bin/sh\n# light\n"
DIGEST = hashlib.sha256(CONTENT).hexdigest()
LINK = "/opt/wasmwright/bin/light/containerd-shim-light-v1"


@pytest.fixture
def node(tmp_path: Path) -> FakeNode:
    return make_node(tmp_path / "host", "1.7.24", MAIN_V2)


def unverified(pinned: str = "") -> NodeDocument:
    artifact = HttpArtifact(url=URL, unverified=True, pinned=pinned)
    return document(shim("light").model_copy(update={"source": Source(http=artifact)}))


def fetched(folder: Path) -> Path:
    file = f"{DIGEST}/containerd-shim-light-v1"
    (folder / DIGEST).mkdir(parents=True)
    (folder / file).write_bytes(CONTENT)
    binary = FetchedBinary(file=file, sha256=DIGEST, size=len(CONTENT))
    manifest = Manifest(artifacts={DIGEST: binary}, found={URL: DIGEST})
    (folder / "manifest.json").write_text(manifest.model_dump_json())
    return folder


def test_apply__digest_found_by_fetch__installs_under_it_and_tells_it(
    node: FakeNode, tmp_path: Path
) -> None:
    wanted = unverified()

    result = apply(node.host, wanted, fetched(tmp_path / "artifacts"))

    assert result.runtimes[0].digest == DIGEST
    assert result.hash == desired_hash(wanted.runtimes)
    assert result.stored == (DIGEST,)
    assert node.host.files.link_target(LINK) == f"../../store/{DIGEST}/containerd-shim-light-v1"


def test_apply__pinned_since__finds_all_in_place_without_artifacts(
    node: FakeNode, tmp_path: Path
) -> None:
    first = apply(node.host, unverified(), fetched(tmp_path / "artifacts"))

    second = apply(node.host, unverified(DIGEST), None)

    assert (second.changed, second.hash) == (False, first.hash)
    assert second.runtimes[0].digest == DIGEST


def test_apply__not_fetched__says_to_fetch_first(node: FakeNode) -> None:
    with pytest.raises(ArtifactError, match="run fetch with the same document first"):
        apply(node.host, unverified(), None)


def test_plan__before_fetch__shows_that_the_digest_is_not_known(node: FakeNode) -> None:
    report = explain_plan(node.host, unverified())

    assert report.message == ""
    assert UNKNOWN in report.links[LINK]


def test_resolve__digests_that_are_given__stay() -> None:
    wanted = document(shim("light"))

    assert resolve(wanted, {"http://127.0.0.1/light": "c" * 64}) is wanted


def test_resolve__hash_of_the_author__stays() -> None:
    wanted = unverified().model_copy(update={"hash": "h" * 64})

    assert resolve(wanted, {URL: DIGEST}).hash == "h" * 64


def test_desired_hash__what_other_nodes_found__does_not_count() -> None:
    assert desired_hash(unverified(DIGEST).runtimes) == desired_hash(unverified().runtimes)
