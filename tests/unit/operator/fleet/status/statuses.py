"""Statuses of WasmRuntimes: what they are made of, and what they say."""

from unit.operator import given
from unit.operator.fleet.cluster import Record, only, plan
from wasmwright_operator.actions import WriteRuntimeStatus
from wasmwright_operator.api.runtime_status import WasmRuntimeStatus
from wasmwright_operator.api.wasmnode import WasmNodeStatus
from wasmwright_operator.conditions import find
from wasmwright_operator.records import RuntimeClassRecord, WasmNodeRecord

SPIN = given.entry("spin")
CLASS = RuntimeClassRecord("spin", "class-uid", "spin", runtime="spin")


def concluded(**more: object) -> WasmNodeStatus:
    return WasmNodeStatus.model_validate(
        {
            "concluded_hash": given.HASH,
            "concluded_attempt": 1,
            "installed_hash": given.HASH,
            "runtimes": [{"name": "spin", "handler": "spin", "state": "ready"}],
            **more,
        }
    )


def error(reason: str, exit_code: int | None = 31, **more: object) -> WasmNodeStatus:
    told = {"reason": reason, "message": f"{reason} happened", "exit_code": exit_code}
    given_more = {"failures": 2, "next_retry": "2026-05-04T13:00:00Z", **more}
    return concluded(last_error=told, runtimes=[], **given_more)


DONE = given.wasm_node("done", SPIN, status=concluded())
IN_FLIGHT = given.wasm_node("flying", SPIN)
FAILED = given.wasm_node("failed", SPIN, status=error("DigestMismatch"))
DRIFTED = given.wasm_node("drifted", SPIN, status=error("Drifted", None, failures=0))
BLOCKED = given.wasm_node("blocked", SPIN, status=error("PodsInUse", 40, state="Blocked"))


def write(*records: Record, **spec: object) -> WriteRuntimeStatus:
    runtime = given.runtime("spin", **spec)
    asking = [given.node(r.name, asks="spin") for r in records if isinstance(r, WasmNodeRecord)]
    (action,) = only(plan(runtime, *asking, *records), WriteRuntimeStatus)
    return action


def told(status: WasmRuntimeStatus, kind: str) -> tuple[str, str]:
    found = find(status.conditions, kind)
    assert found is not None
    return found.status.value, found.reason
