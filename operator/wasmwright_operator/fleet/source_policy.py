"""What the cluster's owner lets WasmRuntimes install, whoever writes them."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from wasmwright_operator.api.source import SourceSpec
from wasmwright_operator.api.wasmruntime import WasmRuntimeSpec


@dataclass(frozen=True, slots=True)
class SourcePolicy:
    """Rules over all WasmRuntimes; by default there are none."""

    allowed: tuple[str, ...] = ()
    """Beginnings of addresses: `https://host/path/`, `oci://registry/path/`, `file:///path/`; one
    without a slash at its end stands for that address and all below it. Empty = any."""
    signed: tuple[str, ...] = ()
    """Beginnings of addresses from which only signed downloads may come."""
    allow_unverified: bool = True
    """Whether a download may go without a digest, where its WasmRuntime says so."""
    allow_options: bool = True
    """Whether `config.options` may be set."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that a WasmRuntime breaks."""

    reason: str
    message: str


def violation(spec: WasmRuntimeSpec, policy: SourcePolicy) -> Violation | None:
    """Return the first rule that a spec breaks: sources, digests, signatures, options."""
    found = (
        *_forbidden_sources(spec.source, policy),
        *_missing_digests(spec.source, policy),
        *_missing_signatures(spec.source, policy),
        *_forbidden_options(spec, policy),
    )
    return found[0] if found else None


def _forbidden_sources(source: SourceSpec, policy: SourcePolicy) -> Iterator[Violation]:
    for field, address in _addresses(source):
        if policy.allowed and not _is_allowed(address, policy.allowed):
            yield Violation(
                "SourceNotAllowed",
                f"{field} is {_shown(address)!r}, and policy.allowedSources of the chart allows"
                f" only {', '.join(policy.allowed)}; use an address below one of them, or have the"
                " rule changed",
            )


def _addresses(source: SourceSpec) -> Iterator[tuple[str, str]]:
    """Yield each place that nodes may take the binary from, and the field that says so."""
    for platform in source.http.platforms if source.http else ():
        field = f"spec.source.http, {platform.arch}"
        yield f"url of {field}", platform.url
        yield from ((f"a mirror of {field}", url) for url in platform.mirrors)
    if source.oci is not None:
        yield "spec.source.oci.ref", f"oci://{source.oci.ref.partition('@')[0]}"
        for name in source.oci.mirrors:
            yield "a mirror of spec.source.oci", f"oci://{name}"
    if source.image is not None:
        yield "spec.source.image.ref", f"oci://{source.image.ref.partition('@')[0]}"
    if source.host_path is not None:
        yield "spec.source.hostPath.path", f"file://{source.host_path.path}"


def _is_allowed(address: str, allowed: tuple[str, ...]) -> bool:
    """Trust no path that goes up, however it is written."""
    return not _goes_up(address) and _is_below(address, allowed)


def _goes_up(address: str) -> bool:
    path = unquote(unquote(urlsplit(address).path)).replace("\\", "/")
    return ".." in path.split("/")


def _is_below(address: str, starts: tuple[str, ...]) -> bool:
    """Compare whole segments."""
    return any(
        address == start or address.startswith(start if start.endswith("/") else f"{start}/")
        for start in starts
    )


def _shown(address: str) -> str:
    return address.partition("?")[0].partition("#")[0]


def _missing_digests(source: SourceSpec, policy: SourcePolicy) -> Iterator[Violation]:
    if policy.allow_unverified or source.http is None:
        return
    for platform in source.http.platforms:
        if not platform.sha256:
            yield Violation(
                "UnverifiedNotAllowed",
                f"spec.source.http, {platform.arch} has no sha256, and policy.allowUnverified of"
                " the chart is false; give the digest",
            )


def _missing_signatures(source: SourceSpec, policy: SourcePolicy) -> Iterator[Violation]:
    """A rule is not got round by a path that goes up, or by a host in capital letters."""
    download = source.http or source.oci
    if source.host_path is not None or (download and download.verify is not None):
        return
    starts = tuple(start.lower() for start in policy.signed)
    for field, address in _addresses(source):
        if starts and (_goes_up(address) or _is_below(address.lower(), starts)):
            yield Violation(
                "SignatureRequired",
                f"{field} is {_shown(address)!r}, and policy.requireSignatures of the chart wants"
                " signatures there; say in verify of an http or oci source who signs",
            )


def _forbidden_options(spec: WasmRuntimeSpec, policy: SourcePolicy) -> Iterator[Violation]:
    if spec.config.options and not policy.allow_options:
        yield Violation(
            "OptionsNotAllowed",
            f"spec.config.options sets {', '.join(sorted(spec.config.options))}, and"
            " policy.allowOptions of the chart is false; remove them",
        )
