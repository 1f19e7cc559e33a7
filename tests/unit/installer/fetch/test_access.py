"""How artifacts are reached: mirrors, authorities, headers, proxies, on servers with TLS."""

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import stamina

from localcluster.pki import Authority
from support import tls_server
from support.tls_server import Site
from wasmwright_installer.contract import (
    Access,
    HandlerEntry,
    HeaderAuth,
    HttpArtifact,
    Manifest,
    NodeDocument,
    ProxyServer,
    RuntimeEntry,
    Source,
)
from wasmwright_installer.errors import ArtifactError
from wasmwright_installer.fetch import Fetching, FetchLimits, HandedFiles, fetch
from wasmwright_installer.fetch.client import _sender

SCRIPT = b"#!/bin/sh\nexec true\n"
DIGEST = hashlib.sha256(SCRIPT).hexdigest()
LIMITS = FetchLimits(attempts=2, connect=2, read=2, total=20)
CA = "configmap/corp/ca.crt"
TOKEN = "secret/token/authorization"


@pytest.fixture(scope="module")
def signer() -> Authority:
    return tls_server.authority()


@pytest.fixture(scope="module")
def sites(
    signer: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Site, Site]]:
    folder = tmp_path_factory.mktemp("sites")
    with contextlib.ExitStack() as stack:
        one, other = (
            stack.enter_context(tls_server.serve(host, signer, folder))
            for host in tls_server.ADDRESSES[:2]
        )
        yield one, other


@pytest.fixture
def pair(sites: tuple[Site, Site]) -> Iterator[tuple[Site, Site]]:
    for site in sites:
        site.contents = {"/shim": SCRIPT}
        site.redirects, site.wanted, site.requests = {}, {}, []
    with stamina.set_testing(True, attempts=2):
        yield sites


@pytest.fixture
def files(tmp_path: Path, signer: Authority) -> HandedFiles:
    folder = tmp_path / "files"
    hand(folder, CA, signer.pem.decode())
    hand(folder, TOKEN, "Bearer open-sesame\n")
    return HandedFiles(folder)


def hand(folder: Path, file: str, text: str) -> None:
    (folder / file).parent.mkdir(parents=True, exist_ok=True)
    (folder / file).write_text(text)


def get(
    tmp_path: Path, files: HandedFiles, url: str, sha256: str = DIGEST, **access: Any
) -> Manifest:
    wanted = HttpArtifact(url=url, sha256=sha256, access=Access(**{"ca_file": CA, **access}))
    handler = HandlerEntry(handler="light", binary="containerd-shim-light-v1")
    entry = RuntimeEntry(name="light", source=Source(http=wanted), handler=handler)
    return fetch(
        NodeDocument(runtimes=(entry,)), Fetching(tmp_path / "into", LIMITS, files, "x86_64")
    )


def refusal(tmp_path: Path, files: HandedFiles, url: str, **access: Any) -> ArtifactError:
    with pytest.raises(ArtifactError) as caught:
        get(tmp_path, files, url, **access)
    assert not list(tmp_path.rglob("containerd-shim-light-v1"))
    return caught.value


def paths(site: Site) -> list[str]:
    return [request.path for request in site.requests]


def headers(site: Site, name: str) -> list[str | None]:
    return [request.headers.get(name) for request in site.requests]


def test_fetch__authority_is_in_the_bundle__is_trusted(
    pair: tuple[Site, Site], tmp_path: Path, files: HandedFiles
) -> None:
    assert get(tmp_path, files, f"{pair[0].url}/shim").artifacts[DIGEST].size == len(SCRIPT)


def test_fetch__authority_is_unknown__is_told_at_once(
    pair: tuple[Site, Site], tmp_path: Path, files: HandedFiles
) -> None:
    error = refusal(tmp_path, files, f"{pair[0].url}/shim", ca_file="")

    assert "shows a certificate that is not trusted" in error.message
    assert "caBundle" in error.message
    assert pair[0].requests == []


@pytest.mark.parametrize(
    ("file", "text", "reason", "words"),
    [
        ("configmap/none/ca.crt", None, "SourceFileMissing", "configmap/none/ca.crt"),
        ("configmap/bad/ca.crt", "no PEM", "SourceFileInvalid", "no certificates in PEM form"),
    ],
)
def test_fetch__bundle_is_of_no_use__is_told(  # a table and its fixtures
    pair: tuple[Site, Site],
    tmp_path: Path,
    files: HandedFiles,
    file: str,
    text: str | None,
    reason: str,
    words: str,
) -> None:
    if text is not None:
        hand(tmp_path / "files", file, text)
    error = refusal(tmp_path, files, f"{pair[0].url}/shim", ca_file=file)

    assert error.reason == reason
    assert words in error.message


def test_fetch__first_address_has_nothing__mirror_is_asked(
    pair: tuple[Site, Site], tmp_path: Path, files: HandedFiles
) -> None:
    one, other = pair
    one.contents = {}
    get(tmp_path, files, f"{one.url}/shim", mirrors=(f"{other.url}/shim",))

    assert (paths(one), paths(other)) == (["/shim"], ["/shim"])


def test_fetch__first_address_has_it__mirror_is_left_alone(
    pair: tuple[Site, Site], tmp_path: Path, files: HandedFiles
) -> None:
    get(tmp_path, files, f"{pair[0].url}/shim", mirrors=(f"{pair[1].url}/shim",))

    assert pair[1].requests == []


def test_fetch__nobody_at_the_first_address__mirror_is_asked_in_the_same_round(
    pair: tuple[Site, Site], tmp_path: Path, files: HandedFiles
) -> None:
    get(tmp_path, files, "https://127.0.0.1:9/shim", mirrors=(f"{pair[1].url}/shim",))

    assert paths(pair[1]) == ["/shim"]


def test_fetch__mirror_has_other_bytes__next_one_is_asked(
    pair: tuple[Site, Site], tmp_path: Path, files: HandedFiles
) -> None:
    one, other = pair
    one.contents = {"/shim": b"#!/bin/sh\nexec evil\n"}
    get(tmp_path, files, f"{one.url}/shim", mirrors=(f"{other.url}/shim",))

    assert paths(other) == ["/shim"]


def test_fetch__no_address_has_it__all_are_told_without_secrets(
    pair: tuple[Site, Site], tmp_path: Path, files: HandedFiles
) -> None:
    one, other = pair
    one.contents, other.contents = {}, {"/shim": b"#!/bin/sh\nexec evil\n"}
    error = refusal(
        tmp_path, files, f"{one.url}/shim?sig=hush", mirrors=(f"{other.url}/shim?sig=hush",)
    )

    assert error.reason == "DigestMismatch"
    assert "runtime 'light': none of 2 addresses" in error.message
    assert f"{one.url}/shim answers with HTTP status 404" in error.message
    assert f"{other.url}/shim has sha256" in error.message
    assert "hush" not in error.message


def test_fetch__header_is_wanted__is_sent_to_the_host_of_the_artifact(
    pair: tuple[Site, Site], tmp_path: Path, files: HandedFiles
) -> None:
    pair[0].wanted = {"authorization": "Bearer open-sesame"}
    get(tmp_path, files, f"{pair[0].url}/shim", auth=HeaderAuth(file=TOKEN))

    assert paths(pair[0]) == ["/shim"]


@pytest.mark.parametrize("name", ["Authorization", "X-Api-Key"])
def test_fetch__redirect_to_another_host__does_not_get_the_header(
    pair: tuple[Site, Site], tmp_path: Path, files: HandedFiles, name: str
) -> None:
    one, other = pair
    one.redirects = {"/shim": "/moved", "/moved": f"{other.url}/shim"}
    get(tmp_path, files, f"{one.url}/shim", auth=HeaderAuth(file=TOKEN, header=name))

    assert headers(one, name.lower()) == ["Bearer open-sesame"] * 2
    assert headers(other, name.lower()) == [None]


@pytest.mark.parametrize(("named", "sent"), [(False, None), (True, "Bearer open-sesame")])
def test_fetch__mirror__gets_the_header_if_it_is_named(
    pair: tuple[Site, Site], tmp_path: Path, files: HandedFiles, *, named: bool, sent: str | None
) -> None:
    one, other = pair
    one.contents = {}
    hosts = (other.url.removeprefix("https://"),) if named else ()
    auth = HeaderAuth(file=TOKEN, hosts=hosts)
    get(tmp_path, files, f"{one.url}/shim", mirrors=(f"{other.url}/shim",), auth=auth)

    assert headers(other, "authorization") == [sent]


@pytest.mark.parametrize("written", ["EXAMPLE.com", "example.com:443", "example.com"])
def test_sender__host_in_any_spelling__gets_the_header(files: HandedFiles, written: str) -> None:
    auth = HeaderAuth(file=TOKEN, hosts=(written,))
    send = _sender("light", auth, ("https://other.example.com/x",), files)
    requests = [httpx.Request("GET", f"https://{host}/") for host in ("Example.com", "other.net")]
    for request in requests:
        send(request)

    assert ["authorization" in request.headers for request in requests] == [True, False]


@pytest.mark.parametrize(
    ("url", "access"),
    [
        ("https://127.0.0.1:port/shim", {}),
        ("https://127.0.0.1/shim", {"mirrors": ("https://[::1/shim",)}),
        ("https://127.0.0.1/shim", {"proxy": ProxyServer(url="http://p", no_proxy=("a:b",))}),
        ("https://127.0.0.1/shim", {"auth": HeaderAuth(file=TOKEN, hosts=("a:b",))}),
    ],
    ids=["port", "mirror", "host without proxy", "host with header"],
)
def test_fetch__address_that_is_none__is_told(
    tmp_path: Path, files: HandedFiles, url: str, access: dict[str, Any]
) -> None:
    error = refusal(tmp_path, files, url, **access)

    assert error.reason == "SourceInvalid"
    assert "is malformed" in error.message


def test_fetch__wrong_header__is_told_without_it(
    pair: tuple[Site, Site], tmp_path: Path, files: HandedFiles
) -> None:
    pair[0].wanted = {"authorization": "Bearer other"}
    error = refusal(tmp_path, files, f"{pair[0].url}/shim", auth=HeaderAuth(file=TOKEN))

    assert "HTTP status 401; look at the source's credentials" in error.message
    assert "sesame" not in error.message


@pytest.mark.parametrize("text", ["two\nlines", "", "z\x00ero", "ümlaut"])
def test_fetch__header_that_cannot_be_sent__is_told_without_it(
    pair: tuple[Site, Site], tmp_path: Path, files: HandedFiles, text: str
) -> None:
    hand(tmp_path / "files", TOKEN, text)
    error = refusal(tmp_path, files, f"{pair[0].url}/shim", auth=HeaderAuth(file=TOKEN))

    assert error.reason == "SourceFileInvalid"
    assert TOKEN in error.message
    assert not text or text not in error.message


def test_fetch__header_and_no_tls__sends_nothing(tmp_path: Path, files: HandedFiles) -> None:
    with tls_server.serve("127.0.0.3", None, tmp_path) as site:
        error = refusal(tmp_path, files, f"{site.url}/shim", auth=HeaderAuth(file=TOKEN))

    assert error.reason == "InsecureAddress"
    assert site.requests == []


def test_fetch__no_files_were_handed__is_told(pair: tuple[Site, Site], tmp_path: Path) -> None:
    error = refusal(tmp_path, HandedFiles(), f"{pair[0].url}/shim")

    assert "started without --files" in error.message


def test_fetch__proxy__is_used_with_its_credentials(
    pair: tuple[Site, Site], tmp_path: Path, files: HandedFiles
) -> None:
    hand(tmp_path / "files", "secret/proxy/username", "me")
    hand(tmp_path / "files", "secret/proxy/password", "hush")
    with tls_server.proxy("127.0.0.3") as proxy:
        proxy.user = "me:hush"
        server = ProxyServer(url=proxy.url, folder="secret/proxy")
        get(tmp_path, files, f"{pair[0].url}/shim", proxy=server)

    assert proxy.reached == [pair[0].url.removeprefix("https://")]


def test_fetch__proxy_refuses__is_told_without_credentials(
    pair: tuple[Site, Site], tmp_path: Path, files: HandedFiles
) -> None:
    hand(tmp_path / "files", "secret/proxy/username", "me")
    hand(tmp_path / "files", "secret/proxy/password", "hush")
    with tls_server.proxy("127.0.0.3") as proxy:
        proxy.user = "me:other"
        server = ProxyServer(url=proxy.url, folder="secret/proxy")
        error = refusal(tmp_path, files, f"{pair[0].url}/shim", proxy=server)

    assert "ProxyError: 407" in error.message
    assert "hush" not in error.message


@pytest.mark.parametrize("host", ["127.0.0.1", "*.0.0.1", "0.0.1"])
def test_fetch__host_is_no_matter_of_the_proxy__is_asked_directly(
    pair: tuple[Site, Site], tmp_path: Path, files: HandedFiles, host: str
) -> None:
    with tls_server.proxy("127.0.0.3") as proxy:
        server = ProxyServer(url=proxy.url, no_proxy=(host,))
        get(tmp_path, files, f"{pair[0].url}/shim", proxy=server)

    assert (proxy.reached == []) is (host == "127.0.0.1")


def test_fetch__larger_than_the_sources_limit__is_refused_before_it_is_read(
    pair: tuple[Site, Site], tmp_path: Path, files: HandedFiles
) -> None:
    error = refusal(tmp_path, files, f"{pair[0].url}/shim", size_limit=10)

    assert "larger than 10 bytes" in error.message
    assert not list((tmp_path / "into").glob(".*partial"))


@pytest.mark.parametrize("file", ["../x", "/etc/shadow", "secret/../../x", "secret/..", ""])
def test_header__file_that_leads_elsewhere__is_no_document(file: str) -> None:
    with pytest.raises(ValueError, match="file"):
        HeaderAuth(file=file)
