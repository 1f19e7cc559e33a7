"""Whatever is found on a node: who may stay stays, and no run starts before its time."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given as holds_for
from hypothesis import strategies as st

from unit.operator import given
from wasmwright_operator import names
from wasmwright_operator.actions import CordonNode, CreateJob, EvictPod, WriteNodeStatus
from wasmwright_operator.api.disruption import DisruptionMode
from wasmwright_operator.conditions import rfc3339
from wasmwright_operator.node import NodeView, plan_node
from wasmwright_operator.node.pods import blocking_pods, departure
from wasmwright_operator.records import (
    Eviction,
    NodePod,
    NodeRecord,
    PodsLook,
    WasmNodeRecord,
)

pytestmark = pytest.mark.no_cover  # hundreds of runs of what other tests measure once

BLOCKER = {"app": "database"}

seconds = st.integers(0, 400).map(lambda ago: given.NOW - timedelta(seconds=ago))
evictions = st.builds(Eviction, seconds, st.sampled_from(("", "a budget needs it")))
pods = st.builds(
    lambda number, **fields: given.node_pod(f"pod-{number}", **fields),
    number=st.integers(0, 4),
    controller=st.sampled_from(("", "ReplicaSet", "DaemonSet", "Node")),
    phase=st.sampled_from(("Pending", "Running", "Succeeded", "Failed")),
    labels=st.sampled_from(({}, BLOCKER)),
    is_static=st.booleans(),
    has_empty_dir=st.booleans(),
    is_ours=st.booleans(),
    deleting=st.booleans(),
)
looks = st.builds(
    PodsLook,
    at=seconds,
    was_cordoned=st.booleans(),
    pods=st.lists(pods, max_size=4, unique_by=lambda pod: pod.name).map(tuple),
    evictions=st.dictionaries(st.integers(0, 4).map("pod-{}-uid".format), evictions, max_size=3),
)
wishes = st.fixed_dictionaries(
    {
        "mode": st.sampled_from(DisruptionMode),
        "wasmPods": st.sampled_from(("Wait", "Evict")),
        "blockingPods": st.sampled_from(([], [{"matchLabels": BLOCKER}])),
        "drain": st.fixed_dictionaries(
            {
                "timeout": st.just("2m"),
                "force": st.booleans(),
                "deleteEmptyDirData": st.booleans(),
            }
        ),
    }
)
statuses = st.builds(
    lambda since, named: given.status(
        {
            "drainingSince": rfc3339(since) if since else "",
            "blockingPods": ["shop/pod-0"] if named else [],
            "lastError": {"reason": "R", "message": "m", "exitCode": 40} if named else None,
        }
    ),
    st.none() | seconds,
    st.booleans(),
)
records = st.builds(
    lambda wish, status: given.wasm_node("n1", given.entry(), disruption=wish, status=status),
    wishes,
    statuses,
)
nodes = st.builds(
    lambda is_cordoned, is_marked: given.node(
        "n1",
        is_unschedulable=is_cordoned,
        annotations={names.CORDONED: "n1-wasm-uid/1"} if is_marked else {},
    ),
    st.booleans(),
    st.booleans(),
)


@holds_for(nodes, records, st.none() | looks)
def test_job__starts_only_on_a_node_that_is_as_its_run_wants_it(
    node: NodeRecord, record: WasmNodeRecord, look: PodsLook | None
) -> None:
    actions = plan_node(NodeView(node, record, look=look), (), (), given.NOW)
    if not any(isinstance(action, CreateJob) for action in actions):
        return
    wish = record.disruption
    assert node.is_unschedulable or wish.mode is DisruptionMode.NONE
    if wish.mode is DisruptionMode.DRAIN or wish.blocking_pods or record.leaving_pods:
        assert look is not None
        assert blocking_pods(wish.blocking_pods, look.pods) == ()
        assert departure(record, look.pods).pods == ()
        assert look.was_cordoned or wish.mode is DisruptionMode.NONE


@holds_for(nodes, records, looks)
def test_eviction__is_of_pods_that_must_go__on_a_node_that_takes_no_new_ones(
    node: NodeRecord, record: WasmNodeRecord, look: PodsLook
) -> None:
    actions = plan_node(NodeView(node, record, look=look), (), (), given.NOW)
    found: dict[str, NodePod] = {pod.name: pod for pod in look.pods}
    for action in actions:
        if isinstance(action, EvictPod):
            pod = found[action.name]
            assert (pod.is_static, pod.has_ended, pod.deleting) == (False, False, False)
            is_named = pod.full_name in record.leaving_pods
            assert is_named or not (pod.is_ours or pod.controller == "DaemonSet")
            assert is_named or record.disruption.mode is DisruptionMode.DRAIN
            assert node.is_unschedulable or record.disruption.mode is DisruptionMode.NONE
        if isinstance(action, CordonNode):
            assert not node.is_unschedulable


@holds_for(nodes, records, looks)
def test_status__once_it_is_written__is_not_written_again(
    node: NodeRecord, record: WasmNodeRecord, look: PodsLook
) -> None:
    actions = plan_node(NodeView(node, record, look=look), (), (), given.NOW)
    for write in actions:
        if isinstance(write, WriteNodeStatus):
            after = replace(record, status=write.status)
            again = plan_node(NodeView(node, after, look=look), (), (), given.NOW)
            assert not any(isinstance(action, WriteNodeStatus) for action in again)
