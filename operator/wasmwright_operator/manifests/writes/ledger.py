"""The request that brings the ledger of slots up to date."""

from wasmwright_operator import names
from wasmwright_operator.actions import ReserveSlots
from wasmwright_operator.kube.port import CONFIG_MAPS
from wasmwright_operator.manifests.writes.mergepatch import at
from wasmwright_operator.manifests.writes.write import Verb, Write


def reserve_slots(action: ReserveSlots) -> Write:
    """Send what changes only: the ledger is as long as the cluster is busy."""
    taken = {node: slot.text() for node, slot in action.taken.items()}
    if not action.resource_version:
        metadata = {"name": names.LEDGER, "labels": {names.MANAGED_BY: names.MANAGED_BY_VALUE}}
        body = {"apiVersion": "v1", "kind": CONFIG_MAPS.kind, "metadata": metadata, "data": taken}
        return Write(Verb.CREATE, CONFIG_MAPS, names.LEDGER, body)
    data = {**dict.fromkeys(action.released), **taken}
    body = {**at(action.resource_version), "data": data}
    return Write(Verb.MERGE, CONFIG_MAPS, names.LEDGER, body)
