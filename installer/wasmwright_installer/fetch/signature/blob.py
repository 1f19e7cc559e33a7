"""The signature of a download: a file beside it, or where the source says."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

import httpx

from wasmwright_installer.fetch.client import Client, shown
from wasmwright_installer.fetch.look_up import look_up
from wasmwright_installer.fetch.signature.signer import SignatureError, Signer, refusal

_LARGEST: Final = 4 << 20
"""Bytes: bundles have a few thousand."""


def require_signature(
    client: Client, addresses: Iterable[str], sha256: str, signer: Signer, scratch: Path
) -> None:
    """Refuse a download, known by its digest, without a signature that counts.

    Args:
        client: how the signature is reached.
        addresses: of the signature.
        sha256: of the download.
        signer: whose signature it must be.
        scratch: where the signature may be kept for a moment.

    Raises:
        ArtifactError: there is none, or it is not this signer's.
    """
    asked = tuple(addresses)
    small = replace(client, limits=replace(client.limits, size=_LARGEST))
    signature = look_up(small, asked, scratch)
    what = f"runtime {client.runtime!r}: the download with sha256 {sha256[:12]}"
    if signature is None:
        raise refusal(f"{what}, asked for at {', '.join(shown(it) for it in asked)},", [])
    try:
        signer.check_blob(signature, sha256)
    except SignatureError as error:
        raise refusal(what, [error]) from error


def beside(address: str, suffix: str) -> str:
    """Return where the signature of a download lies when nobody says."""
    url = httpx.URL(address)
    path, mark, query = url.raw_path.partition(b"?")
    return str(url.copy_with(raw_path=path + suffix.encode() + mark + query))
