from unit.operator import given
from unit.operator.node.plans import FIRST, NODE, plan, written
from wasmwright_operator.actions import CreateJob
from wasmwright_operator.node import plan_refusal


def test_job__that_the_api_server_refuses__is_a_failed_run() -> None:
    (create,) = plan(FIRST)
    assert isinstance(create, CreateJob)

    status = written(plan_refusal(NODE, FIRST, create, "quota exceeded", given.NOW))

    assert status.last_error is not None
    assert status.last_error.reason == "JobRefused"
    assert status.last_error.message.startswith("quota exceeded; ")
    assert status.next_retry
