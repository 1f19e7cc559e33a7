"""One node: prepare its run, start it, read what came of it and say so. Pure."""

from wasmwright_operator.node.labels import contested
from wasmwright_operator.node.plan import plan_node, plan_refusal
from wasmwright_operator.node.view import NodeView

__all__ = ["NodeView", "contested", "plan_node", "plan_refusal"]
