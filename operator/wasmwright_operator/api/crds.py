"""The CustomResourceDefinitions of both kinds, put together from the models."""

from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from wasmwright_operator import names
from wasmwright_operator.api import wasmnode, wasmruntime
from wasmwright_operator.api.runtime_status import WasmRuntimeStatus
from wasmwright_operator.api.schema import structural_schema


@dataclass(frozen=True, slots=True)
class Kind:
    """What a CustomResourceDefinition says beside the schema of spec and status."""

    kind: str
    short_name: str
    description: str
    spec: type[BaseModel]
    status: type[BaseModel]
    columns: tuple[dict[str, Any], ...]
    root_rules: dict[str, Any] = field(default_factory=dict)
    status_default: dict[str, Any] = field(default_factory=dict)

    @property
    def plural(self) -> str:
        """The name in URLs."""
        return f"{self.kind.lower()}s"


WASM_RUNTIME = Kind(
    kind="WasmRuntime",
    short_name="wrt",
    description=(
        "A WebAssembly runtime that nodes of the cluster may have, and the RuntimeClasses by which"
        " pods use it."
    ),
    spec=wasmruntime.WasmRuntimeSpec,
    status=WasmRuntimeStatus,
    columns=wasmruntime.COLUMNS,
    root_rules=wasmruntime.ROOT_RULES,
)

WASM_NODE = Kind(
    kind="WasmNode",
    short_name="wn",
    description=(
        "What wasmwright gives the node of the same name, and what has come of it."
        " Written by the operator; to change it, change the node's annotations or a WasmRuntime."
    ),
    spec=wasmnode.WasmNodeSpec,
    status=wasmnode.WasmNodeStatus,
    columns=wasmnode.COLUMNS,
    status_default={"default": {"state": wasmnode.NodeState.PENDING.value}},
)

KINDS = (WASM_RUNTIME, WASM_NODE)


def custom_resource_definition(kind: Kind) -> dict[str, Any]:
    """Return the manifest of one kind's CustomResourceDefinition."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{names.GROUP}"},
        "spec": {
            "group": names.GROUP,
            "scope": "Cluster",
            "names": {
                "kind": kind.kind,
                "listKind": f"{kind.kind}List",
                "plural": kind.plural,
                "singular": kind.kind.lower(),
                "shortNames": [kind.short_name],
                "categories": ["wasm"],
            },
            "versions": [_version(kind)],
        },
    }


def _version(kind: Kind) -> dict[str, Any]:
    return {
        "name": names.VERSION,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": [dict(column) for column in kind.columns],
        "schema": {"openAPIV3Schema": _root(kind)},
    }


def _root(kind: Kind) -> dict[str, Any]:
    return {
        "description": kind.description,
        "type": "object",
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": structural_schema(kind.spec),
            "status": {**structural_schema(kind.status), **kind.status_default},
        },
        **kind.root_rules,
    }
