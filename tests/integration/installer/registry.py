"""A real registry on the loopback: TLS, and users in a file or tokens that somebody else signs."""

import base64
import contextlib
import hashlib
import json
import socket
import ssl
import subprocess
import tarfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import httpx
import yaml
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509 import load_pem_x509_certificate

from localcluster import binaries
from localcluster.pki import Authority
from support import tls_server
from support.signing import BUNDLE

USER, PASSWORD = "puller", "open-sesame"
HTPASSWD = "puller:$2b$04$XLlVMKydnYE/Q7IOthCtBO.f5Vm7ffFb65a7mnf1CAK.aFM4X9D/S\n"
"""The same, by bcrypt."""
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
TITLE = "org.opencontainers.image.title"
_START = 20.0
"""Seconds."""


@dataclass(frozen=True)
class Registry:
    """A running registry."""

    host: str
    """`address:port`, as references begin."""
    log: Path

    def requests(self) -> str:
        return self.log.read_text()


@dataclass
class Yard:
    """Runs registries that share what they hold, so that each can be the mirror of another."""

    folder: Path
    signer: Authority
    _stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def __enter__(self) -> Self:
        (self.folder / "htpasswd").write_text(HTPASSWD)
        (self.folder / "ca.crt").write_bytes(self.signer.pem)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def with_users(self, address: str) -> Registry:
        path = str(self.folder / "htpasswd")
        return self._run(address, {"htpasswd": {"realm": "users", "path": path}})

    def with_tokens(self, address: str, realm: str) -> Registry:
        """Run one that sends its clients to a token server."""
        bundle = str(self.folder / "ca.crt")
        token = {"realm": realm, "service": "reg", "issuer": "test", "rootcertbundle": bundle}
        return self._run(address, {"token": token})

    def token(self, repository: str) -> str:
        """Return a token to pull from a repository, as a token server would sign it."""
        return _token(self.signer, repository)

    def _run(self, address: str, auth: Mapping[str, Any]) -> Registry:
        port = _free_port(address)
        certificate, key = tls_server.write_pair(self.folder / str(port), self.signer, address)
        config = self.folder / f"{port}.yaml"
        tls = {"certificate": str(certificate), "key": str(key)}
        config.write_text(
            yaml.safe_dump(
                {
                    "version": 0.1,
                    "storage": {"filesystem": {"rootdirectory": str(self.folder / "held")}},
                    "http": {"addr": f"{address}:{port}", "tls": tls, "secret": "of-a-test"},
                    "auth": dict(auth),
                }
            )
        )
        return self._start(config, address, port)

    def _start(self, config: Path, address: str, port: int) -> Registry:
        log = config.with_suffix(".log")
        with log.open("wb") as out:
            command = [str(binaries.ensure("registry")), "serve", str(config)]
            environment = {"OTEL_TRACES_EXPORTER": "none"}
            process = subprocess.Popen(
                command, stdout=out, stderr=subprocess.STDOUT, env=environment
            )
        self._stack.callback(_end, process)
        deadline = time.monotonic() + _START
        while not _listens(address, port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        return Registry(f"{address}:{port}", log)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(10)


def _free_port(address: str) -> int:
    with socket.socket() as taken:
        taken.bind((address, 0))
        port: int = taken.getsockname()[1]
        return port


def _listens(address: str, port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((address, port), 1):
        return True
    return False


class Pusher:
    """Puts artifacts into a registry with users, as `oras push` would."""

    def __init__(self, registry: Registry, signer: Authority, repository: str) -> None:
        trust = ssl.create_default_context(cadata=signer.pem.decode())
        self.authority = signer.pem
        self._http = httpx.Client(
            base_url=f"https://{registry.host}/v2/{repository}",
            auth=(USER, PASSWORD),
            verify=trust,
            trust_env=False,
        )
        self._repository = f"{registry.host}/{repository}"

    def close(self) -> None:
        self._http.close()

    def artifact(self, layers: Mapping[str, bytes]) -> str:
        """Push layers by their titles; return the reference of the manifest."""
        described = [
            {**self._blob(content), "annotations": {TITLE: title}}
            for title, content in layers.items()
        ]
        config = {**self._blob(b"{}"), "mediaType": "application/vnd.oci.empty.v1+json"}
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": "application/vnd.example.shim",
            "config": config,
            "layers": described,
        }
        return self._manifest(manifest, MANIFEST)

    def simple_signature(self, digest: str, payload: bytes, signature: str) -> None:
        """Push a signature of the older kind, as `cosign sign` before version 3 does."""
        layer = {
            **self._blob(payload),
            "mediaType": "application/vnd.dev.cosign.simplesigning.v1+json",
            "annotations": {"dev.cosignproject.cosign/signature": signature},
        }
        config = self._blob(b"{}")
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": config,
            "layers": [layer],
        }
        self._manifest(manifest, MANIFEST, tag=f"sha256-{digest}.sig")

    def bundles(self, digest: str, *bundles: bytes) -> None:
        """Push bundles that refer to a manifest, into a registry that keeps no list of them."""
        refs = [self._referrer(digest, bundle) for bundle in bundles]
        listed = [
            {
                "mediaType": MANIFEST,
                "artifactType": BUNDLE,
                "digest": pushed,
                "size": self._size(pushed),
            }
            for pushed in (ref.partition("@")[2] for ref in refs)
        ]
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": listed}
        self._manifest(index, INDEX, tag=f"sha256-{digest}")

    def _referrer(self, digest: str, bundle: bytes) -> str:
        subject = f"sha256:{digest}"
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": BUNDLE,
            "config": {**self._blob(b"{}"), "mediaType": "application/vnd.oci.empty.v1+json"},
            "layers": [{**self._blob(bundle), "mediaType": BUNDLE}],
            "subject": {"mediaType": MANIFEST, "digest": subject, "size": self._size(subject)},
        }
        return self._manifest(manifest, MANIFEST)

    def index(self, manifests: Mapping[str, str]) -> str:
        """Push an index of references by architecture; return its reference."""
        listed = [
            {
                "mediaType": MANIFEST,
                "digest": ref.partition("@")[2],
                "size": self._size(ref.partition("@")[2]),
                "platform": {"os": "linux", "architecture": arch},
            }
            for arch, ref in manifests.items()
        ]
        return self._manifest({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed}, INDEX)

    def archive(self, archive: Path, name: str, tag: str = "", *, mark: str = "") -> str:
        """Push an image of an archive, by its name there; return its reference.

        With a mark it is another image of the same layers.
        """
        with tarfile.open(archive) as tar:
            content = {
                Path(member.name).name: file.read()
                for member in tar
                if (file := tar.extractfile(member)) is not None
            }
        (digest,) = (
            item["digest"]
            for item in json.loads(content["index.json"])["manifests"]
            if item["annotations"]["io.containerd.image.name"] == name
        )
        raw = content[digest.removeprefix("sha256:")]
        manifest = json.loads(raw)
        for layer in manifest["layers"]:
            self._blob(content[layer["digest"].removeprefix("sha256:")])
        config = content[manifest["config"]["digest"].removeprefix("sha256:")]
        if mark:
            config = json.dumps({**json.loads(config), "author": mark}).encode()
            manifest["config"] |= {"digest": _digest(config), "size": len(config)}
            raw = json.dumps(manifest).encode()
        self._blob(config)
        self._put(raw, manifest.get("mediaType", MANIFEST), tag or _digest(raw))
        return f"{self._repository}@{_digest(raw)}"

    def _size(self, digest: str) -> int:
        answer = self._http.get(f"/manifests/{digest}", headers={"Accept": MANIFEST})
        return len(answer.raise_for_status().content)

    def _blob(self, content: bytes) -> dict[str, Any]:
        digest = _digest(content)
        upload = self._http.post("/blobs/uploads/").raise_for_status()
        place = httpx.URL(upload.headers["Location"]).copy_merge_params({"digest": digest})
        self._http.put(place, content=content).raise_for_status()
        return {
            "mediaType": "application/octet-stream",
            "digest": digest,
            "size": len(content),
        }

    def _manifest(self, manifest: Mapping[str, Any], media_type: str, tag: str = "") -> str:
        content = json.dumps(manifest).encode()
        digest = _digest(content)
        self._put(content, media_type, tag or digest)
        return f"{self._repository}@{digest}"

    def _put(self, content: bytes, media_type: str, name: str) -> None:
        headers = {"Content-Type": media_type}
        self._http.put(f"/manifests/{name}", content=content, headers=headers).raise_for_status()


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _token(signer: Authority, repository: str) -> str:
    now = datetime.now(tz=UTC)
    pair = signer.client("token server", now)
    key = serialization.load_pem_private_key(pair.key, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    der = load_pem_x509_certificate(pair.certificate).public_bytes(serialization.Encoding.DER)
    header = {"typ": "JWT", "alg": "ES256", "x5c": [base64.b64encode(der).decode()]}
    claims = {
        "iss": "test",
        "sub": USER,
        "aud": "reg",
        "exp": int(now.timestamp()) + 600,
        "nbf": int(now.timestamp()) - 60,
        "iat": int(now.timestamp()) - 60,
        "jti": "1",
        "access": [{"type": "repository", "name": repository, "actions": ["pull"]}],
    }
    signed = f"{_part(header)}.{_part(claims)}"
    one, other = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{signed}.{_text(one.to_bytes(32, 'big') + other.to_bytes(32, 'big'))}"


def _part(value: Mapping[str, Any]) -> str:
    return _text(json.dumps(value).encode())


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
