"""Signatures by a key pair, as `cosign sign --key` and `cosign sign-blob --key` make them.

The log of signatures is not asked: who holds the key decides alone.
"""

import base64
import json

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256, Hash
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from typing_extensions import override

from wasmwright_installer.fetch.files import HandedFiles, unusable
from wasmwright_installer.fetch.signature.signer import SignatureError, Signer

PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


class KeySigner(Signer):
    """Whoever holds the private key of a public one."""

    @property
    @override
    def suffix(self) -> str:
        return ".sig"

    def __init__(self, key: PublicKey, name: str) -> None:
        self._key = key
        self._name = name

    @classmethod
    def read(cls, runtime: str, file: str, files: HandedFiles) -> "KeySigner":
        """Read a public key in PEM form: ECDSA on P-256, or RSA.

        Raises:
            ArtifactError: the file is missing, or holds none.
        """
        text = files.read(runtime, file)
        try:
            key = load_pem_public_key(text.encode())
        except (ValueError, UnsupportedAlgorithm) as error:
            raise unusable(runtime, file, "is no public key in PEM form") from error
        is_curve = isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp256r1"
        if not isinstance(key, rsa.RSAPublicKey) and not is_curve:
            raise unusable(runtime, file, "is neither an RSA key nor an ECDSA key on P-256")
        return cls(key, file)  # type: ignore[arg-type]  # one of the two, as was just found

    @override
    def check_blob(self, signature: bytes, sha256: str) -> None:
        """Refuse what is not this key's, in base64 or in a bundle, for bytes with this digest."""
        text = signature.strip()
        if text.startswith(b"{"):
            text = str(_part(signature, "messageSignature").get("signature")).encode()
        self._check(_decoded(text), bytes.fromhex(sha256))

    @override
    def statement(self, bundle: bytes) -> tuple[str, bytes]:
        """Return type and bytes of the statement in a bundle that this key has signed."""
        envelope = _part(bundle, "dsseEnvelope")
        signatures = envelope.get("signatures")
        if not isinstance(signatures, list) or len(signatures) != 1:
            raise SignatureError("a bundle does not hold exactly one signature")
        kind, payload = str(envelope.get("payloadType")), _decoded(envelope.get("payload"))
        signed = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)
        signature = signatures[0].get("sig") if isinstance(signatures[0], dict) else None
        self._check(_decoded(signature), _digest(signed))
        return kind, payload

    @override
    def check_message(self, signature: str, message: bytes) -> None:
        """Refuse a signature, in base64, that is not this key's for a message."""
        self._check(_decoded(signature), _digest(message))

    def _check(self, signature: bytes, digest: bytes) -> None:
        prehashed = Prehashed(SHA256())
        try:
            if isinstance(self._key, rsa.RSAPublicKey):
                self._key.verify(signature, digest, padding.PKCS1v15(), prehashed)
            else:
                self._key.verify(signature, digest, ec.ECDSA(prehashed))
        except InvalidSignature as error:
            raise SignatureError(f"a signature is not by the key {self._name}") from error


def _part(bundle: bytes, name: str) -> dict[str, object]:
    try:
        found = json.loads(bundle)[name]
    except (ValueError, KeyError, TypeError) as error:
        raise SignatureError(f"a signature is no bundle with a {name}") from error
    if not isinstance(found, dict):
        raise SignatureError(f"a signature is no bundle with a {name}")
    return found


def _decoded(text: object) -> bytes:
    try:
        return base64.b64decode(text, validate=True)  # type: ignore[arg-type]  # told below
    except (ValueError, TypeError) as error:
        raise SignatureError("a signature is not in base64") from error


def _digest(message: bytes) -> bytes:
    hashed = Hash(SHA256())
    hashed.update(message)
    return hashed.finalize()
