"""Answers to the challenges of registries: Basic, and Bearer with a token server.

Credentials go to the registry that they are for and to the token server that it names, by https.
"""

import base64
import json
import re
from collections.abc import Generator, Mapping

import httpx
from typing_extensions import override

from wasmwright_installer.fetch.client import host_of, shown
from wasmwright_installer.fetch.files import HandedFiles, unusable
from wasmwright_installer.fetch.oci.hosts import served_by
from wasmwright_installer.fetch.transfer import TransferError

_CHALLENGE = re.compile(r"\s*(?P<scheme>[A-Za-z]+)\s*(?P<parameters>.*)", re.DOTALL)
_REPOSITORY = re.compile(r"^/v2/|/(manifests|blobs|referrers)/[^/]+$")
_PARAMETER = re.compile(r'([a-z]+)="([^"]*)"')


class Keys:
    """Credentials by registry, or by registry and the beginning of a repository's name."""

    def __init__(self, basic: Mapping[str, str]) -> None:
        self._basic = basic

    @classmethod
    def read(cls, runtime: str, files: HandedFiles, names: tuple[str, ...]) -> "Keys":
        """Read files of the form that `docker login` writes; of two for one place the first counts.

        Raises:
            ArtifactError: one is missing or is none of these.
        """
        found: dict[str, str] = {}
        for name in reversed(names):
            try:
                found |= _parse(files.read(runtime, name))
            except (ValueError, AttributeError, TypeError, KeyError) as error:
                raise unusable(runtime, name, "is no dockerconfigjson") from error
        return cls(found)

    def basic(self, repository: str) -> str:
        """Return the value of a Basic header for `registry/repository`, or ""."""
        parts = repository.split("/")
        places = ("/".join(parts[:count]) for count in range(len(parts), 0, -1))
        return next((self._basic[place] for place in places if place in self._basic), "")


def _parse(text: str) -> Mapping[str, str]:
    found = json.loads(text)["auths"]
    return {_place(key): _basic(entry) for key, entry in found.items() if entry}


def _place(key: str) -> str:
    place = key.partition("://")[2] or key
    return served_by(re.sub(r"/v[12]/?$", "", place).rstrip("/"))


def _basic(entry: Mapping[str, str]) -> str:
    if "auth" in entry:
        base64.b64decode(entry["auth"], validate=True)
        return f"Basic {entry['auth']}"
    return _encoded(entry["username"], entry["password"])


def _encoded(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


class Login(httpx.Auth):
    """Logs in to each registry when it asks for it, and remembers how."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._known: dict[str, str] = {}
        """What to send, by `registry/repository`."""

    @override
    def sync_auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        host = host_of(request.url)
        place = f"{host}/{_REPOSITORY.sub('', request.url.path)}"
        if place in self._known:
            request.headers["Authorization"] = self._known[place]
        response = yield request
        challenge = response.headers.get("WWW-Authenticate", "")
        is_asked = response.status_code == httpx.codes.UNAUTHORIZED and challenge
        if not is_asked or host_of(response.url) != host:
            return
        answer = yield from self._answer(place, challenge)
        if answer and answer != self._known.get(place):
            self._known[place] = answer
            request.headers["Authorization"] = answer
            yield request

    def _answer(self, place: str, challenge: str) -> Generator[httpx.Request, httpx.Response, str]:
        basic = self._keys.basic(place)
        found = _CHALLENGE.fullmatch(challenge)
        if found is None or found["scheme"].lower() != "bearer":
            return basic
        parameters = dict(_PARAMETER.findall(found["parameters"]))
        request = _token_request(parameters, place.partition("/")[2], basic)
        response = yield request
        response.read()
        return f"Bearer {_token(request, response)}"


def _token_request(parameters: Mapping[str, str], repository: str, basic: str) -> httpx.Request:
    realm = parameters.get("realm", "")
    if not realm.startswith("https://"):
        raise TransferError(
            f"names a token server without https ({realm!r})",
            "correct the registry's configuration",
            is_final=True,
        )
    query = {
        "service": parameters.get("service", ""),
        "scope": parameters.get("scope") or f"repository:{repository}:pull",
    }
    headers = {"Authorization": basic} if basic else {}
    return httpx.Request("GET", httpx.URL(realm).copy_merge_params(query), headers=headers)


def _token(request: httpx.Request, response: httpx.Response) -> str:
    server = shown(str(request.url))
    if response.status_code != httpx.codes.OK:
        raise TransferError(
            f"sends to the token server {server}, which answers with HTTP status "
            f"{response.status_code}",
            "look at the source's pullSecrets",
            is_final=response.status_code < httpx.codes.INTERNAL_SERVER_ERROR,
        )
    try:
        told = response.json()
        token = told.get("token") or told["access_token"]
    except (ValueError, AttributeError, KeyError) as error:
        raise TransferError(
            f"sends to the token server {server}, which gives no token",
            "correct the registry's configuration",
            is_final=True,
        ) from error
    return str(token)
