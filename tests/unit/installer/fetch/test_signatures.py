"""Who must have signed a download, checked by the real verifiers before anything is unpacked."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import stamina
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from support import tls_server
from support.signing import IDENTITY, ISSUER, KeyPair, Sigstore, public_pem
from support.tls_server import Site
from wasmwright_installer.contract import (
    HandlerEntry,
    HttpArtifact,
    Keyless,
    NodeDocument,
    RuntimeEntry,
    Source,
    Verify,
)
from wasmwright_installer.errors import ArtifactError
from wasmwright_installer.fetch import Fetching, FetchLimits, HandedFiles, fetch
from wasmwright_installer.fetch.signature.blob import beside

SCRIPT = b"#!/bin/sh\nexec true\n"
OTHER = b"#!/bin/sh\nexec false\n"
LIMITS = FetchLimits(attempts=2, connect=2, read=2, total=20)
PUBLIC = "configmap/cosign/cosign.pub"
ROOT = "configmap/sigstore/trusted_root.json"
BY_KEY = Verify(key=PUBLIC)
BY_IDENTITY = Verify(keyless=Keyless(identity=IDENTITY, issuer=ISSUER, trusted_root=ROOT))

Signers = tuple[KeyPair, Sigstore]
Signing = Callable[[Signers, bytes], bytes]


DIGEST = hashlib.sha256(SCRIPT).hexdigest()


@pytest.fixture(scope="module")
def pair() -> KeyPair:
    return KeyPair()


@pytest.fixture(scope="module")
def sigstore() -> Sigstore:
    return Sigstore()


@pytest.fixture
def signers(pair: KeyPair, sigstore: Sigstore) -> Signers:
    return pair, sigstore


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with (
        stamina.set_testing(True, attempts=2),
        tls_server.serve("127.0.0.1", None, tmp_path) as made,
    ):
        made.contents = {"/shim": SCRIPT}
        yield made


@pytest.fixture
def files(tmp_path: Path, pair: KeyPair, sigstore: Sigstore) -> HandedFiles:
    folder = tmp_path / "files"
    for file, text in ((PUBLIC, pair.public), (ROOT, sigstore.trusted_root())):
        (folder / file).parent.mkdir(parents=True)
        (folder / file).write_text(text)
    return HandedFiles(folder)


def source(url: str, verify: Verify | None, **more: Any) -> Source:
    said = {"sha256": DIGEST, **more}
    return Source(http=HttpArtifact(url=url, verify=verify, **said))


def get(tmp_path: Path, files: HandedFiles, wanted: Source) -> bytes:
    handler = HandlerEntry(handler="light", binary="containerd-shim-light-v1")
    entry = RuntimeEntry(name="light", source=wanted, handler=handler)
    fetching = Fetching(tmp_path / "into", LIMITS, files, "x86_64")
    manifest = fetch(NodeDocument(runtimes=(entry,)), fetching)
    return (tmp_path / "into" / manifest.artifacts[wanted.known_as(DIGEST).key].file).read_bytes()


def refusal(tmp_path: Path, files: HandedFiles, wanted: Source) -> ArtifactError:
    with pytest.raises(ArtifactError, match="runtime 'light': ") as caught:
        get(tmp_path, files, wanted)
    assert [path for path in (tmp_path / "into").rglob("*") if path.is_file()] == []
    return caught.value


GOOD = {
    "key": (BY_KEY, ".sig", lambda by, content: by[0].blob(content)),
    "key's bundle": (BY_KEY, ".sig", lambda by, content: by[0].blob_bundle(content)),
    "identity": (
        BY_IDENTITY,
        ".sigstore.json",
        lambda by, content: by[1].blob_bundle(content),
    ),
}


@pytest.mark.parametrize(("verify", "suffix", "sign"), GOOD.values(), ids=GOOD)
def test_fetch__download_is_signed__is_unpacked(
    tmp_path: Path,
    files: HandedFiles,
    site: Site,
    signers: Signers,
    verify: Verify,
    suffix: str,
    sign: Signing,
) -> None:
    site.contents[f"/shim{suffix}"] = sign(signers, SCRIPT)

    assert get(tmp_path, files, source(f"{site.url}/shim?token=hush", verify)) == SCRIPT
    assert [it.path for it in site.requests] == [f"/shim{suffix}?token=hush", "/shim?token=hush"]


@pytest.mark.parametrize(("verify", "suffix", "sign"), GOOD.values(), ids=GOOD)
def test_fetch__signature_is_for_other_bytes__nothing_is_downloaded(
    tmp_path: Path,
    files: HandedFiles,
    site: Site,
    signers: Signers,
    verify: Verify,
    suffix: str,
    sign: Signing,
) -> None:
    site.contents[f"/shim{suffix}"] = sign(signers, OTHER)

    assert refusal(tmp_path, files, source(f"{site.url}/shim", verify)).reason == "SignatureInvalid"
    assert [it.path for it in site.requests] == [f"/shim{suffix}"]


@pytest.mark.parametrize(("verify", "suffix", "sign"), GOOD.values(), ids=GOOD)
def test_fetch__somebody_elses_signature__is_refused(
    tmp_path: Path,
    files: HandedFiles,
    site: Site,
    verify: Verify,
    suffix: str,
    sign: Signing,
) -> None:
    site.contents[f"/shim{suffix}"] = sign((KeyPair(), Sigstore()), SCRIPT)

    assert refusal(tmp_path, files, source(f"{site.url}/shim", verify)).reason == "SignatureInvalid"


@pytest.mark.parametrize("verify", [BY_KEY, BY_IDENTITY], ids=["key", "identity"])
def test_fetch__no_signature__is_told_with_its_address(
    tmp_path: Path, files: HandedFiles, site: Site, verify: Verify
) -> None:
    error = refusal(tmp_path, files, source(f"{site.url}/shim?token=hush", verify))

    assert (error.reason, f"{site.url}/shim.sig" in error.message) == ("SignatureMissing", True)
    assert "hush" not in error.message


@pytest.mark.parametrize(
    ("identity", "issuer"),
    [("https://forge.example.com/evil", ISSUER), (IDENTITY, "https://evil.example.com")],
    ids=["identity", "issuer"],
)
def test_fetch__signed_by_another_identity__is_a_reason_of_its_own(
    tmp_path: Path, files: HandedFiles, site: Site, sigstore: Sigstore, identity: str, issuer: str
) -> None:
    site.contents["/shim.sigstore.json"] = sigstore.blob_bundle(SCRIPT, identity, issuer)
    error = refusal(tmp_path, files, source(f"{site.url}/shim", BY_IDENTITY))

    assert error.reason == "SignerMismatch"
    assert f"not by {IDENTITY} of {ISSUER}" in error.message
    assert "evil" in error.message


def spoiled(bundle: bytes, *path: str) -> bytes:
    found = json.loads(bundle)
    inner = found
    for key in path[:-1]:
        inner = inner[int(key) if key.isdigit() else key]
    inner[path[-1]] = "AAAA" + inner[path[-1]][4:]
    return json.dumps(found).encode()


ENTRY = ("verificationMaterial", "tlogEntries", "0")


@pytest.mark.parametrize(
    "path",
    [
        ("messageSignature", "signature"),
        (*ENTRY, "inclusionPromise", "signedEntryTimestamp"),
        (*ENTRY, "inclusionProof", "rootHash"),
        (*ENTRY, "canonicalizedBody"),
        ("verificationMaterial", "certificate", "rawBytes"),
    ],
    ids=["signature", "promise", "proof", "entry", "certificate"],
)
def test_fetch__part_of_a_bundle_is_spoiled__is_refused(
    tmp_path: Path, files: HandedFiles, site: Site, sigstore: Sigstore, path: tuple[str, ...]
) -> None:
    site.contents["/shim.sigstore.json"] = spoiled(sigstore.blob_bundle(SCRIPT), *path)

    wanted = source(f"{site.url}/shim", BY_IDENTITY)
    assert refusal(tmp_path, files, wanted).reason == "SignatureInvalid"


@pytest.mark.parametrize("content", [b"", b"<html>", b"{}", b'{"messageSignature": 1}', b"[" * 99])
@pytest.mark.parametrize("verify", [BY_KEY, BY_IDENTITY], ids=["key", "identity"])
def test_fetch__signature_is_none__is_refused(
    tmp_path: Path, files: HandedFiles, site: Site, verify: Verify, content: bytes
) -> None:
    site.contents |= {"/shim.sig": content, "/shim.sigstore.json": content}

    assert refusal(tmp_path, files, source(f"{site.url}/shim", verify)).reason == "SignatureInvalid"


def test_fetch__signed_and_without_a_digest__is_judged_before_it_is_unpacked(
    tmp_path: Path, files: HandedFiles, site: Site, pair: KeyPair
) -> None:
    wanted = source(f"{site.url}/shim", BY_KEY, sha256="", unverified=True)
    site.contents["/shim.sig"] = pair.blob(b"something else")
    assert refusal(tmp_path, files, wanted).reason == "SignatureInvalid"

    site.contents["/shim.sig"] = pair.blob(SCRIPT)
    assert get(tmp_path, files, wanted) == SCRIPT


def test_fetch__signature_is_elsewhere__is_found_there(
    tmp_path: Path, files: HandedFiles, site: Site, pair: KeyPair
) -> None:
    site.contents["/signatures/1"] = pair.blob(SCRIPT)
    wanted = source(f"{site.url}/shim", BY_KEY, signature=f"{site.url}/signatures/1")

    assert get(tmp_path, files, wanted) == SCRIPT


def test_fetch__signatures_server_denies__is_no_missing_signature(
    tmp_path: Path, files: HandedFiles, site: Site
) -> None:
    site.wanted = {"authorization": "Bearer open-sesame"}
    error = refusal(tmp_path, files, source(f"{site.url}/shim", BY_KEY))

    assert error.reason == "DownloadFailed"
    assert "its signature cannot be had" in error.message
    assert "HTTP status 401" in error.message


@pytest.mark.parametrize(
    ("verify", "file", "text"),
    [
        (BY_KEY, PUBLIC, "no key"),
        (BY_KEY, PUBLIC, public_pem(ed25519.Ed25519PrivateKey.generate())),
        (BY_KEY, PUBLIC, public_pem(ec.generate_private_key(ec.SECP384R1()))),
        (BY_IDENTITY, ROOT, "{}"),
        (BY_IDENTITY, ROOT, "no JSON"),
    ],
    ids=["no key", "ed25519", "P-384", "no root", "no JSON"],
)
def test_fetch__key_or_root_cannot_be_used__is_told_by_name(
    tmp_path: Path, files: HandedFiles, site: Site, verify: Verify, file: str, text: str
) -> None:
    assert files.folder is not None
    (files.folder / file).write_text(text)
    error = refusal(tmp_path, files, source(f"{site.url}/shim", verify))

    assert (error.reason, file in error.message) == ("SourceFileInvalid", True)
    assert site.requests == []


@pytest.mark.parametrize("verify", [BY_KEY, BY_IDENTITY], ids=["key", "identity"])
def test_fetch__key_or_root_is_missing__is_told_by_name(
    tmp_path: Path, site: Site, verify: Verify
) -> None:
    error = refusal(tmp_path, HandedFiles(tmp_path / "none"), source(f"{site.url}/shim", verify))

    assert error.reason == "SourceFileMissing"


def test_fetch__signed_by_an_rsa_key__is_unpacked(
    tmp_path: Path, files: HandedFiles, site: Site
) -> None:
    key = rsa.generate_private_key(65537, 2048)
    assert files.folder is not None
    (files.folder / PUBLIC).write_text(public_pem(key))
    signature = key.sign(SCRIPT, padding.PKCS1v15(), hashes.SHA256())
    site.contents["/shim.sig"] = base64.b64encode(signature)

    assert get(tmp_path, files, source(f"{site.url}/shim", BY_KEY)) == SCRIPT


def test_source__signature_is_wanted__is_another_binary_to_the_nodes_store() -> None:
    url = "https://artifacts.example.com/shim"
    keys = {source(url, verify).key for verify in (None, BY_KEY, BY_IDENTITY)}

    assert len(keys) == 3
    assert source(url, None).key == hashlib.sha256(SCRIPT).hexdigest()


@pytest.mark.parametrize(
    ("address", "signature"),
    [
        ("https://a.example.com/x/shim", "https://a.example.com/x/shim.sig"),
        ("https://a.example.com/x/shim?a=b&c", "https://a.example.com/x/shim.sig?a=b&c"),
        ("https://a.example.com/x%2Fy", "https://a.example.com/x%2Fy.sig"),
    ],
)
def test_beside__address__keeps_all_but_the_name(address: str, signature: str) -> None:
    assert beside(address, ".sig") == signature
