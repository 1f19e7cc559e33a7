"""Signatures as cosign leaves them: by a key, or by an identity with an authority and logs.

What is signed here is checked by the real verifiers, so this holds everything that they look at.
"""

import base64
import hashlib
import json
import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
SIGN = "https://sigstore.dev/cosign/sign/v1"
IDENTITY = "https://forge.example.com/wasm/shim/.workflows/release.yml@refs/tags/v1"
ISSUER = "https://tokens.forge.example.com"
_ISSUER_OID = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
_SCT_OID = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")

Json = dict[str, Any]
Key = ec.EllipticCurvePrivateKey


def new_key() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


def _sign(key: Key, message: bytes) -> bytes:
    return key.sign(message, ec.ECDSA(hashes.SHA256()))


def _b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def public_pem(key: Any) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    pem: bytes = key.public_key().public_bytes(serialization.Encoding.PEM, form)
    return pem.decode()


def _der(key: Key) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.DER, form)


def statement(sha256: str, predicate: str = SIGN) -> bytes:
    return json.dumps(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "", "digest": {"sha256": sha256}}],
            "predicateType": predicate,
            "predicate": {},
        }
    ).encode()


def _envelope(key: Key, payload: bytes) -> Json:
    kind = b"application/vnd.in-toto+json"
    signed = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    return {
        "payload": _b64(payload),
        "payloadType": kind.decode(),
        "signatures": [{"sig": _b64(_sign(key, signed))}],
    }


@dataclass
class KeyPair:
    """`cosign generate-key-pair`, and what its private key signs."""

    private: Key = field(default_factory=new_key)

    @property
    def public(self) -> str:
        return public_pem(self.private)

    def blob(self, content: bytes) -> bytes:
        return _b64(_sign(self.private, content)).encode() + b"\n"

    def blob_bundle(self, content: bytes) -> bytes:
        return self._bundle(
            {"messageSignature": {"signature": self.blob(content).decode().strip()}}
        )

    def statement_bundle(self, payload: bytes) -> bytes:
        return self._bundle({"dsseEnvelope": _envelope(self.private, payload)})

    def _bundle(self, content: Json) -> bytes:
        material = {"publicKey": {"hint": "any"}, "tlogEntries": []}
        bundle = {"mediaType": BUNDLE, "verificationMaterial": material, **content}
        return json.dumps(bundle).encode()


def simple_payload(sha256: str, kind: str = "cosign container image signature") -> bytes:
    critical = {
        "identity": {"docker-reference": "registry.example.com/wasm/light"},
        "image": {"docker-manifest-digest": f"sha256:{sha256}"},
        "type": kind,
    }
    return json.dumps({"critical": critical, "optional": None}).encode()


@dataclass
class Sigstore:
    """An authority that certifies identities, and the logs that show what it and they did."""

    authority: Key = field(default_factory=new_key)
    certificate_log: Key = field(default_factory=new_key)
    signature_log: Key = field(default_factory=new_key)
    now: datetime = field(default_factory=lambda: datetime.now(tz=UTC).replace(microsecond=0))

    def __post_init__(self) -> None:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority of a test")])
        public = self.authority.public_key()
        self._root = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now - timedelta(days=1))
            .not_valid_after(self.now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .sign(self.authority, hashes.SHA256())
        )

    def trusted_root(self) -> str:
        start = (self.now - timedelta(days=1)).isoformat().replace("+00:00", "Z")
        valid = {"start": start}
        authority = {
            "subject": {"organization": "test", "commonName": "authority of a test"},
            "uri": "https://authority.example.com",
            "certChain": {"certificates": [{"rawBytes": _b64(_certificate(self._root))}]},
            "validFor": valid,
        }
        return json.dumps(
            {
                "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
                "tlogs": [_log(self.signature_log, valid)],
                "certificateAuthorities": [authority],
                "ctlogs": [_log(self.certificate_log, valid)],
            }
        )

    def blob_bundle(self, content: bytes, identity: str = IDENTITY, issuer: str = ISSUER) -> bytes:
        key = new_key()
        certificate = self._certify(key, identity, issuer)
        signature = _b64(_sign(key, content))
        digest = hashlib.sha256(content)
        signed = {"content": signature, "publicKey": {"content": _pem64(certificate)}}
        hashed = {"hash": {"algorithm": "sha256", "value": digest.hexdigest()}}
        entry = self._entry("hashedrekord", {"data": hashed, "signature": signed})
        message = {
            "messageDigest": {"algorithm": "SHA2_256", "digest": _b64(digest.digest())},
            "signature": signature,
        }
        return self._bundle(certificate, entry, {"messageSignature": message})

    def statement_bundle(
        self, payload: bytes, identity: str = IDENTITY, issuer: str = ISSUER
    ) -> bytes:
        key = new_key()
        certificate = self._certify(key, identity, issuer)
        envelope = _envelope(key, payload)
        signature = {
            "signature": envelope["signatures"][0]["sig"],
            "verifier": _pem64(certificate),
        }
        spec = {
            "envelopeHash": _sha256(json.dumps(envelope).encode()),
            "payloadHash": _sha256(payload),
            "signatures": [signature],
        }
        return self._bundle(certificate, self._entry("dsse", spec), {"dsseEnvelope": envelope})

    def _bundle(self, certificate: x509.Certificate, entry: Json, content: Json) -> bytes:
        material = {
            "certificate": {"rawBytes": _b64(_certificate(certificate))},
            "tlogEntries": [entry],
        }
        bundle = {"mediaType": BUNDLE, "verificationMaterial": material, **content}
        return json.dumps(bundle).encode()

    def _certify(self, key: Key, identity: str, issuer: str) -> x509.Certificate:
        """Certify an identity for minutes, and show the certificate to its log first."""
        unlogged = self._leaf(key, identity, issuer)
        tbs = unlogged.sign(self.authority, hashes.SHA256()).tbs_certificate_bytes
        stamp = self._timestamp(tbs)
        extension = x509.UnrecognizedExtension(_SCT_OID, stamp)
        return unlogged.add_extension(extension, critical=False).sign(
            self.authority, hashes.SHA256()
        )

    def _leaf(self, key: Key, identity: str, issuer: str) -> x509.CertificateBuilder:
        name = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(identity)])
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING])
        signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.authority.public_key())
        told = x509.UnrecognizedExtension(_ISSUER_OID, issuer.encode())
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(self._root.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now - timedelta(minutes=5))
            .not_valid_after(self.now + timedelta(minutes=5))
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(usage, critical=False)
            .add_extension(name, critical=True)
            .add_extension(signer, critical=False)
            .add_extension(told, critical=False)
        )

    def _timestamp(self, tbs: bytes) -> bytes:
        """Return the certificate log's stamp, as the extension of a certificate holds it."""
        at = struct.pack("!Q", int(self.now.timestamp() * 1000))
        issuer = hashlib.sha256(_der(self.authority)).digest()
        entry = issuer + len(tbs).to_bytes(3, "big") + tbs
        signature = _sign(self.certificate_log, b"\0\0" + at + b"\0\1" + entry + b"\0\0")
        log = hashlib.sha256(_der(self.certificate_log)).digest()
        stamp = b"\0" + log + at + b"\0\0" + b"\4\3" + _sized(signature)
        listed = _sized(_sized(stamp))
        return b"\x04" + _der_length(len(listed)) + listed

    def _entry(self, kind: str, spec: Json) -> Json:
        """Put what was signed into the log of signatures: the first and only one in it."""
        told = {"apiVersion": "0.0.1", "kind": kind, "spec": spec}
        body = json.dumps(told, sort_keys=True, separators=(",", ":")).encode()
        log = hashlib.sha256(_der(self.signature_log)).digest()
        at = int(self.now.timestamp())
        promised = {"body": _b64(body), "integratedTime": at, "logID": log.hex(), "logIndex": 0}
        promise = json.dumps(promised, sort_keys=True, separators=(",", ":")).encode()
        root = hashlib.sha256(b"\0" + body).digest()
        note = f"log.example.com - 1\n1\n{_b64(root)}\n"
        signed = _b64(log[:4] + _sign(self.signature_log, note.encode()))
        checkpoint = f"{note}\n\N{EM DASH} log.example.com {signed}\n"
        return {
            "logIndex": "0",
            "logId": {"keyId": _b64(log)},
            "kindVersion": {"kind": kind, "version": "0.0.1"},
            "integratedTime": str(at),
            "inclusionPromise": {"signedEntryTimestamp": _b64(_sign(self.signature_log, promise))},
            "inclusionProof": {
                "logIndex": "0",
                "rootHash": _b64(root),
                "treeSize": "1",
                "hashes": [],
                "checkpoint": {"envelope": checkpoint},
            },
            "canonicalizedBody": _b64(body),
        }


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _log(key: Key, valid: Json) -> Json:
    public = {
        "rawBytes": _b64(_der(key)),
        "keyDetails": "PKIX_ECDSA_P256_SHA_256",
        "validFor": valid,
    }
    return {
        "baseUrl": "https://log.example.com",
        "hashAlgorithm": "SHA2_256",
        "publicKey": public,
        "logId": {"keyId": _b64(hashlib.sha256(_der(key)).digest())},
    }


def _certificate(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def _pem64(certificate: x509.Certificate) -> str:
    return _b64(certificate.public_bytes(serialization.Encoding.PEM))


def _sha256(content: bytes) -> Json:
    return {"algorithm": "sha256", "value": hashlib.sha256(content).hexdigest()}


def _sized(content: bytes) -> bytes:
    return struct.pack("!H", len(content)) + content


def _der_length(length: int) -> bytes:
    short = 0x80
    return bytes([length]) if length < short else b"\x81" + bytes([length])
