"""The request that tells people something."""

from wasmwright_operator import names
from wasmwright_operator.actions import EmitEvent
from wasmwright_operator.kube.port import EVENTS
from wasmwright_operator.manifests.writes.write import Verb, Write

_EVENT_NAME: int = 200
_EVENT_MESSAGE: int = 1024


def render_event(event: EmitEvent, time: str) -> Write:
    """Return the request for an Event; those about cluster-scoped objects live in `default`."""
    body = {
        "apiVersion": "v1",
        "kind": EVENTS.kind,
        "metadata": {
            "generateName": f"{event.name[:_EVENT_NAME]}.",
            "namespace": EVENTS.namespace,
        },
        "involvedObject": {
            "apiVersion": event.api_version,
            "kind": event.kind,
            "name": event.name,
            "uid": event.uid,
        },
        "type": event.type.value,
        "reason": event.reason,
        "message": event.message[:_EVENT_MESSAGE],
        "firstTimestamp": time,
        "lastTimestamp": time,
        "count": 1,
        "source": {"component": names.FIELD_MANAGER},
    }
    return Write(Verb.CREATE, EVENTS, "", body)
