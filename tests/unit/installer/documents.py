"""Documents for tests, and the artifacts that go with them."""

import hashlib
from pathlib import Path

from wasmwright_installer.contract import (
    FetchedBinary,
    HandlerEntry,
    HostBinary,
    HttpArtifact,
    Manifest,
    NodeDocument,
    Probe,
    RuntimeEntry,
    RuntimeType,
    Source,
    WasmPods,
)

SPIN = HandlerEntry(handler="spin", binary="containerd-shim-spin-v2")


def shim(name: str, *, content: bytes = b"", **fields: object) -> RuntimeEntry:
    """A downloaded shim whose artifact is its own content."""
    binary = content or f"#!/bin/sh\n# {name}\n".encode()
    digest = hashlib.sha256(binary).hexdigest()
    handler = HandlerEntry.model_validate(
        {"handler": name, "binary": f"containerd-shim-{name}-v1", **fields}
    )
    artifact = HttpArtifact(url=f"http://127.0.0.1/{name}", sha256=digest)
    return RuntimeEntry(name=name, version="1.0", source=Source(http=artifact), handler=handler)


def crun(**fields: object) -> RuntimeEntry:
    handler = HandlerEntry.model_validate(
        {
            "handler": "crun",
            "type": RuntimeType.OCI_RUNTIME,
            "binary": "crun",
            "pod_annotations": ("module.wasm.image/*",),
            "pods_survive_restart": True,
            **fields,
        }
    )
    source = Source(host_path=HostBinary(path="/usr/bin/crun", probe=Probe(contains="+WASM")))
    return RuntimeEntry(name="crun", source=source, handler=handler)


def document(
    *runtimes: RuntimeEntry,
    declared: tuple[HandlerEntry, ...] = (),
    wasm_pods: WasmPods = WasmPods.WAIT,
) -> NodeDocument:
    return NodeDocument(runtimes=runtimes, declared=declared, wasm_pods=wasm_pods)


def artifacts(
    folder: Path, *runtimes: RuntimeEntry, contents: dict[str, bytes] | None = None
) -> Path:
    """What fetch would have left for these runtimes."""
    fetched: dict[str, FetchedBinary] = {}
    for entry in runtimes:
        if entry.source.http is None:
            continue
        content = (contents or {}).get(entry.name) or f"#!/bin/sh\n# {entry.name}\n".encode()
        digest = entry.source.http.sha256
        file = f"{digest}/{entry.handler.binary}"
        (folder / digest).mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(content)
        fetched[digest] = FetchedBinary(
            file=file, sha256=hashlib.sha256(content).hexdigest(), size=len(content)
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(Manifest(artifacts=fetched).model_dump_json())
    return folder


def fetched(tmp_path: Path, wanted: NodeDocument) -> Path:
    """What fetch would have left for a document."""
    return artifacts(tmp_path / "artifacts", *wanted.runtimes)
