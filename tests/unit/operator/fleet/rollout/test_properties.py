"""Whatever happens during rollouts: nobody overtakes the canary, nothing begins after a halt."""

from typing import Any

import pytest
from hypothesis import example, settings
from hypothesis import given as holds_for
from hypothesis import strategies as st

from unit.operator.fake_loop import run
from unit.operator.fleet.rollout.fleet import ASKS, Fleet, edition_of
from wasmwright_installer.contract import ExitCode
from wasmwright_operator import names
from wasmwright_operator.fleet.rollout.revisions import revision_name
from wasmwright_operator.kube.port import Raw
from wasmwright_operator.records import parse_runtime

pytestmark = pytest.mark.no_cover  # hundreds of runs of what other tests measure once

ENDS = (ExitCode.DONE, ExitCode.DONE, ExitCode.ROLLED_BACK, ExitCode.IN_USE)

steps = st.lists(
    st.one_of(
        st.tuples(st.just("change"), st.none()),
        st.tuples(st.just("end"), st.sampled_from(ENDS)),
        st.tuples(st.just("end one"), st.sampled_from(ENDS)),
        st.tuples(st.just("join"), st.none()),
        st.tuples(st.just("wait"), st.sampled_from((0.02, 5, 40))),
        st.tuples(st.just("crash"), st.none()),
        st.tuples(st.just("pause"), st.booleans()),
        st.tuples(st.just("resume"), st.none()),
    ),
    max_size=16,
)
HALT_AMONG_MANY = [
    ("change", None),
    ("end", ExitCode.DONE),
    ("wait", 40),
    ("end one", ExitCode.ROLLED_BACK),
    ("end", ExitCode.DONE),
    ("wait", 5),
]
unhurried = settings(max_examples=20)


class Watched(Fleet):
    """Looks at every write of a WasmNode in the light of what the API server holds then."""

    edition = 1
    is_paused = False

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self._put = self.kube.put
        self.kube.put = self._judged_put  # type: ignore[method-assign]

    def declare_now(self) -> None:
        canary = {"count": 1, "soak": "10s"}
        self.roll_out(
            self.edition, canary=canary, paused=self.is_paused, maxFailures=0, maxParallel=2
        )

    def _judged_put(self, plural: str, raw: Raw) -> Raw:
        if plural == "wasmnodes":
            self._judge(raw)
        return self._put(plural, raw)

    def _judge(self, raw: Raw) -> None:
        before = edition_of(self.get("wasmnodes", raw["metadata"]["name"]) or {"spec": {}})
        given = edition_of(raw)
        if given == before or given != self.edition:
            return
        runtime = parse_runtime(self.get("wasmruntimes", "spin"))
        rollout = runtime.status.rollout
        if rollout.revision != revision_name(runtime):
            self.faults.append("began before it was recorded")
        elif rollout.halted_reason:
            self.faults.append("began after a halt")
        elif not rollout.canary_passed and self.of_edition(self.edition):
            self.faults.append("overtook the canary")


async def take(fleet: Watched, step: tuple[str, Any]) -> None:
    kind, what = step
    if kind == "change":
        fleet.edition += 1
        fleet.declare_now()
    elif kind in {"end", "end one"}:
        for job in fleet.running()[: 1 if kind == "end one" else None]:
            fleet.finish(job, what)
    elif kind == "join":
        fleet.add_node(f"late{len(fleet.of('nodes'))}", ASKS)
    elif kind == "wait":
        await fleet.settle(what)
    elif kind == "crash":
        await fleet.crash()
        await fleet.start()
    elif kind == "pause":
        fleet.is_paused = what
        fleet.declare_now()
    else:
        fleet.annotate(names.RESUME, str(fleet.now()))
    await fleet.settle(0.1)


@unhurried
@example(HALT_AMONG_MANY)
@holds_for(steps)
def test_any_history__keeps_to_the_canary_and_to_halts_and_ends_as_asked(
    history: list[tuple[str, Any]],
) -> None:
    async def scenario() -> None:
        fleet = Watched()
        await fleet.begin()
        fleet.declare_now()
        for step in history:
            await take(fleet, step)
        fleet.is_paused = False
        fleet.declare_now()
        await fleet.finish_all()
        for _ in range(40):  # failures of before may halt it: a person lets it go on
            fleet.annotate(names.RESUME, str(fleet.now()))
            await fleet.settle(35)
            await fleet.finish_all()
        assert fleet.faults == []
        assert fleet.rollout["phase"] == "Complete"
        assert fleet.told["stableRevision"] == fleet.told["targetRevision"]
        assert set(fleet.editions.values()) == {fleet.edition}
        before = len(fleet.kube.written())
        await fleet.settle(3600)
        assert fleet.kube.written()[before:] == []
        await fleet.crash()

    run(scenario())
