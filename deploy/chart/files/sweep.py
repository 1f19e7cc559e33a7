"""Take away what the operator wrote and nothing needs any more, once the operator is gone.

It runs in a hook Job after `helm uninstall`: while the operator lives it would write it again.
WasmNodes of nodes that still have something stay, so that a later installation can clean these.
"""  # noqa: INP001 - a program, mounted beside `runtimes.py` from a ConfigMap

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from runtimes import COLLECTION, Api, ApiError, in_cluster

WASM_NODES: Final = "/apis/wasmwright.dev/v1alpha1/wasmnodes"
OURS: Final = "app.kubernetes.io/managed-by=wasmwright"
RUNTIME: Final = "wasmwright.dev/runtime"
LEDGER: Final = "wasmwright-slots"
LEASE: Final = "wasmwright-operator"
ENDS: Final = ("Complete", "Failed")
NOT_FOUND: Final = 404
PAUSE: Final = 1.0
"""Seconds between two tries, as long as the API server is away or our rights are on their way."""

Json = dict[str, Any]


def is_in_use(wasm_node: Json) -> bool:
    """Tell whether a node has something of ours, or may have it: a run is under way or failed."""
    spec, status = wasm_node.get("spec") or {}, wasm_node.get("status") or {}
    begun = spec.get("hash", ""), spec.get("attempt", 0)
    ended = status.get("concludedHash", ""), status.get("concludedAttempt", 0)
    told = spec.get("runtimes") or status.get("runtimes") or status.get("lastError")
    return bool(told) or begun != ended


def sweep(api: Api, namespace: str) -> None:
    """Delete what is left; a node that still has something is named and left alone."""
    for wasm_node in _served(api, WASM_NODES):
        name = wasm_node["metadata"]["name"]
        if is_in_use(wasm_node):
            _say(f"wasmnode {name}: kept, since the node has runtimes or may have them")
        else:
            api.remove(f"{WASM_NODES}/{name}", wasm_node["metadata"]["resourceVersion"])
    _remove_ended_jobs(api, f"/apis/batch/v1/namespaces/{namespace}/jobs")
    _remove_revisions(api, f"/apis/apps/v1/namespaces/{namespace}/controllerrevisions")
    api.remove(f"/api/v1/namespaces/{namespace}/configmaps/{LEDGER}")
    api.remove(f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/{LEASE}")


def _served(api: Api, path: str) -> Iterator[Json]:
    """Yield what there is of a kind; nothing when the kind itself has been removed."""
    try:
        yield from api.items(path)
    except ApiError as error:
        if error.status != NOT_FOUND:
            raise


def _remove_ended_jobs(api: Api, path: str) -> None:
    """One that changes its node now is let be: it ends by its deadline and goes by its TTL."""
    for job in api.items(path, labelSelector=OURS):
        if _has_ended(job):
            api.remove(f"{path}/{job['metadata']['name']}")


def _has_ended(job: Json) -> bool:
    conditions = (job.get("status") or {}).get("conditions") or []
    return any(it["type"] in ENDS and it["status"] == "True" for it in conditions)


def _remove_revisions(api: Api, path: str) -> None:
    """Those of WasmRuntimes that people keep are kept with them."""
    kept = {runtime["metadata"]["name"] for runtime in _served(api, COLLECTION)}
    for revision in api.items(path, labelSelector=OURS):
        if revision["metadata"]["labels"].get(RUNTIME) not in kept:
            api.remove(f"{path}/{revision['metadata']['name']}")


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the log of the hook's pod


def main(
    argv: list[str],
    api: Callable[[], Api] = in_cluster,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Sweep one namespace, again and again until it succeeds or time is up; return the exit code.

    What has been deleted before an error stays deleted, so that each try has less to do.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--namespace", required=True)
    parser.add_argument("--timeout", type=float, default=60)
    args = parser.parse_args(argv)
    deadline = time.monotonic() + args.timeout
    while True:
        try:
            sweep(api(), args.namespace)
        except (ApiError, OSError) as error:
            if time.monotonic() > deadline:
                print(f"sweep: {error}", file=sys.stderr)  # noqa: T201
                return 1
            sleep(PAUSE)
        else:
            return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
