"""One node: prepare its run, start it, read what came of it and say so. Pure."""

from wasmwright_operator.node.labels import contested
from wasmwright_operator.node.plan import NodeView, plan_node, plan_refusal

__all__ = ["NodeView", "contested", "plan_node", "plan_refusal"]
