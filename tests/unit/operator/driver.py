"""The whole operator but its watches, on a fake API server and a fake clock."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from unit.operator import given
from unit.operator.fake_kube import FakeKube
from wasmwright_installer.contract import (
    ApplyResult,
    ExitCode,
    NodeDocument,
    RuntimeResult,
    RuntimeState,
)
from wasmwright_operator import names
from wasmwright_operator.cache import Cache
from wasmwright_operator.conditions import rfc3339
from wasmwright_operator.executor import Executor
from wasmwright_operator.fleet import FleetPolicy, Memo, plan_fleet
from wasmwright_operator.kube.port import NODES, WASM_NODES, WASM_RUNTIMES, Raw
from wasmwright_operator.manifests import JobPolicy, JobTemplate, built_in_template
from wasmwright_operator.reconcile import Reconciler
from wasmwright_operator.reconcile.workqueue import WorkQueue
from wasmwright_operator.records import parse_wasm_node
from wasmwright_operator.watch import informers
from wasmwright_operator.watch.feed import Feed

NAMESPACE = "wasmwright-system"
TEMPLATE = JobTemplate(built_in_template(), JobPolicy(NAMESPACE, "installer"))

_LAG = 0.01
"""Seconds from a change to its watch event."""

Order = Callable[[list[tuple[str, str, Raw]]], list[tuple[str, str, Raw]]]


def as_they_came(events: list[tuple[str, str, Raw]]) -> list[tuple[str, str, Raw]]:
    return events


class Driver:
    """Plays people, kubelets and watches; `start` may be called again after `crash`."""

    def __init__(self, order: Order = as_they_came) -> None:
        self.kube = FakeKube()
        self.kube.clock = self.now
        self.order = order
        self.cache = Cache(FleetPolicy())
        self._memo = Memo()
        self.most: Counter[str] = Counter()
        """The most nodes that were in flight for each runtime at any moment."""

    def now(self) -> datetime:
        return given.NOW + timedelta(seconds=asyncio.get_running_loop().time())

    async def start(self) -> None:
        self.cache = Cache(FleetPolicy())
        self.queue = WorkQueue()
        executor = Executor(self.kube, self.cache, TEMPLATE, namespace=NAMESPACE, clock=self.now)
        self.reconciler = Reconciler(self.cache, self.queue, executor, self.now)
        notify = self.reconciler.notify
        self.kube.events.clear()
        self.feeds: dict[str, Feed] = {}
        for informer in informers(self.kube, self.cache, notify, NAMESPACE):
            plural = informer.resource.plural
            self.feeds[plural] = Feed(plural, self.cache, notify)
            await informer.list()
        self._task = asyncio.create_task(self.reconciler.run())
        loop = asyncio.get_running_loop()
        self.kube.on_event = lambda: loop.call_later(_LAG, self._deliver)

    async def crash(self) -> None:
        self.kube.on_event = lambda: None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def _deliver(self) -> None:
        self._count()
        pending = self.order(list(self.kube.events))
        self.kube.events.clear()
        for kind, plural, raw in pending:
            if plural in self.feeds:
                feed = self.feeds[plural]
                (feed.remove if kind == "DELETED" else feed.observe)(raw)

    def _count(self) -> None:
        flying: Counter[str] = Counter()
        for record in map(parse_wasm_node, self.of(WASM_NODES.plural)):
            flying.update(record.spec.changes if record.is_in_flight else ())
        self.most |= flying

    async def settle(self, seconds: float = 4) -> None:
        """Let time pass, long enough for everything that is due to be written."""
        await asyncio.sleep(seconds)
        assert not self._task.done(), self._task.exception()
        self._compare_plans()

    def _compare_plans(self) -> None:
        """A memo from any moment of the past makes no difference to a plan."""
        seen, now = self.cache.snapshot(), self.now()
        assert plan_fleet(seen, now, self._memo) == plan_fleet(seen, now)

    def of(self, plural: str) -> list[Raw]:
        return [raw for (kind, _), raw in self.kube.objects.items() if kind == plural]

    def get(self, plural: str, name: str) -> Raw:
        return self.kube.objects.get((plural, name), {})

    def add_node(self, name: str, asks: str = "", **labels: str) -> None:
        annotations = {names.RUNTIMES: asks} if asks else {}
        metadata = {"name": name, "labels": {"kubernetes.io/arch": "amd64", **labels}}
        raw = {"metadata": {**metadata, "annotations": annotations}, "spec": {}}
        self.kube.put(NODES.plural, raw)

    def go(self, node: str, *, away: bool) -> None:
        """Let a node cease to be Ready, or become Ready again."""
        ready = {"type": "Ready", "status": "Unknown" if away else "True"}
        self.report(node, conditions=[{**ready, "lastTransitionTime": rfc3339(self.now())}])

    def report(self, node: str, **status: Any) -> None:
        """Let a kubelet write into its Node's status."""
        raw = self.kube.objects.get((NODES.plural, node))
        if raw is not None:
            self.kube.put(NODES.plural, {**raw, "status": {**raw.get("status", {}), **status}})

    def handlers(self, node: str) -> set[str] | None:
        """Return what a kubelet reports that its container runtime serves, if it does report."""
        listed = self.get(NODES.plural, node).get("status", {}).get("runtimeHandlers")
        return {item["name"] for item in listed} if listed else None

    def serve(self, node: str, handlers: Iterable[str]) -> None:
        """Let a kubelet report these handlers and runc."""
        listed = [{"name": name} for name in ("", "runc", *sorted(handlers))]
        self.report(node, runtimeHandlers=listed)

    def reboot(self, node: str) -> None:
        info = self.get(NODES.plural, node).get("status", {}).get("nodeInfo", {})
        boot = int(info.get("bootID", "0")) + 1
        self.report(node, nodeInfo={**info, "bootID": str(boot)})

    def exchange_container_runtime(self, node: str, version: str) -> None:
        info = self.get(NODES.plural, node).get("status", {}).get("nodeInfo", {})
        self.report(node, nodeInfo={**info, "containerRuntimeVersion": f"containerd://{version}"})

    def ask(self, node: str, runtimes: Iterable[str]) -> None:
        raw = self.kube.objects[NODES.plural, node]
        raw["metadata"]["annotations"] = {names.RUNTIMES: ",".join(runtimes)}
        self.kube.put(NODES.plural, raw)

    def declare(self, name: str, **spec: Any) -> None:
        source = {"hostPath": {"path": f"/usr/bin/{name}"}}
        raw = {
            "kind": WASM_RUNTIMES.kind,
            "metadata": {"name": name},
            "spec": {"source": source, **spec},
        }
        old = self.get(WASM_RUNTIMES.plural, name)
        merged = {**old, **raw, "metadata": old.get("metadata", raw["metadata"])}
        self.kube.put(WASM_RUNTIMES.plural, merged)

    def labels(self, node: str) -> dict[str, str]:
        found = self.get(NODES.plural, node)["metadata"]["labels"]
        return {key: value for key, value in found.items() if names.is_ours(key)}

    def status(self, node: str) -> Raw:
        found: Raw = self.get(WASM_NODES.plural, node).get("status", {})
        return found

    def running(self) -> list[Raw]:
        """Return the Jobs that have no pod which has ended."""
        ended = {
            pod["metadata"]["labels"].get("batch.kubernetes.io/job-name") for pod in self.of("pods")
        }
        return [job for job in self.of("jobs") if job["metadata"]["name"] not in ended]

    def finish(self, job: Raw, exit_code: ExitCode = ExitCode.DONE, **told: Any) -> None:
        """Let the pod of a Job end, as the installer would with this exit code."""
        template = job["spec"]["template"]
        name = job["metadata"]["name"]
        document = NodeDocument.model_validate_json(
            template["metadata"]["annotations"][names.DOCUMENT]
        )
        ready = document.runtimes if exit_code is ExitCode.DONE else ()
        node = template["spec"]["nodeName"]
        if exit_code is ExitCode.DONE and self.handlers(node) is not None:
            self.serve(node, [entry.handler.handler for entry in ready])
        reason = "Done" if exit_code is ExitCode.DONE else "TestFailure"
        result = ApplyResult(
            exit_code=exit_code,
            message="said the test",
            hash=document.hash,
            runtimes=tuple(
                RuntimeResult(name=r.name, handler=r.handler.handler, state=RuntimeState.READY)
                for r in ready
            ),
            **{"reason": reason, **told},
        )
        terminated = {"exitCode": int(exit_code), "message": result.model_dump_json(by_alias=True)}
        metadata = {
            "name": f"{name}-pod",
            "labels": {**template["metadata"]["labels"], "batch.kubernetes.io/job-name": name},
            "annotations": template["metadata"]["annotations"],
            "ownerReferences": [{"uid": job["metadata"]["uid"]}],
        }
        status = {
            "phase": "Failed" if exit_code else "Succeeded",
            "containerStatuses": [{"name": "apply", "state": {"terminated": terminated}}],
        }
        with suppress(KeyError):
            self.kube.put("pods", {"metadata": metadata, "status": status})

    async def finish_all(self, rounds: int = 40) -> None:
        """Let everything succeed until nothing runs any more."""
        for _ in range(rounds):
            for job in self.running():
                self.finish(job)
            await self.settle()
            if not self.running():
                return
        raise AssertionError("still running")
