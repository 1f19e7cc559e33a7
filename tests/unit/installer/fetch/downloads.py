"""What tests have downloaded, from which documents, within which limits."""

import hashlib
import io
import tarfile
from pathlib import Path

from unit.installer.fetch.server import Server
from wasmwright_installer.contract import (
    HandlerEntry,
    HttpArtifact,
    Manifest,
    NodeDocument,
    RuntimeEntry,
    Source,
)
from wasmwright_installer.fetch import Fetching, FetchLimits
from wasmwright_installer.fetch import fetch as fetch_by

SCRIPT = b"#!/bin/sh\nexec true\n"
LIMITS = FetchLimits(attempts=3, connect=2, read=2, total=20)
NAME = "containerd-shim-light-v1"


def fetch(
    document: NodeDocument, folder: Path, limits: FetchLimits, machine: str = "x86_64"
) -> Manifest:
    return fetch_by(document, Fetching(folder, limits, machine=machine))


def archive(*members: tuple[str, bytes | str], mode: str = "w:gz") -> bytes:
    """A tar of files; a text as content makes a symlink to it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as tar:  # type: ignore[call-overload]  # mode is a choice of literals
        for name, content in members:
            info = tarfile.TarInfo(name)
            if isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content
                tar.addfile(info)
            else:
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def wanted(server: Server, content: bytes, *, path: str = "", digest: str = "") -> NodeDocument:
    server.content = content
    sha256 = digest or hashlib.sha256(content).hexdigest()
    entry = RuntimeEntry(
        name="light",
        source=Source(http=HttpArtifact(url=server.address, sha256=sha256, path=path)),
        handler=HandlerEntry(handler="light", binary=NAME),
    )
    return NodeDocument(runtimes=(entry,))


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
