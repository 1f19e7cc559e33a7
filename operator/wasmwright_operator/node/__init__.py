"""One node: prepare its run, start it, read what came of it and say so. Pure."""

from wasmwright_operator.node.labels import contested
from wasmwright_operator.node.plan import plan_node, plan_refusal
from wasmwright_operator.node.refusal import Needed
from wasmwright_operator.node.view import NodeView

__all__ = ["Needed", "NodeView", "contested", "plan_node", "plan_refusal"]
