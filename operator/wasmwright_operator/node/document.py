"""What a run is told: the document that its installer works from."""

from wasmwright_installer.contract import NodeDocument, NodeIdentity
from wasmwright_operator.records import NodeRecord, WasmNodeRecord


def document_of(node: NodeRecord, record: WasmNodeRecord) -> NodeDocument:
    """Return the document of the run that is under way."""
    spec = record.spec
    return NodeDocument(
        node=NodeIdentity(name=node.name, uid=node.uid, machine_id=node.machine_id),
        hash=spec.hash,
        runtimes=spec.runtimes,
        declared=spec.declared,
        wasm_pods=spec.wasm_pods,
        removal=spec.removal,
        take_over=spec.take_over,
        retry_token=spec.retry_token,
        keep_versions=spec.keep_versions,
        stored=_stored(record),
    )


def _stored(record: WasmNodeRecord) -> tuple[str, ...]:
    """Return what need not be downloaded.

    A run that repeats a success believes nothing, unless it only looks whether all is in place.
    """
    is_repeated = record.spec.hash == record.status.installed_hash
    return () if is_repeated and not record.is_look else record.status.stored
