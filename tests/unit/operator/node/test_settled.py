from dataclasses import replace

import pytest

from unit.operator import given
from unit.operator.node.plans import plan, written
from wasmwright_operator.api.wasmnode import NodeState, Refusal
from wasmwright_operator.conditions import find

REFUSAL = Refusal(name="x", reason="UnknownRuntime", message="the node asks for 'x'")


@pytest.mark.parametrize(
    ("reason", "state"),
    [
        ("UnknownRuntime", NodeState.PENDING),
        ("UnsupportedArchitecture", NodeState.UNSUPPORTED),
    ],
)
def test_refused_wishes__without_any_run__are_told_in_the_conditions(
    reason: str, state: NodeState
) -> None:
    refusal = REFUSAL.model_copy(update={"reason": reason})
    record = given.wasm_node("n1", hash="", attempt=0, refused=(refusal,), generation=3)
    status = written(plan(record))

    assert status.state is state
    for kind in ("Accepted", "Ready"):
        found = find(status.conditions, kind)
        assert found is not None
        assert (found.status, found.reason) == ("False", reason)
        assert found.observed_generation == 3
    assert plan(replace(record, status=status)) == ()
