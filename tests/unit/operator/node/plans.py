"""Plans of one node: what they are made of, and what they say."""

from datetime import timedelta

from unit.operator import given
from wasmwright_installer.contract import ExitCode
from wasmwright_operator import names
from wasmwright_operator.actions import (
    Action,
    WriteNodeStatus,
)
from wasmwright_operator.api.wasmnode import (
    WasmNodeStatus,
)
from wasmwright_operator.node import NodeView, plan_node
from wasmwright_operator.records import (
    JobRecord,
    NodeRecord,
    PodRecord,
    RunKey,
    WasmNodeRecord,
)

NODE = given.node("n1", asks="spin", machine_id="m1")


FIRST = given.wasm_node("n1", given.entry())


SPIN = names.runtime_label("spin")


READY = WasmNodeStatus.model_validate(
    {
        "state": "Ready",
        "concluded_hash": given.HASH,
        "concluded_attempt": 1,
        "installed_hash": given.HASH,
        "summary": "spin ready",
        "runtimes": [{"name": "spin", "handler": "spin", "state": "ready", "version": "1"}],
    }
)


def plan(
    record: WasmNodeRecord | None,
    *work: JobRecord | PodRecord,
    node: NodeRecord | None = NODE,
    lost: frozenset[RunKey] = frozenset(),
    after: float = 0,
) -> tuple[Action, ...]:
    return plan_node(
        NodeView(node, record, lost),
        tuple(item for item in work if isinstance(item, JobRecord)),
        tuple(item for item in work if isinstance(item, PodRecord)),
        given.NOW + timedelta(seconds=after),
    )


def kinds(actions: tuple[Action, ...]) -> list[str]:
    return [type(action).__name__ for action in actions]


def written(actions: tuple[Action, ...]) -> WasmNodeStatus:
    (action,) = [item for item in actions if isinstance(item, WriteNodeStatus)]
    return action.status


def ended(record: WasmNodeRecord, exit_code: ExitCode, reason: str, **more: object) -> PodRecord:
    result = given.result(
        *(entry.name for entry in record.spec.runtimes if exit_code == 0),
        exit_code=exit_code,
        reason=reason,
        hash=record.spec.hash,
        **more,
    )
    message = result.model_dump_json(by_alias=True)
    return given.pod(record, apply=given.terminated(exit_code, message))
