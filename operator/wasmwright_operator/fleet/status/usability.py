"""The conditions Available and RuntimeClassReady: whether pods can name it, and start then."""

from wasmwright_operator.fleet.classes import needed_nodes
from wasmwright_operator.fleet.status.findings import Findings, Told


def available(findings: Findings) -> Told:
    """Return whether pods can use it, on some nodes at least."""
    found, classes = findings.survey, findings.classes
    needed = needed_nodes(findings.runtime, found.targeted)
    if len(found.ready) < max(1, needed):
        return "Available", False, "NotEnoughNodes", f"{findings.summary}, {needed} needed"
    if not classes.present:
        return "Available", False, "NoRuntimeClass", f"{findings.summary}, but no RuntimeClass"
    usable = ", ".join(classes.present)
    return "Available", True, "Usable", f"{findings.summary}; runtimeClassName: {usable}"


def runtime_class_ready(findings: Findings) -> Told:
    """Return whether its RuntimeClasses are there and say what they should."""
    kind, classes = "RuntimeClassReady", findings.classes
    if classes.conflicts:
        return kind, False, "Conflict", "; ".join(classes.conflicts)
    if findings.runtime.deleting:
        return kind, False, "Removing", "no new pods are sent to nodes"
    if not findings.acceptance.is_accepted:
        return kind, False, findings.acceptance.reason, findings.acceptance.message
    if classes.waiting:
        needed = needed_nodes(findings.runtime, findings.survey.targeted)
        waiting = ", ".join(classes.waiting)
        return kind, False, "WaitingForNodes", f"{findings.summary}, {needed} needed for {waiting}"
    return kind, True, "Created", ", ".join(classes.present) or "none is asked for"
