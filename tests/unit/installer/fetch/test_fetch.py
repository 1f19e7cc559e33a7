"""Downloads from a server on the loopback that also answers badly."""

import hashlib
import io
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import stamina
from pydantic import ValidationError
from typing_extensions import override

from wasmwright_installer.contract import (
    HandlerEntry,
    HttpArtifact,
    Manifest,
    NodeDocument,
    RuntimeEntry,
    Source,
)
from wasmwright_installer.errors import ArtifactError
from wasmwright_installer.fetch import Fetching, FetchLimits
from wasmwright_installer.fetch import fetch as fetch_by

SCRIPT = b"#!/bin/sh\nexec true\n"
LIMITS = FetchLimits(attempts=3, connect=2, read=2, total=20)
NAME = "containerd-shim-light-v1"


def fetch(
    document: NodeDocument, folder: Path, limits: FetchLimits, machine: str = "x86_64"
) -> Manifest:
    return fetch_by(document, Fetching(folder, limits, machine=machine))


def elf(machine: int, *, big: bool = False) -> bytes:
    number = machine.to_bytes(2, "big" if big else "little")
    return b"\x7fELF\x02" + (b"\x02" if big else b"\x01") + bytes(12) + number


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


@dataclass
class Server:
    """What is served, and what was asked."""

    address: str = ""
    content: bytes = b""
    answers: list[Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=list)
    """How the next requests are answered, before they are answered well."""
    ranges: list[str] = field(default_factory=list)
    supports_ranges: bool = True

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.ranges.append(request.headers.get("Range", ""))
        if self.answers:
            self.answers.pop(0)(request)
            return
        start = 0
        if self.ranges[-1] and self.supports_ranges:
            start = int(self.ranges[-1].removeprefix("bytes=").removesuffix("-"))
        if start >= len(self.content) > 0:
            request.send_error(416)
            return
        request.send_response(206 if start else 200)
        request.send_header("Content-Length", str(len(self.content) - start))
        request.end_headers()
        request.wfile.write(self.content[start:])


@pytest.fixture
def server() -> Iterator[Server]:
    served = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.answer(self)

        @override
        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.address = f"http://127.0.0.1:{http.server_port}/shim"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    with stamina.set_testing(True, attempts=3):
        yield served
    http.shutdown()
    thread.join()
    http.server_close()


def status(code: int) -> Callable[[BaseHTTPRequestHandler], None]:
    return lambda request: request.send_error(code)


def whole(content: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    """Answer with all of something else than what is served later."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    return answer


def cut_after(count: int, content: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content[:count])
        request.close_connection = True

    return answer


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


@pytest.mark.parametrize(
    ("content", "path"),
    [
        (SCRIPT, ""),
        (archive((f"./{NAME}", SCRIPT)), NAME),
        (archive((NAME, SCRIPT)), f"./{NAME}"),
        (archive(("README", b"x"), (f"bin/{NAME}", SCRIPT)), f"bin/{NAME}"),
        (archive((NAME, SCRIPT), mode="w"), NAME),
        (archive((NAME, SCRIPT), mode="w:xz"), NAME),
    ],
    ids=["bare", "dot slash", "dot slash in the document", "folder", "tar", "tar.xz"],
)
def test_fetch__good_artifact__leaves_the_binary_and_the_manifest(
    server: Server, tmp_path: Path, content: bytes, path: str
) -> None:
    document = wanted(server, content, path=path)
    manifest = fetch(document, tmp_path, LIMITS)
    key = document.runtimes[0].source.key
    binary = tmp_path / key / NAME
    assert binary.read_bytes() == SCRIPT
    assert binary.stat().st_mode & 0o7777 == 0o755
    assert files_in(tmp_path) == sorted([f"{key}/{NAME}", "manifest.json"])
    assert Manifest.model_validate_json((tmp_path / "manifest.json").read_bytes()) == manifest
    assert manifest.artifacts[key].sha256 == hashlib.sha256(SCRIPT).hexdigest()
    assert manifest.artifacts[key].size == len(SCRIPT)


def test_fetch__two_runtimes_of_one_archive__get_each_their_own(
    server: Server, tmp_path: Path
) -> None:
    other = b"#!/bin/sh\nexec false\n"
    content = archive(("light", SCRIPT), ("heavy", other))
    light, heavy = (wanted(server, content, path=path).runtimes[0] for path in ("light", "heavy"))
    manifest = fetch(NodeDocument(runtimes=(light, _as_other(heavy))), tmp_path, LIMITS)
    found = {key: (tmp_path / it.file).read_bytes() for key, it in manifest.artifacts.items()}
    assert found == {light.source.key: SCRIPT, heavy.source.key: other}


def _as_other(entry: RuntimeEntry) -> RuntimeEntry:
    handler = entry.handler.model_copy(update={"handler": "heavy"})
    return entry.model_copy(update={"name": "heavy", "handler": handler})


def test_fetch__second_time__downloads_nothing(server: Server, tmp_path: Path) -> None:
    document = wanted(server, SCRIPT)
    first = fetch(document, tmp_path, LIMITS)
    assert fetch(document, tmp_path, LIMITS) == first
    assert len(server.ranges) == 1


def test_fetch__binary_was_damaged_since__downloads_it_again(
    server: Server, tmp_path: Path
) -> None:
    document = wanted(server, SCRIPT)
    fetch(document, tmp_path, LIMITS)
    next(tmp_path.glob(f"*/{NAME}")).write_bytes(b"#!/bin/sh\nother\n")
    fetch(document, tmp_path, LIMITS)
    assert next(tmp_path.glob(f"*/{NAME}")).read_bytes() == SCRIPT


def test_fetch__wrong_digest__unpacks_nothing_and_keeps_nothing(
    server: Server, tmp_path: Path
) -> None:
    document = wanted(server, archive((NAME, SCRIPT)), path=NAME, digest="0" * 64)
    with pytest.raises(ArtifactError, match=f"the document says {'0' * 64}") as caught:
        fetch(document, tmp_path, LIMITS)
    assert caught.value.reason == "DigestMismatch"
    assert files_in(tmp_path) == []


@pytest.mark.parametrize("code", [404, 403, 410])
def test_fetch__server_says_no__is_not_tried_again(
    server: Server, tmp_path: Path, code: int
) -> None:
    document = wanted(server, SCRIPT)
    server.answers = [status(code)]
    with pytest.raises(ArtifactError, match=f"HTTP status {code}") as caught:
        fetch(document, tmp_path, LIMITS)
    assert (caught.value.reason, len(server.ranges)) == ("DownloadFailed", 1)


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504])
def test_fetch__server_is_busy__is_tried_again(server: Server, tmp_path: Path, code: int) -> None:
    document = wanted(server, SCRIPT)
    server.answers = [status(code), status(code)]
    fetch(document, tmp_path, LIMITS)
    assert len(server.ranges) == 3


def test_fetch__server_stays_busy__gives_up(server: Server, tmp_path: Path) -> None:
    document = wanted(server, SCRIPT)
    server.answers = [status(503)] * 3
    with pytest.raises(ArtifactError, match="HTTP status 503"):
        fetch(document, tmp_path, LIMITS)


def test_fetch__transfer_breaks_off__goes_on_where_it_stood(server: Server, tmp_path: Path) -> None:
    document = wanted(server, SCRIPT)
    server.answers = [cut_after(7, SCRIPT)]
    fetch(document, tmp_path, LIMITS)
    assert server.ranges == ["", "bytes=7-"]


def test_fetch__left_over_of_a_killed_run__goes_on_where_it_stood(
    server: Server, tmp_path: Path
) -> None:
    document = wanted(server, SCRIPT)
    digest = hashlib.sha256(SCRIPT).hexdigest()
    (tmp_path / f".{digest}.partial").write_bytes(SCRIPT[:5])
    fetch(document, tmp_path, LIMITS)
    assert server.ranges == ["bytes=5-"]


def test_fetch__left_over_is_complete__is_taken_as_it_is(server: Server, tmp_path: Path) -> None:
    document = wanted(server, SCRIPT)
    digest = hashlib.sha256(SCRIPT).hexdigest()
    (tmp_path / f".{digest}.partial").write_bytes(SCRIPT)
    assert fetch(document, tmp_path, LIMITS).artifacts[digest].size == len(SCRIPT)


@pytest.mark.parametrize("ranges", [True, False], ids=["server resumes", "server does not"])
def test_fetch__left_over_is_of_something_else__starts_anew(
    server: Server, tmp_path: Path, *, ranges: bool
) -> None:
    document = wanted(server, SCRIPT)
    server.supports_ranges = ranges
    digest = hashlib.sha256(SCRIPT).hexdigest()
    (tmp_path / f".{digest}.partial").write_bytes(b"other")
    fetch(document, tmp_path, LIMITS)
    assert next(tmp_path.glob(f"*/{NAME}")).read_bytes() == SCRIPT


def test_fetch__larger_than_allowed__is_refused(server: Server, tmp_path: Path) -> None:
    document = wanted(server, SCRIPT)
    with pytest.raises(ArtifactError, match="larger than 10 bytes"):
        fetch(document, tmp_path, FetchLimits(size=10))


def test_fetch__nobody_listens__is_told_without_secrets(tmp_path: Path) -> None:
    entry = wanted(Server(address="http://user:word@127.0.0.1:9/shim?token=abc"), SCRIPT)
    with (
        stamina.set_testing(True, attempts=2),
        pytest.raises(ArtifactError, match="cannot be downloaded") as caught,
    ):
        fetch(entry, tmp_path, LIMITS)
    assert "http://127.0.0.1:9/shim " in caught.value.message
    assert "word" not in caught.value.message
    assert "abc" not in caught.value.message


@pytest.mark.parametrize(
    ("content", "path", "match"),
    [
        (archive(("other", SCRIPT)), NAME, "no member"),
        (archive((f"../{NAME}", SCRIPT)), NAME, "no member"),
        (archive((f"/{NAME}", SCRIPT)), NAME, "no member"),
        (archive((f"x/{NAME}", SCRIPT)), NAME, "no member"),
        (archive((NAME, "/etc/passwd")), NAME, "no regular file"),
        (SCRIPT, NAME, "no readable archive"),
        (archive((NAME, SCRIPT))[:-30], NAME, "no readable archive"),
        (archive((NAME, bytes(3000)), mode="w:xz"), NAME, "larger than 2000 bytes"),
    ],
    ids=["missing", "parent", "absolute", "folder", "symlink", "no archive", "cut", "bomb"],
)
def test_fetch__member_is_not_what_was_named__is_refused(
    server: Server, tmp_path: Path, content: bytes, path: str, match: str
) -> None:
    document = wanted(server, content, path=path)
    with pytest.raises(ArtifactError, match=match) as caught:
        fetch(document, tmp_path, FetchLimits(size=2000))
    assert caught.value.reason == "MemberNotFound"
    assert not list(tmp_path.rglob(NAME))


@pytest.mark.parametrize(
    ("content", "machine"),
    [
        (elf(62), "x86_64"),
        (elf(183), "aarch64"),
        (elf(22, big=True), "s390x"),
        (elf(9999), "loongarch64"),
        (SCRIPT, "aarch64"),
    ],
)
def test_fetch__program_for_this_machine__is_accepted(
    server: Server, tmp_path: Path, content: bytes, machine: str
) -> None:
    fetch(wanted(server, content), tmp_path, LIMITS, machine)


@pytest.mark.parametrize(
    ("content", "machine", "reason", "match"),
    [
        (elf(183), "x86_64", "WrongArchitecture", "built for aarch64, this node is x86_64"),
        (elf(9999), "x86_64", "WrongArchitecture", "built for machine 9999"),
        (b"<!DOCTYPE html><html>...", "x86_64", "NotExecutable", "neither an ELF"),
        (b"\x7fELF", "x86_64", "NotExecutable", "neither an ELF"),
        (b"MZ" + bytes(30), "x86_64", "NotExecutable", "neither an ELF"),
    ],
)
def test_fetch__program_for_something_else__is_refused(
    server: Server, tmp_path: Path, content: bytes, machine: str, reason: str, match: str
) -> None:
    with pytest.raises(ArtifactError, match=match) as caught:
        fetch(wanted(server, content), tmp_path, LIMITS, machine)
    assert caught.value.reason == reason


def test_fetch__host_binaries__need_no_download(tmp_path: Path) -> None:
    from unit.installer.documents import crun, document

    assert fetch(document(crun()), tmp_path, LIMITS).artifacts == {}
    assert files_in(tmp_path) == ["manifest.json"]


def test_fetch__artifact_is_in_the_nodes_store__is_left_out(tmp_path: Path) -> None:
    from unit.installer.documents import document, shim

    entry = shim("light")
    assert entry.source.http is not None
    known = document(entry).model_copy(update={"stored": (entry.source.http.sha256,)})
    assert fetch(known, tmp_path, LIMITS).artifacts == {}


def test_fetch__no_space__is_told(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("wasmwright_installer.fetch.place.write", full)
    with pytest.raises(ArtifactError, match=f"No space left on device in {tmp_path}"):
        fetch(wanted(server, SCRIPT), tmp_path, LIMITS)


def unverified(server: Server, content: bytes, **fields: str) -> NodeDocument:
    """The same without a digest."""
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
