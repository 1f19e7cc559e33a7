"""Render where a binary comes from, for one architecture.

What is secret stays where it is: the rendered source names files that only the download gets to
see, and never what is in them.
"""

from typing import Final

from wasmwright_installer.contract import (
    Access,
    HeaderAuth,
    HostBinary,
    HttpArtifact,
    ImageArtifact,
    Keyless,
    OciArtifact,
    Probe,
    ProxyServer,
    Source,
    Verify,
)
from wasmwright_operator import names
from wasmwright_operator.api.access import (
    AccessSpec,
    CaBundle,
    HeaderAuthSpec,
    ProxySpec,
    PublicKeyFile,
    TrustedRootFile,
    VerifySpec,
    size_in_bytes,
)
from wasmwright_operator.api.source import HostPathSource, HttpSource, OciSource, SourceSpec

_PULL_SECRET_KEY: Final = ".dockerconfigjson"  # noqa: S105  # the key that Kubernetes uses


def render_source(spec: SourceSpec, arch: str) -> Source | None:
    """Return the source for nodes of an architecture, or None when there is no artifact for it."""
    if spec.host_path is not None:
        return Source(host_path=_host_binary(spec.host_path))
    if arch not in (architectures(spec) or (arch,)):
        return None
    if spec.oci is not None:
        return Source(oci=_oci_artifact(spec.oci))
    if spec.image is not None:
        given = spec.image
        image = ImageArtifact(ref=given.ref, path=given.path, pull_secrets=given.pull_secrets)
        return Source(image=image)
    return Source(http=_http_artifact(spec.http, arch)) if spec.http is not None else None


def architectures(spec: SourceSpec) -> tuple[str, ...]:
    """Return those for which there is an artifact; none at all = any."""
    if spec.http is not None:
        return tuple(item.arch for item in spec.http.platforms)
    in_registry = spec.oci or spec.image
    return in_registry.architectures if in_registry is not None else ()


def _host_binary(given: HostPathSource) -> HostBinary:
    probe = given.probe and Probe(args=given.probe.args, contains=given.probe.contains)
    return HostBinary(path=given.path, probe=probe)


def _oci_artifact(given: OciSource) -> OciArtifact:
    secrets = (f"{names.SECRET_FILES}/{name}/{_PULL_SECRET_KEY}" for name in given.pull_secrets)
    return OciArtifact(
        ref=given.ref,
        mirrors=given.mirrors,
        title=given.title,
        path=given.path,
        pull_secrets=tuple(secrets),
        verify=given.verify and _verify(given.verify),
        access=render_access(given),
    )


def _http_artifact(given: HttpSource, arch: str) -> HttpArtifact:
    platform = next(item for item in given.platforms if item.arch == arch)
    return HttpArtifact(
        url=platform.url,
        sha256=platform.sha256,
        path=platform.path,
        verify=given.verify and _verify(given.verify),
        signature=platform.signature or "",
        unverified=not platform.sha256,
        access=render_access(given, mirrors=platform.mirrors, auth=given.auth),
    )


def _verify(given: VerifySpec) -> Verify:
    if given.keyless is None:
        return Verify(key=_key_file(given.public_key) if given.public_key else "")
    keyless = Keyless(
        identity=given.keyless.identity,
        issuer=given.keyless.issuer,
        trusted_root=_key_file(given.keyless.trusted_root),
    )
    return Verify(keyless=keyless)


def _key_file(given: PublicKeyFile | TrustedRootFile) -> str:
    if given.secret:
        return f"{names.SECRET_FILES}/{given.secret}/{given.key}"
    return f"{names.CONFIG_MAP_FILES}/{given.config_map}/{given.key}"


def render_access(
    given: AccessSpec, *, mirrors: tuple[str, ...] = (), auth: HeaderAuthSpec | None = None
) -> Access | None:
    """Return how an artifact is reached; None when there is nothing to say about it."""
    access = Access(
        mirrors=mirrors,
        proxy=given.proxy and _proxy(given.proxy),
        ca_file=_ca_file(given.ca_bundle) if given.ca_bundle else "",
        auth=auth and _header(auth),
        size_limit=size_in_bytes(given.size_limit),
    )
    return None if access == Access() else access


def _proxy(given: ProxySpec) -> ProxyServer:
    folder = f"{names.SECRET_FILES}/{given.secret}" if given.secret else ""
    return ProxyServer(url=given.url, no_proxy=given.no_proxy, folder=folder)


def _ca_file(given: CaBundle) -> str:
    return f"{names.CONFIG_MAP_FILES}/{given.config_map}/{given.key}"


def _header(given: HeaderAuthSpec) -> HeaderAuth:
    file = f"{names.SECRET_FILES}/{given.secret}/{given.key}"
    return HeaderAuth(file=file, header=given.header, hosts=given.hosts)
