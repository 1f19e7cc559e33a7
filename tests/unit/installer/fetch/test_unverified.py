"""Downloads of which nobody told the digest."""

import hashlib
from pathlib import Path

import pytest
from pydantic import ValidationError

from unit.installer.fetch.downloads import LIMITS, NAME, SCRIPT, archive, fetch, files_in, wanted
from unit.installer.fetch.server import Server, cut_after, whole
from wasmwright_installer.contract import HandlerEntry, HttpArtifact, NodeDocument, Source
from wasmwright_installer.errors import ArtifactError


def unverified(server: Server, content: bytes, **fields: str) -> NodeDocument:
    """A document of a download without its digest."""
    (entry,) = wanted(server, content).runtimes
    artifact = HttpArtifact(url=server.address, unverified=True, **fields)  # type: ignore[arg-type]
    return NodeDocument(
        runtimes=(entry.model_copy(update={"source": Source(http=artifact)}),),
    )


def test_fetch__digest_that_nobody_knows__is_found_and_told(server: Server, tmp_path: Path) -> None:
    digest = hashlib.sha256(SCRIPT).hexdigest()

    manifest = fetch(unverified(server, SCRIPT), tmp_path, LIMITS)

    assert manifest.found == {server.address: digest}
    assert (tmp_path / digest / NAME).read_bytes() == SCRIPT
    assert files_in(tmp_path) == sorted([f"{digest}/{NAME}", "manifest.json"])


def test_fetch__digest_that_nobody_knows__second_time__downloads_nothing(
    server: Server, tmp_path: Path
) -> None:
    document = unverified(server, SCRIPT)
    first = fetch(document, tmp_path, LIMITS)

    assert fetch(document, tmp_path, LIMITS) == first
    assert len(server.ranges) == 1


def test_fetch__digest_that_nobody_knows__broken_off__is_never_pieced_together(
    server: Server, tmp_path: Path
) -> None:
    server.answers = [cut_after(5, b"#!/bin/other one, longer\n")]

    fetch(unverified(server, SCRIPT), tmp_path, LIMITS)

    assert next(tmp_path.glob(f"*/{NAME}")).read_bytes() == SCRIPT
    assert server.ranges == ["", ""]


def two_members(server: Server, content: bytes) -> NodeDocument:
    """Two runtimes out of one archive whose digest nobody knows."""
    entries = [
        entry.model_copy(update={"name": name, "handler": HandlerEntry(handler=name, binary=NAME)})
        for name in ("one", "two")
        for entry in unverified(server, content, path=name).runtimes
    ]
    return NodeDocument(runtimes=tuple(entries))


def test_fetch__digest_that_nobody_knows__two_members__have_each_its_own_binary(
    server: Server, tmp_path: Path
) -> None:
    content = archive(("one", SCRIPT), ("two", SCRIPT + b"#"))

    manifest = fetch(two_members(server, content), tmp_path, LIMITS)

    files = [(tmp_path / it.file).read_bytes() for it in manifest.artifacts.values()]
    assert files == [SCRIPT, SCRIPT + b"#"]
    assert manifest.found == {server.address: hashlib.sha256(content).hexdigest()}


def test_fetch__digest_that_nobody_knows__changed_between_two_members__is_refused(
    server: Server, tmp_path: Path
) -> None:
    content = archive(("one", SCRIPT), ("two", SCRIPT))
    server.answers = [whole(content)]

    with pytest.raises(ArtifactError) as caught:
        fetch(
            two_members(server, archive(("one", SCRIPT), ("two", b"#!another"))), tmp_path, LIMITS
        )

    assert caught.value.reason == "DigestMismatch"
    assert hashlib.sha256(content).hexdigest() in caught.value.message


def test_fetch__another_file_than_the_first_node_found__is_refused(
    server: Server, tmp_path: Path
) -> None:
    with pytest.raises(ArtifactError, match="has sha256") as caught:
        fetch(unverified(server, SCRIPT, pinned="c" * 64), tmp_path, LIMITS)

    assert caught.value.reason == "DigestMismatch"
    assert "c" * 64 in str(caught.value)
    assert not list(tmp_path.glob(f"*/{NAME}"))


def test_fetch__what_the_first_node_found__is_left_out_where_the_store_has_it(
    server: Server, tmp_path: Path
) -> None:
    digest = hashlib.sha256(SCRIPT).hexdigest()
    document = unverified(server, SCRIPT, pinned=digest).model_copy(update={"stored": (digest,)})

    assert fetch(document, tmp_path, LIMITS).artifacts == {}
    assert server.ranges == []


def test_document__without_digest__must_say_that_it_is_unverified() -> None:
    with pytest.raises(ValidationError, match="give sha256, or say unverified: true"):
        HttpArtifact(url="https://example.org/shim")
