"""Which request an action means: one function each, by the object that it is about."""

from collections.abc import Callable
from functools import singledispatch
from typing import Final

from wasmwright_operator.manifests.writes.classes import (
    apply_runtime_class,
    delete_runtime_class,
    disown_runtime_class,
    release_runtime_class,
)
from wasmwright_operator.manifests.writes.ledger import reserve_slots
from wasmwright_operator.manifests.writes.nodes import (
    cordon_node,
    label_node,
    lift_taints,
    uncordon_node,
)
from wasmwright_operator.manifests.writes.revisions import (
    create_revision,
    delete_revision,
    number_revision,
)
from wasmwright_operator.manifests.writes.runtimes import set_finalizers, write_runtime_status
from wasmwright_operator.manifests.writes.wasmnodes import (
    create_wasm_node,
    delete_wasm_node,
    update_wasm_node,
    write_node_status,
)
from wasmwright_operator.manifests.writes.work import delete_job, delete_pod
from wasmwright_operator.manifests.writes.write import Write


@singledispatch
def render_write(action: object) -> Write:
    """Return the request for an action. Jobs are rendered by their template instead."""
    raise TypeError(f"{type(action).__name__} is no write that can be rendered")


_RENDERED: Final[tuple[Callable[..., Write], ...]] = (
    create_wasm_node,
    update_wasm_node,
    write_node_status,
    delete_wasm_node,
    reserve_slots,
    write_runtime_status,
    set_finalizers,
    create_revision,
    number_revision,
    delete_revision,
    label_node,
    cordon_node,
    uncordon_node,
    lift_taints,
    apply_runtime_class,
    release_runtime_class,
    disown_runtime_class,
    delete_runtime_class,
    delete_job,
    delete_pod,
)
for _render in _RENDERED:
    render_write.register(_render)
