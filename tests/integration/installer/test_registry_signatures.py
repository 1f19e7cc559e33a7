"""Signatures of artifacts in a real registry, of both kinds that cosign has, checked for real."""

import base64
import contextlib
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import stamina
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from integration.installer.registry import Pusher, Registry, Yard
from integration.installer.test_registry import CA, REPOSITORY, hand, log_in, pull, refusal
from support import tls_server
from support.signing import IDENTITY, ISSUER, KeyPair, Sigstore, simple_payload, statement
from wasmwright_installer.contract import Keyless, Verify

pytestmark = pytest.mark.integration

PUBLIC = "secret/cosign/cosign.pub"
ROOT = "configmap/sigstore/trusted_root.json"
BY_KEY = Verify(key=PUBLIC)
BY_IDENTITY = Verify(keyless=Keyless(identity=IDENTITY, issuer=ISSUER, trusted_root=ROOT))
PROVENANCE = "https://slsa.dev/provenance/v1"


class Signed(NamedTuple):
    """A registry with artifacts of which each test pushes one, and those who sign."""

    registry: Registry
    pusher: Pusher
    pair: KeyPair
    sigstore: Sigstore

    def push(self, content: bytes) -> tuple[str, str]:
        """Push an artifact; return its reference, and its digest."""
        ref = self.pusher.artifact({"shim": content})
        return ref, ref.rpartition(":")[2]

    def sign_simply(self, digest: str, payload: bytes, pair: KeyPair | None = None) -> None:
        by = (pair or self.pair).private
        signature = base64.b64encode(by.sign(payload, ec.ECDSA(SHA256()))).decode()
        self.pusher.simple_signature(digest, payload, signature)


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signed]:
    signer = tls_server.authority()
    with Yard(tmp_path_factory.mktemp("yard"), signer) as yard:
        registry = yard.with_users("127.0.0.1")
        with contextlib.closing(Pusher(registry, signer, REPOSITORY)) as pusher:
            yield Signed(registry, pusher, KeyPair(), Sigstore())


@pytest.fixture
def files(tmp_path: Path, signed: Signed) -> Iterator[Path]:
    folder = tmp_path / "files"
    hand(folder, CA, signed.pusher.authority.decode())
    hand(folder, PUBLIC, signed.pair.public)
    hand(folder, ROOT, signed.sigstore.trusted_root())
    log_in(folder, signed.registry.host)
    with stamina.set_testing(True, attempts=2):
        yield folder


def script(text: str) -> bytes:
    return f"#!/bin/sh\nexec {text}\n".encode()


def test_pull__simple_signature_by_the_key__is_taken(
    tmp_path: Path, files: Path, signed: Signed
) -> None:
    ref, digest = signed.push(script("simply signed"))
    signed.sign_simply(digest, simple_payload(digest))

    assert pull(tmp_path, files, ref, verify=BY_KEY) == script("simply signed")


@pytest.mark.parametrize("verify", [BY_KEY, BY_IDENTITY], ids=["key", "identity"])
def test_pull__bundle_among_others__is_found_and_taken(
    tmp_path: Path, files: Path, signed: Signed, verify: Verify
) -> None:
    content = script(f"signed by {'a key' if verify.key else 'an identity'}")
    ref, digest = signed.push(content)
    by = signed.pair if verify.key else signed.sigstore
    signed.pusher.bundles(
        digest,
        by.statement_bundle(statement(digest, PROVENANCE)),
        KeyPair().statement_bundle(statement(digest)),
        by.statement_bundle(statement(digest)),
    )

    assert pull(tmp_path, files, ref, verify=verify) == content


@pytest.mark.parametrize("verify", [BY_KEY, BY_IDENTITY], ids=["key", "identity"])
def test_pull__no_signature__nothing_of_it_is_pulled(
    tmp_path: Path, files: Path, signed: Signed, verify: Verify
) -> None:
    ref, digest = signed.push(script(f"unsigned for {verify.key}"))
    error = refusal(tmp_path, files, ref, verify=verify)

    assert (error.reason, ref in error.message) == ("SignatureMissing", True)
    assert f"GET /v2/{REPOSITORY}/manifests/sha256:{digest} " not in signed.registry.requests()


WRONG: dict[str, Callable[[Signed, str], None]] = {
    "simple, by another key": lambda signed, digest: signed.sign_simply(
        digest, simple_payload(digest), KeyPair()
    ),
    "simple, of another artifact": lambda signed, digest: signed.sign_simply(
        digest, simple_payload("0" * 64)
    ),
    "simple, of another kind": lambda signed, digest: signed.sign_simply(
        digest, simple_payload(digest, "sbom")
    ),
    "bundle, by another key": lambda signed, digest: signed.pusher.bundles(
        digest, KeyPair().statement_bundle(statement(digest))
    ),
    "bundle, of another artifact": lambda signed, digest: signed.pusher.bundles(
        digest, signed.pair.statement_bundle(statement("0" * 64))
    ),
    "attestation": lambda signed, digest: signed.pusher.bundles(
        digest, signed.pair.statement_bundle(statement(digest, PROVENANCE))
    ),
}


@pytest.mark.parametrize("sign", WRONG.values(), ids=WRONG)
def test_pull__signature_that_does_not_count__is_refused(
    tmp_path: Path, files: Path, signed: Signed, sign: Callable[[Signed, str], None]
) -> None:
    name = hashlib.sha256(str(tmp_path).encode()).hexdigest()
    ref, digest = signed.push(script(f"wrongly signed {name}"))
    sign(signed, digest)

    assert refusal(tmp_path, files, ref, verify=BY_KEY).reason == "SignatureInvalid"


def test_pull__signed_by_another_identity__is_a_reason_of_its_own(
    tmp_path: Path, files: Path, signed: Signed
) -> None:
    ref, digest = signed.push(script("signed by somebody else"))
    bundle = signed.sigstore.statement_bundle(statement(digest), "https://evil.example.com/x")
    signed.pusher.bundles(digest, bundle)
    error = refusal(tmp_path, files, ref, verify=BY_IDENTITY)

    assert (error.reason, "evil.example.com" in error.message) == ("SignerMismatch", True)


def test_pull__registry_is_down__mirror_has_the_signature_too(
    tmp_path: Path, files: Path, signed: Signed
) -> None:
    ref, digest = signed.push(script("signed and mirrored"))
    signed.sign_simply(digest, simple_payload(digest))
    mirrors = (f"{signed.registry.host}/{REPOSITORY}",)
    gone = f"127.0.0.1:9/gone@sha256:{digest}"

    content = pull(tmp_path, files, gone, mirrors=mirrors, verify=BY_KEY)
    assert (content, ref) == (script("signed and mirrored"), f"{mirrors[0]}@sha256:{digest}")
