"""What a signature in a registry says: that it is one, and of which artifact."""

import json
from typing import Any, Final

from wasmwright_installer.fetch.signature.signer import SignatureError

_STATEMENT: Final = "application/vnd.in-toto+json"
SIGNATURE: Final = "https://sigstore.dev/cosign/sign/v1"
"""The kind of statement that is a signature."""
_SIMPLE: Final = frozenset({"cosign container image signature", "atomic container signature"})


def refuse_other_statement(kind: str, payload: bytes, sha256: str) -> None:
    """Refuse a signed statement that does not sign the artifact with this digest.

    An attestation, of how it was built for example, names it too, and is no signature.
    """
    found = _parsed(payload)
    subjects = found.get("subject")
    digests = (
        [_at(item, "digest", "sha256") for item in subjects if isinstance(item, dict)]
        if (isinstance(subjects, list))
        else []
    )
    if kind != _STATEMENT or found.get("predicateType") != SIGNATURE:
        raise SignatureError(f"a statement is no signature but {found.get('predicateType')!r}")
    if sha256 not in digests:
        raise SignatureError("a signature is for another artifact")


def refuse_other_payload(payload: bytes, sha256: str) -> None:
    """Refuse the payload of a simple signature that does not sign the artifact with this digest."""
    found = _parsed(payload)
    if _at(found, "critical", "type") not in _SIMPLE:
        raise SignatureError("a signed payload is no signature of an artifact")
    if _at(found, "critical", "image", "docker-manifest-digest") != f"sha256:{sha256}":
        raise SignatureError("a signature is for another artifact")


def _parsed(payload: bytes) -> dict[str, Any]:
    try:
        found = json.loads(payload)
    except ValueError as error:
        raise SignatureError("what was signed is no JSON") from error
    if not isinstance(found, dict):
        raise SignatureError("what was signed is no statement")
    return found


def _at(found: object, *keys: str) -> object:
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found
