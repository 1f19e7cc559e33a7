"""What an action means to the API: which request, on which object, with which body."""

from wasmwright_operator.manifests.writes.events import render_event
from wasmwright_operator.manifests.writes.rendering import render_write
from wasmwright_operator.manifests.writes.write import Verb, Write

__all__ = ["Verb", "Write", "render_event", "render_write"]
