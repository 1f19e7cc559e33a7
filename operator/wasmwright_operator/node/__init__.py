"""One node: start its run, read what came of it, say so in its status and labels. Pure."""

from wasmwright_operator.node.outcome import JOB_REFUSED, Outcome
from wasmwright_operator.node.plan import NodeView, plan_node, plan_refused_job

__all__ = ["JOB_REFUSED", "NodeView", "Outcome", "plan_node", "plan_refused_job"]
