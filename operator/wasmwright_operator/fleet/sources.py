"""Render where a binary comes from, for one architecture.

What is secret stays where it is: the rendered source names files that only the download gets to
see, and never what is in them.
"""

from wasmwright_installer.contract import (
    Access,
    HeaderAuth,
    HostBinary,
    HttpArtifact,
    Probe,
    ProxyServer,
    Source,
)
from wasmwright_operator import names
from wasmwright_operator.api.access import (
    AccessSpec,
    CaBundle,
    HeaderAuthSpec,
    ProxySpec,
    size_in_bytes,
)
from wasmwright_operator.api.wasmruntime import HostPathSource, HttpSource, SourceSpec


def render_source(spec: SourceSpec, arch: str) -> Source | None:
    """Return the source for nodes of an architecture, or None when there is no artifact for it."""
    if spec.host_path is not None:
        return Source(host_path=_host_binary(spec.host_path))
    artifact = _http_artifact(spec.http, arch) if spec.http is not None else None
    return Source(http=artifact) if artifact is not None else None


def _host_binary(given: HostPathSource) -> HostBinary:
    probe = given.probe and Probe(args=given.probe.args, contains=given.probe.contains)
    return HostBinary(path=given.path, probe=probe)


def _http_artifact(given: HttpSource, arch: str) -> HttpArtifact | None:
    platform = next((item for item in given.platforms if item.arch == arch), None)
    if platform is None:
        return None
    return HttpArtifact(
        url=platform.url,
        sha256=platform.sha256,
        path=platform.path,
        access=render_access(given, mirrors=platform.mirrors, auth=given.auth),
    )


def render_access(
    given: AccessSpec, *, mirrors: tuple[str, ...], auth: HeaderAuthSpec | None = None
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
