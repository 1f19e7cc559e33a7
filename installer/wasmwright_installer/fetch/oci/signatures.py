"""The signatures of an artifact in a registry: where they are kept, and whether one of them counts.

Bundles are listed as what refers to the artifact, by the registry or, where it keeps no such list,
by an index with a tag. Signatures of the older kind are layers of a manifest with another tag.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from wasmwright_installer.errors import ArtifactError
from wasmwright_installer.fetch.oci.manifest import Json, digest_in, parse
from wasmwright_installer.fetch.signature.signer import SignatureError, Signer, refusal
from wasmwright_installer.fetch.signature.statement import (
    SIGNATURE,
    refuse_other_payload,
    refuse_other_statement,
)

_BUNDLE: Final = "application/vnd.dev.sigstore.bundle"
_PREDICATE: Final = "dev.sigstore.bundle.predicateType"
_SIMPLE: Final = "dev.cosignproject.cosign/signature"
_MOST: Final = 32
"""Signatures that are looked at: whoever may push could add any number."""

Check = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Registry:
    """How what is said of an artifact is had from the repositories that hold it."""

    named: Callable[[str], bytes | None]
    """Gives what has a name (`manifests/<tag>`, `referrers/<digest>`); None = nothing has it."""
    digested: Callable[[str, str], bytes]
    """Gives a manifest or a blob by kind (`manifests`, `blobs`) and digest."""


def require_signature(what: str, sha256: str, signer: Signer, registry: Registry) -> None:
    """Refuse an artifact without a signature that counts.

    Args:
        what: the runtime and the reference, which the error begins with.
        sha256: of the artifact.
        signer: whose signature it must have.
        registry: where it may be kept.

    Raises:
        ArtifactError: it has none, or none of this signer's.
    """
    problems: list[SignatureError] = []
    for check in _candidates(what, sha256, signer, registry):
        try:
            return check()
        except SignatureError as error:
            problems.append(error)
        if len(problems) == _MOST:
            break
    raise refusal(what, problems)


def _candidates(what: str, sha256: str, signer: Signer, registry: Registry) -> Iterator[Check]:
    for bundle in _bundles(what, sha256, registry):
        yield lambda bundle=bundle: refuse_other_statement(  # type: ignore[misc]  # bound now
            *signer.statement(bundle), sha256
        )
    for signature, payload in _simple(what, sha256, registry):
        yield lambda signature=signature, payload=payload: _check_simple(  # type: ignore[misc]
            signer, signature, payload, sha256
        )


def _check_simple(signer: Signer, signature: str, payload: bytes, sha256: str) -> None:
    signer.check_message(signature, payload)
    refuse_other_payload(payload, sha256)


def _bundles(what: str, sha256: str, registry: Registry) -> Iterator[bytes]:
    for name in (f"referrers/sha256:{sha256}", f"manifests/sha256-{sha256}"):
        for item in _listed(what, registry.named(name), "manifests"):
            is_bundle = str(item.get("artifactType")).startswith(_BUNDLE)
            if is_bundle and _annotation(item, _PREDICATE) in {"", SIGNATURE}:
                yield _bundle(what, digest_in(what, item), registry)


def _bundle(what: str, digest: str, registry: Registry) -> bytes:
    manifest = parse(what, registry.digested("manifests", digest))
    layers = manifest.get("layers") or [{}]
    return registry.digested("blobs", digest_in(what, layers[0]))


def _simple(what: str, sha256: str, registry: Registry) -> Iterator[tuple[str, bytes]]:
    for layer in _listed(what, registry.named(f"manifests/sha256-{sha256}.sig"), "layers"):
        signature = _annotation(layer, _SIMPLE)
        if signature:
            yield signature, registry.digested("blobs", digest_in(what, layer))


def _listed(what: str, content: bytes | None, key: str) -> list[Json]:
    """Return what is listed; a registry without such lists may answer with anything."""
    if content is None:
        return []
    try:
        found: list[Json] = parse(what, content).get(key, [])
    except ArtifactError:
        return []
    return found


def _annotation(item: Json, key: str) -> str:
    return str((item.get("annotations") or {}).get(key, ""))
