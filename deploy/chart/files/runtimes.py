"""Make the cluster hold exactly the WasmRuntimes of one Helm release, or none of them.

Helm cannot do it alone: it looks up every kind before it creates anything, so objects of a kind
that the same release brings along are refused. This program runs in a hook Job after Helm has
created the CRDs. It has the standard library only, so that it works with any operator image.
"""  # noqa: INP001 - a program, mounted alone from a ConfigMap

import argparse
import json
import os
import ssl
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

COLLECTION: Final = "/apis/wasmwright.dev/v1alpha1/wasmruntimes"
CREDENTIALS: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
MANAGED_BY: Final = "app.kubernetes.io/managed-by"
INSTANCE: Final = "app.kubernetes.io/instance"
NOT_YET: Final = (403, 404)
"""What the API server answers while a CRD or a role binding is on its way through its caches."""
CONTENT_TYPES: Final = {"PATCH": "application/apply-patch+yaml"}
PAGE: Final = 500
"""Objects that are asked for at once."""

Json = dict[str, Any]


class ApiError(Exception):
    """An answer of the API server that is no success."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class HookError(Exception):
    """The cluster does not hold what was asked for; the message says why and what to do."""


class Api:
    """The few requests that this program makes, with the credentials of its pod."""

    def __init__(self, server: str, token: str, tls: ssl.SSLContext | None) -> None:
        self._server = server
        self._token = token
        self._tls = tls

    def runtimes(self, **query: str) -> list[Json]:
        """Return the WasmRuntimes of the cluster."""
        return list(self.items(COLLECTION, **query))

    def items(self, path: str, **query: str) -> Iterator[Json]:
        """Yield the objects of a collection, of which memory holds a page at a time."""
        position = ""
        while True:
            asked = {**query, "limit": str(PAGE), **({"continue": position} if position else {})}
            page = self._request("GET", f"{path}?{urlencode(asked)}")
            yield from page.get("items") or []
            position = (page.get("metadata") or {}).get("continue", "")
            if not position:
                return

    def apply(self, name: str, manifest: Json) -> None:
        """Create or update one; a field no longer named goes, an unknown one is refused."""
        query = urlencode(
            {"fieldManager": "wasmwright-chart", "force": "true", "fieldValidation": "Strict"}
        )
        self._request("PATCH", f"{COLLECTION}/{quote(name)}?{query}", manifest)

    def delete(self, name: str) -> None:
        """Ask for the deletion of one; gone already is fine."""
        self.remove(f"{COLLECTION}/{quote(name)}")

    def remove(self, path: str, resource_version: str = "") -> None:
        """Ask for the deletion of an object and all that it owns; gone already is fine.

        With a resource version it is deleted only as it was then.
        """
        options: Json = {"propagationPolicy": "Background"}
        if resource_version:
            options["preconditions"] = {"resourceVersion": resource_version}
        try:
            self._request("DELETE", path, options)
        except ApiError as error:
            if error.status != 404:  # noqa: PLR2004 - the name of this number is its fame
                raise

    def _request(self, method: str, path: str, body: Json | None = None) -> Json:
        request = Request(  # noqa: S310 - the server's address comes from the pod's environment
            self._server + path,
            method=method,
            data=json.dumps(body).encode() if body is not None else None,
            headers={
                "Authorization": f"Bearer {self._token}",
                "Content-Type": CONTENT_TYPES.get(method, "application/json"),
            },
        )
        try:
            with urlopen(request, timeout=30, context=self._tls) as response:  # noqa: S310
                answer: Json = json.load(response)
                return answer
        except HTTPError as error:
            with error:
                raise ApiError(error.code, _message(error.read(), error.code)) from None


def _message(body: bytes, status: int) -> str:
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {status}: {body[:200].decode(errors='replace')}"


def manifest(name: str, spec: Json, release: str) -> Json:
    """Return the WasmRuntime that a release wants, marked as the release's."""
    labels = {MANAGED_BY: "Helm", INSTANCE: release, "app.kubernetes.io/part-of": "wasmwright"}
    return {
        "apiVersion": "wasmwright.dev/v1alpha1",
        "kind": "WasmRuntime",
        "metadata": {"name": name, "labels": labels},
        "spec": spec,
    }


def is_ours(runtime: Json, release: str) -> bool:
    """Tell whether a WasmRuntime was made by this release."""
    labels = runtime["metadata"].get("labels") or {}
    return labels.get(MANAGED_BY) == "Helm" and labels.get(INSTANCE) == release


def wait_for_kind(
    api: Api, seconds: float, sleep: Callable[[float], None] = time.sleep
) -> list[Json]:
    """Return all WasmRuntimes as soon as the API server serves the kind."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return api.runtimes()
        except (ApiError, OSError) as error:
            if isinstance(error, ApiError) and error.status not in NOT_YET:
                raise
            if time.monotonic() > deadline:
                raise HookError(
                    f"the API server does not serve WasmRuntimes after {seconds:.0f} s ({error});"
                    " install the CRDs (value crds.install) or ask who may have removed them"
                ) from error
            sleep(0.2)


def apply(
    api: Api,
    wanted: Mapping[str, Json],
    release: str,
    existing: list[Json],
    unnamed: Collection[str] = (),
) -> None:
    """Create, update and delete until the release's WasmRuntimes are the wanted ones.

    All of them are tried before the first refusal is told. Of those that no value names, one whose
    name is taken is left to its owner: nobody asked for it.
    """
    problems = []
    foreign = {r["metadata"]["name"] for r in existing if not is_ours(r, release)}
    for name, spec in sorted(wanted.items()):
        if name in foreign and name in unnamed:
            _say(f"wasmruntime {name}: exists and is not of release {release!r}, left as it is")
            continue
        if name in foreign:
            problems.append(
                f"wasmruntime {name!r} exists and is not of release {release!r}:"
                f" set runtimes.{name} to null or delete that object"
            )
            continue
        try:
            api.apply(name, manifest(name, spec, release))
            _say(f"wasmruntime {name}: applied")
        except ApiError as error:
            problems.append(f"wasmruntime {name!r} was refused: {error}")
    for runtime in existing:
        name = runtime["metadata"]["name"]
        if is_ours(runtime, release) and name not in wanted:
            api.delete(name)
            _say(f"wasmruntime {name}: no longer in the values, deletion requested")
    if problems:
        raise HookError("; ".join(problems))


def remove(
    api: Api, release: str, seconds: float, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Delete the release's WasmRuntimes and wait until they are off the nodes."""
    selector = f"{MANAGED_BY}=Helm,{INSTANCE}={release}"
    try:
        left = api.runtimes(labelSelector=selector)
    except ApiError as error:
        if error.status in NOT_YET:
            _say("the API server serves no WasmRuntimes: nothing to remove")
            return
        raise
    for runtime in left:
        api.delete(runtime["metadata"]["name"])
    deadline = time.monotonic() + seconds
    while left := api.runtimes(labelSelector=selector):
        if time.monotonic() > deadline:
            raise HookError(
                f"after {seconds:.0f} s there are still {'; '.join(map(_remains, left))}; free the"
                " nodes and try again, or leave them as they are with `helm uninstall --no-hooks`"
            )
        sleep(0.5)
    _say("all runtimes of the release are off the nodes")


def _remains(runtime: Json) -> str:
    conditions = (runtime.get("status") or {}).get("conditions") or []
    why = [c.get("message", "") for c in conditions if c["type"] == "DeletionBlocked"]
    return f"wasmruntime {runtime['metadata']['name']!r}" + "".join(f" ({w})" for w in why if w)


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the log of the hook's pod


def in_cluster() -> Api:
    """Return the API as this pod may use it."""
    token = (CREDENTIALS / "token").read_text()
    tls = ssl.create_default_context(cafile=str(CREDENTIALS / "ca.crt"))
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
    return Api(f"https://{host}:{port}", token, tls)


def main(argv: list[str], api: Callable[[], Api] = in_cluster) -> int:
    """Run one command and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=("apply", "remove"))
    parser.add_argument("--release", required=True)
    parser.add_argument("--runtimes", type=Path, required=True)
    parser.add_argument("--unnamed", type=Path, required=True)
    parser.add_argument("--crd-timeout", type=float, default=60)
    parser.add_argument("--remove-timeout", type=float, default=240)
    args = parser.parse_args(argv)
    try:
        client = api()
        if args.command == "remove":
            remove(client, args.release, args.remove_timeout)
        else:
            existing = wait_for_kind(client, args.crd_timeout)
            wanted, unnamed = (json.loads(p.read_text()) for p in (args.runtimes, args.unnamed))
            apply(client, wanted, args.release, existing, unnamed)
    except (ApiError, HookError, OSError) as error:
        print(f"runtimes: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
