"""Act a story out on a real fleet, and keep the operator alive as a Deployment would."""

import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from integration.operator.api import NODES, WN, ApiRefusedError, Raw
from integration.operator.behaviours import Behaviour, fails, hangs, succeeds, takes
from integration.operator.chaos.story import Deed, Fate, Step, Story
from integration.operator.chaos.weather import Weather
from integration.operator.faults import Fault, Lost
from integration.operator.fleet import Fleet
from integration.operator.requests import Request
from wasmwright_operator import names

LABEL: Final = "runtime.wasmwright.dev/spin"
ROLLOUT: Final = {"maxUnavailable": "100%", "maxFailures": "100%"}
ROLLED_BACK: Final = fails(31, "RolledBack", "no handler after the restart")
UNSUPPORTED: Final = fails(10, "UnsupportedNode", "the root file system is read-only")
_IMPATIENCE: Final = 1.5
"""Seconds without a write after which the next step is taken all the same."""
_RESTART_AFTER: Final = 0.3


@dataclass
class Stage:
    """A story, the fleet that it is told of, and how far it is."""

    fleet: Fleet
    story: Story
    max_parallel: int
    weather: Weather = field(init=False)
    left: set[str] = field(default_factory=set)
    """Nodes that ask for nothing."""
    version: str = "v1"
    _kill: Lost | None = None

    def __post_init__(self) -> None:
        self.weather = Weather(self.story.seed)
        self.fleet.proxy.decide = self._decide

    def play(self) -> None:
        """Begin the rollout and take all steps; the weather is calm afterwards."""
        fleet, nodes = self.fleet, self.story.nodes
        for number, (name, fate) in enumerate(self.story.fates.items()):
            self._prepare(name, fate, seconds=0.1 + number % 5 * 0.2)
        fleet.add_nodes(*nodes)
        fleet.declare(
            "spin", source=source("v1"), rollout={**ROLLOUT, "maxParallel": self.max_parallel}
        )
        fleet.ask(*nodes)
        for step in self.story.steps:
            self._await(step)
            self._do(step)
        self.weather.is_calm = True

    def upgrade(self, version: str) -> None:
        """Give the runtime another artifact."""
        self.fleet.change("spin", source=source(version))
        self.version = version

    def keep_alive(self) -> None:
        """Start the operator anew if it has ended."""
        child = self.fleet.operator.child
        if child is None or child.poll() is not None:
            time.sleep(_RESTART_AFTER)
            self.fleet.operator.spawn()

    def _prepare(self, name: str, fate: Fate, seconds: float) -> None:
        kubelets = self.fleet.kubelets
        kubelets.always[name] = takes(seconds, _behaviour(fate))
        if fate is Fate.HANGING:
            kubelets.always[name] = hangs
        if fate is Fate.FLAKY:
            kubelets.script[name].append(takes(seconds, ROLLED_BACK))

    def _await(self, step: Step) -> None:
        proxy = self.fleet.proxy
        seen, since = len(proxy.writes()), time.monotonic()
        while len(proxy.writes()) < step.after_writes:
            self.keep_alive()
            if len(proxy.writes()) != seen:
                seen, since = len(proxy.writes()), time.monotonic()
            if time.monotonic() - since > _IMPATIENCE:
                return
            time.sleep(0.02)

    def _do(self, step: Step) -> None:
        fleet, node = self.fleet, step.node
        match step.deed:
            case Deed.KILL | Deed.KILL_AFTER:
                self._kill = Lost(step.deed is Deed.KILL_AFTER, then=fleet.operator.kill)
            case Deed.VANISH:
                fleet.vanish(node)
            case Deed.REPLACE:
                self._replace(node)
            case Deed.LEAVE:
                fleet.ask(node, runtimes=None)
                self.left.add(node)
            case Deed.COME_BACK:
                fleet.ask(node)
                self.left.discard(node)
            case Deed.SMEAR:
                fleet.api.merge(f"{NODES}/{node}", {"metadata": {"labels": {LABEL: "smeared"}}})
            case Deed.TOUCH:
                self._touch(node)
            case Deed.CUT:
                fleet.proxy.cut_watches()
            case Deed.UPGRADE:
                self.upgrade("v2")

    def _replace(self, node: str) -> None:
        labels = self.fleet.api.get(f"{NODES}/{node}")["metadata"]["labels"]
        self.fleet.vanish(node)
        asking = {names.RUNTIMES: "spin"}
        self.fleet.add_node(node, labels=labels, annotations=asking)

    def _touch(self, node: str) -> None:
        with suppress(ApiRefusedError):  # it has none yet
            change = {"metadata": {"annotations": {"example.org/touched": str(time.time())}}}
            self.fleet.api.merge(f"{WN}/{node}", change)

    def _decide(self, request: Request) -> Fault | None:
        if self._kill is not None and request.is_write and not request.is_lease:
            killed, self._kill = self._kill, None
            return killed
        return self.weather(request)


def source(version: str) -> Raw:
    """Return an artifact of a version."""
    url = f"https://artifacts.example.org/{version}/containerd-shim-spin-v2"
    digest = version.encode().hex().ljust(64, "0")
    return {"http": {"platforms": [{"arch": "amd64", "url": url, "sha256": digest}]}}


def _behaviour(fate: Fate) -> Behaviour:
    return {Fate.BROKEN: ROLLED_BACK, Fate.HOPELESS: UNSUPPORTED}.get(fate, succeeds)
