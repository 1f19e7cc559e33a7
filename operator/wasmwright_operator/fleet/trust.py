"""Downloads for which a WasmRuntime gives no digest: the one that was found first counts."""

from collections.abc import Iterable, Iterator
from typing import Final

from wasmwright_installer.contract import Source
from wasmwright_operator.api.runtime_status import FoundDigest
from wasmwright_operator.api.source import Platform
from wasmwright_operator.conditions import capped
from wasmwright_operator.records import RuntimeRecord, WasmNodeRecord

UNVERIFIED: Final = "Unverified"
"""The condition of such a runtime, and why it is refused unless it says `allowUnverified`."""

_KEPT: Final = 32


def unverified_platforms(runtime: RuntimeRecord) -> tuple[Platform, ...]:
    """Return the downloads without a digest."""
    http = runtime.spec.source.http if runtime.spec else None
    return tuple(item for item in http.platforms if not item.sha256) if http else ()


def with_pin(source: Source, found: Iterable[FoundDigest]) -> Source:
    """Return a source that requires what was found first, where nobody gave a digest."""
    artifact = source.http
    if artifact is None or artifact.sha256:
        return source
    pinned = next((item.sha256 for item in found if item.url == artifact.url), "")
    http = artifact.model_copy(update={"pinned": pinned})
    return source.model_copy(update={"http": http})


def recorded(runtime: RuntimeRecord, holders: Iterable[WasmNodeRecord]) -> tuple[FoundDigest, ...]:
    """Return the digests to keep: those that are known, and what nodes have found since.

    Digests of earlier downloads stay, so that going back to one takes the same bytes.
    """
    known = {item.url: item for item in runtime.status.digests}
    if unverified_platforms(runtime):
        for found in _findings(runtime.name, holders):
            known.setdefault(found.url, found)
    return tuple(known.values())[-_KEPT:]


def tell_unverified(
    runtime: RuntimeRecord, holders: Iterable[WasmNodeRecord]
) -> tuple[str, str] | None:
    """Return reason and message for a runtime with such downloads, None for any other."""
    platforms = unverified_platforms(runtime)
    if not platforms:
        return None
    found = {item.url: item for item in recorded(runtime, holders)}
    others = [
        item.node
        for item in _findings(runtime.name, holders)
        if item.url in found and item.sha256 != found[item.url].sha256
    ]
    told = "; ".join(_told(item, found.get(item.url)) for item in platforms)
    advice = "give sha256 in spec.source to have it checked"
    if others:
        return "DigestsDiffer", f"nodes {capped(others)} have another file: {told}; {advice}"
    is_known = all(item.url in found for item in platforms)
    return "TrustedOnFirstUse" if is_known else "NoDigest", f"{told}; {advice}"


def _told(platform: Platform, found: FoundDigest | None) -> str:
    if found is None:
        return f"{platform.arch}: no digest is known"
    return f"{platform.arch}: sha256 {found.sha256}, as node {found.node} found it"


def _findings(name: str, holders: Iterable[WasmNodeRecord]) -> Iterator[FoundDigest]:
    """Yield what nodes have found that have just what their WasmNode says, in order of names."""
    for record in sorted(holders, key=lambda item: item.name):
        if record.status.installed_hash != record.spec.hash:
            continue
        for entry in record.spec.runtimes:
            artifact = entry.source.http
            digest = _installed(record, name)
            if entry.name == name and artifact and not artifact.sha256 and digest:
                yield FoundDigest(url=artifact.url, sha256=digest, node=record.name)


def _installed(record: WasmNodeRecord, name: str) -> str:
    return next((item.digest for item in record.status.runtimes if item.name == name), "")
