"""An HTTP client that reaches an artifact as its source says: proxy, authorities, header."""

import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import httpx

from wasmwright_installer.contract import Access, HeaderAuth, ProxyServer
from wasmwright_installer.errors import ArtifactError
from wasmwright_installer.fetch.files import HandedFiles, unusable
from wasmwright_installer.fetch.limits import FetchLimits


@dataclass(frozen=True, slots=True)
class Client:
    """How one runtime's artifact is reached, and for whom errors are told."""

    runtime: str
    http: httpx.Client
    limits: FetchLimits


def open_client(  # what a client is made of
    runtime: str,
    url: str,
    access: Access,
    files: HandedFiles,
    limits: FetchLimits,
    *,
    headers: Mapping[str, str] | None = None,
    login: httpx.Auth | None = None,
) -> Client:
    """Return a client for the artifact at `url` and its mirrors; whoever gets it closes it.

    Args:
        runtime: for whom errors are told.
        url: the first address.
        access: how it is reached.
        files: what `access` names.
        limits: what it may cost.
        headers: for all requests.
        login: answers to challenges.

    Raises:
        ArtifactError: a file that the source names is missing or cannot be used, or a secret
            would have to travel in the open.
    """
    _refuse_malformed(runtime, (url, *access.mirrors), access)
    trust = _trust(runtime, access.ca_file, files)
    hooks: list[Callable[[httpx.Request], None]] = []
    if access.auth is not None:
        hooks.append(_sender(runtime, access.auth, (url, *access.mirrors), files))
    http = httpx.Client(
        verify=trust,
        timeout=httpx.Timeout(limits.read, connect=limits.connect),
        headers={"Accept-Encoding": "identity", **(headers or {})},
        auth=login,
        follow_redirects=True,
        event_hooks={"request": hooks},
        proxy=_proxy(runtime, access.proxy, files, trust),
        mounts=_direct(access.proxy.no_proxy if access.proxy else ()),
        trust_env=access.proxy is None,
    )
    return Client(runtime, http, limits.of(access))


def _trust(runtime: str, file: str, files: HandedFiles) -> ssl.SSLContext:
    """Trust the named authorities besides the public ones: redirects may lead to either."""
    context = httpx.create_ssl_context()
    if file:
        try:
            context.load_verify_locations(cadata=files.read(runtime, file))
        except (ssl.SSLError, ValueError) as error:
            raise unusable(runtime, file, "holds no certificates in PEM form") from error
    return context


def _proxy(
    runtime: str, proxy: ProxyServer | None, files: HandedFiles, trust: ssl.SSLContext
) -> httpx.Proxy | None:
    if proxy is None:
        return None
    auth = None
    if proxy.folder:
        user, word = (
            files.read_line(runtime, f"{proxy.folder}/{name}") for name in ("username", "password")
        )
        auth = (user, word)
    is_tls = proxy.url.startswith("https:")
    return httpx.Proxy(proxy.url, auth=auth, ssl_context=trust if is_tls else None)


def _direct(hosts: Iterable[str]) -> dict[str, None]:
    """Return the patterns of what goes past the proxy: a host and all below it, or an address."""
    names = [host.lstrip("*.").lower() for host in hosts]
    return {
        f"all://{name}"
        if ":" in name or name.replace(".", "").isdigit()
        else f"all://*{name}": None
        for name in names
    }


def _refuse_malformed(runtime: str, addresses: Iterable[str], access: Access) -> None:
    """Refuse what is no address before anything has to be told about it."""
    proxy, auth = access.proxy, access.auth
    hosts = (*(auth.hosts if auth else ()), *(proxy.no_proxy if proxy else ()))
    others = (*(f"https://{host}" for host in hosts), *((proxy.url,) if proxy else ()))
    for address in (*addresses, *others):
        try:
            httpx.URL(address)
        except httpx.InvalidURL as error:
            raise ArtifactError(
                f"runtime {runtime!r}: an address or a host of its source is malformed ({error}); "
                "correct the source",
                reason="SourceInvalid",
            ) from error


class _Sender:
    """Adds the header for those who are to get it, and takes it from redirects to others."""

    def __init__(self, name: str, value: str, hosts: frozenset[str]) -> None:
        self._name = name
        self._value = value
        self._hosts = hosts

    def __call__(self, request: httpx.Request) -> None:
        if request.url.scheme == "https" and host_of(request.url) in self._hosts:
            request.headers[self._name] = self._value
        elif request.headers.get(self._name) == self._value:
            del request.headers[self._name]


def _sender(
    runtime: str, auth: HeaderAuth, addresses: tuple[str, ...], files: HandedFiles
) -> _Sender:
    named = [f"https://{host}" for host in auth.hosts] or [addresses[0]]
    hosts = frozenset(host_of(httpx.URL(address)) for address in named)
    for address in map(httpx.URL, addresses):
        if address.scheme != "https" and host_of(address) in hosts:
            raise ArtifactError(
                f"runtime {runtime!r}: {shown(str(address))} would get the {auth.header} header of "
                f"{auth.file} in the open; write the address with https",
                reason="InsecureAddress",
            )
    return _Sender(auth.header, files.read_line(runtime, auth.file), hosts)


def host_of(url: httpx.URL) -> str:
    """Return `host` or, where it is not the scheme's own, `host:port`."""
    return url.netloc.decode("ascii")


def shown(address: str) -> str:
    """Return an address without what may be secret in it."""
    url = httpx.URL(address)
    return str(url.copy_with(username=None, password=None, query=None, fragment=None))
