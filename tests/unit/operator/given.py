"""Build what tests start from: records with sensible defaults, and the raw objects behind them."""

from datetime import UTC, datetime
from typing import Any

from wasmwright_installer.contract import (
    ApplyResult,
    ExitCode,
    RuntimeEntry,
    RuntimeResult,
    RuntimeState,
)
from wasmwright_operator import names
from wasmwright_operator.api.wasmnode import WasmNodeSpec, WasmNodeStatus
from wasmwright_operator.fleet.rendering import render_entry
from wasmwright_operator.records import (
    ContainerRecord,
    ContainerState,
    JobRecord,
    NodePod,
    NodeRecord,
    PodRecord,
    PodsLook,
    RunKey,
    RuntimeRecord,
    Taint,
    WasmNodeRecord,
    parse_runtime,
)

Raw = dict[str, Any]

NOW = datetime(2026, 5, 4, 12, 0, 0, tzinfo=UTC)
HASH = "a" * 64


def node(
    name: str = "n1",
    *,
    asks: str = "",
    annotations: dict[str, str] | None = None,
    labels: dict[str, str] | None = None,
    taints: tuple[Taint, ...] = (),
    uid: str = "",
    **more: Any,
) -> NodeRecord:
    written = dict(annotations or {})
    if asks:
        written[names.RUNTIMES] = asks
    return NodeRecord(
        name=name,
        uid=uid or f"{name}-uid",
        labels=labels or {"kubernetes.io/os": "linux"},
        annotations=written,
        taints=taints,
        **{"arch": "amd64", **more},
    )


def runtime(
    name: str = "spin",
    *,
    created: str = "2026-01-01T00:00:00Z",
    deleting: bool = False,
    finalizers: tuple[str, ...] = (names.FINALIZER,),
    status: Raw | None = None,
    generation: int = 1,
    **spec: Any,
) -> RuntimeRecord:
    metadata: Raw = {
        "name": name,
        "uid": f"{name}-uid",
        "resourceVersion": "7",
        "generation": generation,
        "creationTimestamp": created,
        "finalizers": list(finalizers),
    }
    if deleting:
        metadata["deletionTimestamp"] = "2026-05-04T11:00:00Z"
    source = {"hostPath": {"path": f"/usr/bin/{name}"}}
    return parse_runtime(
        {"metadata": metadata, "spec": {"source": source, **spec}, "status": status or {}}
    )


def http(*archs: str, sha256: str = "b" * 64) -> Raw:
    """Return a source with downloads for these architectures."""
    platforms = [
        {"arch": arch, "url": f"https://example.org/{arch}/shim.tar.gz", "sha256": sha256}
        for arch in archs
    ]
    return {"http": {"platforms": platforms}}


def entry(name: str = "spin", **spec: Any) -> RuntimeEntry:
    found = render_entry(runtime(name, **spec), "amd64")
    assert found is not None
    return found


def wasm_node(
    name: str = "n1",
    *runtimes: RuntimeEntry,
    status: WasmNodeStatus | None = None,
    node_uid: str = "",
    deleting: bool = False,
    generation: int = 1,
    **spec: Any,
) -> WasmNodeRecord:
    changes = tuple(item.name for item in runtimes)
    return WasmNodeRecord(
        name=name,
        uid=f"{name}-wasm-uid",
        resource_version="11",
        generation=generation,
        spec=WasmNodeSpec(
            node_uid=node_uid or f"{name}-uid",
            runtimes=runtimes,
            **{"hash": HASH, "attempt": 1, "changes": changes, **spec},
        ),
        status=status or WasmNodeStatus(),
        deleting=deleting,
    )


def run_of(record: WasmNodeRecord) -> RunKey:
    return RunKey(record.uid, record.spec.hash, record.spec.attempt)


def job(record: WasmNodeRecord, **more: Any) -> JobRecord:
    given = {"created": "2026-05-04T11:59:58Z", **more}
    return JobRecord("job-1", "job-1-uid", record.name, run_of(record), **given)


def pod(record: WasmNodeRecord, **more: Any) -> PodRecord:
    given = {"created": "2026-05-04T11:59:59Z", **more}
    return PodRecord("pod-1", "pod-1-uid", "job-1", record.name, run_of(record), **given)


def terminated(exit_code: int, message: str = "", reason: str = "Error") -> ContainerRecord:
    return ContainerRecord(ContainerState.TERMINATED, reason, message, exit_code)


def waiting(reason: str, message: str = "") -> ContainerRecord:
    return ContainerRecord(ContainerState.WAITING, reason, message)


def result(
    *ready: str,
    exit_code: ExitCode = ExitCode.DONE,
    reason: str = "Done",
    hash: str = HASH,  # noqa: A002 - the field's name
    **more: Any,
) -> ApplyResult:
    runtimes = tuple(
        RuntimeResult(name=name, handler=name, state=RuntimeState.READY) for name in ready
    )
    given = {"message": f"{reason} was said", "runtimes": runtimes, **more}
    return ApplyResult(exit_code=exit_code, reason=reason, hash=hash, **given)


def node_pod(name: str = "web-1", **more: Any) -> NodePod:
    return NodePod("shop", name, f"{name}-uid", **{"controller": "ReplicaSet", **more})


def look(*pods: NodePod, **more: Any) -> PodsLook:
    return PodsLook(pods=pods, **{"at": NOW, "was_cordoned": True, **more})


def status(raw: Raw) -> WasmNodeStatus:
    return WasmNodeStatus.model_validate(raw)
