"""The fleet plan: everything that is to be written because of the cluster's present state."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from wasmwright_installer.contract import PredecessorName
from wasmwright_operator import names
from wasmwright_operator.actions import Action, DeleteWasmNode, SetFinalizers, Wake
from wasmwright_operator.fleet.acceptance import Acceptance, judge_runtimes
from wasmwright_operator.fleet.admission import Admission, next_retry
from wasmwright_operator.fleet.allotment import Allotment
from wasmwright_operator.fleet.budget import Budget, count_unavailable
from wasmwright_operator.fleet.classes import ClassPlan, needed_nodes, plan_classes, plan_end
from wasmwright_operator.fleet.goals import Goals, Memo
from wasmwright_operator.fleet.removal import Removal, judge_removal, plan_removal
from wasmwright_operator.fleet.rendering import Renderer
from wasmwright_operator.fleet.reruns import Reruns
from wasmwright_operator.fleet.rollout import Judgement
from wasmwright_operator.fleet.roster import Roster
from wasmwright_operator.fleet.slots import count_slots, reserve
from wasmwright_operator.fleet.snapshot import Snapshot
from wasmwright_operator.fleet.startup import lift_taints
from wasmwright_operator.fleet.status import Findings, plan_status
from wasmwright_operator.fleet.survey import exclude, survey
from wasmwright_operator.fleet.targets import next_telling


def plan_fleet(snapshot: Snapshot, now: datetime, memo: Memo | None = None) -> tuple[Action, ...]:
    """Return the writes that bring the cluster nearer to what people asked for.

    Applying them all and planning again at the same time gives no further writes until something
    outside changes: a run ends, a backoff ends, or somebody edits an object. The memo of the last
    plan makes this one quicker, and no other.
    """
    return tuple(_plan(snapshot, now, memo or Memo()))


def _plan(snapshot: Snapshot, now: datetime, memo: Memo) -> Iterator[Action]:
    runtimes = snapshot.runtimes.values()
    acceptances = judge_runtimes(runtimes, snapshot.policy.sources)
    renderer = Renderer()
    goals = Goals(snapshot, acceptances, renderer, now)
    targets = goals.targets(memo)
    roster = Roster(targets, now)
    surveys = survey(runtimes, roster, snapshot.wasm_nodes.values())
    exclude(surveys, goals.skipped(targets))
    judgement = Judgement(snapshot, acceptances, renderer, targets.values(), surveys, now)
    rollouts = judgement.rollouts()
    gates = {name: rollout.gate for name, rollout in rollouts.items()}
    slots = count_slots(snapshot, now)
    count_unavailable(roster, slots, surveys)

    yield from _missing_finalizers(snapshot, acceptances)
    yield from _stale_wasm_nodes(snapshot)
    reruns = Reruns(snapshot.runtimes, now)
    allotment = Allotment(gates, renderer, snapshot.policy)
    admission = Admission(snapshot, acceptances, renderer, allotment, reruns, now)
    decision = admission.decide(roster, slots, Budget(snapshot, slots, surveys))
    yield from reserve(snapshot, slots, decision.admitted)
    yield from (*decision.begun, *decision.notes)
    for name, waiting in decision.waiting.items():
        if name in surveys:
            surveys[name].waiting = waiting
    for runtime in runtimes:
        rollout = rollouts[runtime.name]
        if acceptances[runtime.name].is_accepted and not runtime.deleting:
            nodes = snapshot.wasm_nodes.values()
            yield from judgement.kept[runtime.name].writes(rollout.target, nodes, renderer)
        found = Findings(runtime, acceptances[runtime.name], surveys[runtime.name], rollout)
        yield from _plan_runtime(found, snapshot, now)
    yield from _orphaned_classes(snapshot)
    yield from lift_taints(runtimes, targets.values())
    looks = (roster.next_look, reruns.next_look(roster.alone))
    waits = (at for rollout in rollouts.values() for at in rollout.wakes)
    told = next_retry(roster.alone, now), next_telling(roster.alone, now)
    times = [at for at in (*looks, *told, *slots.wakes, *waits) if at is not None]
    if times:
        yield Wake(min(times))


def _missing_finalizers(
    snapshot: Snapshot, acceptances: Mapping[str, Acceptance]
) -> Iterator[SetFinalizers]:
    for runtime in snapshot.runtimes.values():
        is_served = acceptances[runtime.name].is_accepted and not runtime.deleting
        if is_served and not runtime.has_finalizer:
            yield SetFinalizers(
                name=runtime.name,
                resource_version=runtime.resource_version,
                finalizers=(*runtime.finalizers, names.FINALIZER),
            )


def _stale_wasm_nodes(snapshot: Snapshot) -> Iterator[DeleteWasmNode]:
    """Yield the WasmNodes of nodes that came back under the same name as other nodes."""
    for wasm_node in snapshot.wasm_nodes.values():
        node = snapshot.nodes.get(wasm_node.name)
        if node is not None and node.uid != wasm_node.spec.node_uid and not wasm_node.deleting:
            yield DeleteWasmNode(
                name=wasm_node.name,
                uid=wasm_node.uid,
                resource_version=wasm_node.resource_version,
            )


def _plan_runtime(findings: Findings, snapshot: Snapshot, now: datetime) -> Iterator[Action]:
    runtime, found = findings.runtime, findings.survey
    classes, removal = ClassPlan(), Removal()
    if runtime.deleting:
        removal = judge_removal(runtime, found.holders, snapshot, now)
        yield from plan_removal(runtime, removal, snapshot)
        if removal.look_again is not None:
            yield Wake(removal.look_again)
    elif findings.acceptance.is_accepted:
        are_enough = len(found.ready) >= needed_nodes(runtime, found.targeted)
        classes = plan_classes(
            runtime,
            snapshot.runtime_classes,
            are_enough_ready=are_enough,
            is_changing=bool(found.updating or found.failed),
            takes_shims_over=PredecessorName.RCM in snapshot.policy.take_over,
        )
        yield from classes.actions
    if runtime.has_finalizer or not runtime.deleting:
        yield from plan_status(replace(findings, classes=classes, removal=removal), now)


def _orphaned_classes(snapshot: Snapshot) -> Iterator[Action]:
    """Yield the end of classes whose WasmRuntime went without its finalizer."""
    owners = {item.runtime for item in snapshot.runtime_classes.values()}
    for owner in sorted(owners - snapshot.runtimes.keys() - {""}):
        yield from plan_end(owner, snapshot.runtime_classes.values())
