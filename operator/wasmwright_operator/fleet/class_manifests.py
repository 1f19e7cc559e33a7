"""What a RuntimeClass of ours says."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from wasmwright_operator import names
from wasmwright_operator.actions import ApplyRuntimeClass
from wasmwright_operator.api.meta import Toleration
from wasmwright_operator.api.runtimeclass import RuntimeClassSpec
from wasmwright_operator.records import RuntimeClassRecord, RuntimeRecord


def says(found: RuntimeClassRecord, wanted: ApplyRuntimeClass) -> bool:
    """Tell whether a class is as it was rendered."""
    is_unchanged: bool = (
        found.spec_hash == wanted.manifest["metadata"]["annotations"][names.SPEC_HASH]
        and dict(found.node_selector) == wanted.manifest["scheduling"]["nodeSelector"]
    )
    return is_unchanged


def render_class(
    runtime: RuntimeRecord, spec: RuntimeClassSpec, *, is_adopted: bool
) -> ApplyRuntimeClass:
    """Return the write that makes a class what the runtime says of it."""
    return render(runtime, spec.name, _body(runtime, spec), is_adopted=is_adopted)


def render(
    runtime: RuntimeRecord, name: str, body: Mapping[str, Any], *, is_adopted: bool = False
) -> ApplyRuntimeClass:
    """Return the write that makes a class of this name say all that is in `body`."""
    text = json.dumps(body, sort_keys=True)
    annotations = {names.SPEC_HASH: hashlib.sha256(text.encode()).hexdigest()[:16]}
    if is_adopted:
        annotations[names.ADOPTED] = "true"
    metadata = {
        "name": name,
        "labels": {names.MANAGED_BY: names.MANAGED_BY_VALUE, names.RUNTIME: runtime.name},
        "annotations": annotations,
    }
    manifest = {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": metadata}
    return ApplyRuntimeClass(name=name, manifest={**manifest, **body})


def _body(runtime: RuntimeRecord, spec: RuntimeClassSpec) -> dict[str, Any]:
    """Return what the class says; the ready label cannot be overridden by the user's selector."""
    scheduling: dict[str, Any] = {
        "nodeSelector": {**spec.node_selector, names.runtime_label(runtime.name): "ready"}
    }
    if spec.tolerations:
        scheduling["tolerations"] = [_toleration(item) for item in spec.tolerations]
    body: dict[str, Any] = {"handler": runtime.handler, "scheduling": scheduling}
    if spec.overhead is not None and spec.overhead.pod_fixed:
        body["overhead"] = {
            "podFixed": {name: str(value) for name, value in spec.overhead.pod_fixed.items()}
        }
    return body


def _toleration(item: Toleration) -> dict[str, Any]:
    return item.model_dump(mode="json", exclude_defaults=True) | {"operator": item.operator}
