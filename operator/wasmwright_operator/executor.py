"""Carry actions out, and take the answers into the cache before anything else happens."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from wasmwright_operator import names
from wasmwright_operator.actions import (
    Action,
    CreateJob,
    CreateSmokeTest,
    CreateWasmNode,
    EmitEvent,
    EvictPod,
    LookAtPods,
    ReadWarnings,
    ReserveSlots,
    UpdateWasmNode,
    Wake,
    WriteRuntimeStatus,
)
from wasmwright_operator.cache import FLEET, Cache
from wasmwright_operator.conditions import rfc3339
from wasmwright_operator.kube.errors import (
    ApiError,
    ConflictError,
    NotFoundError,
    RefusedError,
)
from wasmwright_operator.kube.port import (
    CONFIG_MAPS,
    CONTROLLER_REVISIONS,
    EVENTS,
    JOBS,
    PODS,
    WASM_RUNTIMES,
    Kube,
    Resource,
)
from wasmwright_operator.manifests import JobTemplate, render_smoke_test
from wasmwright_operator.manifests.writes import Verb, Write, render_event, render_write
from wasmwright_operator.records import Eviction, PodsLook, parse_node_pod, parse_warnings

logger: Final = logging.getLogger(__name__)

Keys = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """The object that a write is about."""

    resource: Resource
    name: str


class Executor:
    """Makes one write at a time; an `ApiError` means that it was not made."""

    def __init__(
        self,
        kube: Kube,
        cache: Cache,
        template: JobTemplate,
        *,
        namespace: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._kube = kube
        self._cache = cache
        self._template = template
        self._namespace = namespace
        self._jobs = JOBS.in_namespace(namespace)
        self._namespaced = {
            resource: resource.in_namespace(namespace)
            for resource in (JOBS, PODS, CONTROLLER_REVISIONS, CONFIG_MAPS)
        }
        self.ledger: Final = Subject(self._namespaced[CONFIG_MAPS], names.LEDGER)
        """Is read when it is needed and never watched: who writes it with an old version learns."""
        self._clock = clock

    def render(self, action: Action) -> Write | None:
        """Return the request for an action, or None for one that writes nothing."""
        match action:
            case Wake() | LookAtPods() | EvictPod() | ReadWarnings():
                return None
            case EmitEvent():
                return render_event(action, rfc3339(self._clock()))
            case CreateJob():
                manifest = self._template.render(action)
                return Write(Verb.CREATE, self._jobs, manifest["metadata"]["name"], manifest)
            case CreateSmokeTest():
                manifest = render_smoke_test(action, self._template.policy)
                return Write(Verb.CREATE, PODS, manifest["metadata"]["name"], manifest)
            case _:
                return render_write(action)

    def subject(self, write: Write) -> Subject:
        """Return the object that a write is about."""
        return Subject(self._namespaced.get(write.resource, write.resource), write.name)

    async def execute(self, action: Action, write: Write) -> Keys:
        """Make a write; return the keys that are to be reconciled because of it."""
        level = logging.DEBUG if isinstance(action, WriteRuntimeStatus) else logging.INFO
        logger.log(level, type(action).__name__, extra={"object": write.name})
        if write.resource == EVENTS:
            await self._tell((write,))
            return ()
        if isinstance(action, CreateWasmNode | UpdateWasmNode):
            for name in action.presumed_absent:
                if await self._is_there(name):
                    return (FLEET,)
        if isinstance(action, ReserveSlots) and action.unreadable:
            extra = {"object": write.name, "keys": action.unreadable}
            logger.warning("removing keys that are not ours", extra=extra)
        keys = await self._send(write, self.subject(write).resource)
        if isinstance(action, CreateWasmNode | UpdateWasmNode | WriteRuntimeStatus):
            time = rfc3339(self._clock())
            await self._tell(render_event(event, time) for event in action.events)
        return keys

    async def look_at_pods(self, action: LookAtPods) -> Keys:
        """List the pods of a node into the cache; return the keys that are to be reconciled."""
        node, at = self._cache.nodes.get(action.node), self._clock()
        found = await self._kube.pods_on(action.node)
        look = PodsLook(
            at=at,
            was_cordoned=node is not None and node.is_unschedulable,
            pods=tuple(parse_node_pod(raw, self._namespace) for raw in found),
        )
        return self._cache.looks.store_look(action.node, look)

    async def evict(self, action: EvictPod) -> None:
        """Ask for a pod to go; that it may not go now is an answer, and no error."""
        refusal = ""
        try:
            await self._kube.evict(action.namespace, action.name, uid=action.uid)
        except (NotFoundError, ConflictError):
            logger.debug("gone already", extra={"object": action.name})
        except ApiError as error:
            refusal = str(error)
        told = {"object": f"{action.namespace}/{action.name}", "refusal": refusal}
        logger.info("EvictPod", extra=told)
        self._cache.looks.store_eviction(action.node, action.uid, Eviction(self._clock(), refusal))

    async def read_warnings(self, action: ReadWarnings) -> Keys:
        """Read what was told about a pod into the cache; what may not be read was not told."""
        try:
            found = await self._kube.warnings_about(self._namespace, action.uid)
        except RefusedError as error:
            logger.warning("Events may not be read", extra={"error": str(error)})
            found = ()
        return self._cache.looks.store_warnings(action.node, action.uid, parse_warnings(found))

    async def refresh(self, subject: Subject) -> Keys:
        """Read an object anew, since what we know of it was refused as old."""
        plural = subject.resource.plural
        try:
            raw = await self._kube.get(subject.resource, subject.name)
        except NotFoundError:
            known = self._cache.store_of(plural).get(subject.name)
            return self._cache.remove(plural, subject.name, known.uid) if known else ()
        return self._cache.observe(plural, raw)

    async def _is_there(self, runtime: str) -> bool:
        await self.refresh(Subject(WASM_RUNTIMES, runtime))
        return self._cache.runtimes.get(runtime) is not None

    async def _send(self, write: Write, resource: Resource) -> Keys:
        name, body = write.name, write.body
        match write.verb:
            case Verb.CREATE:
                raw = await self._kube.create(resource, body)
            case Verb.MERGE:
                raw = await self._kube.merge(resource, name, body)
            case Verb.MERGE_STATUS:
                raw = await self._kube.merge(resource, name, body, subresource="status")
            case Verb.APPLY:
                raw = await self._kube.apply(resource, name, body)
            case Verb.PATCH_METADATA:
                raw = await self._kube.patch_metadata(resource, name, body)
                return self._cache.observe_node_metadata(raw)
            case Verb.PATCH:
                raw = await self._kube.patch(resource, name, body)
            case Verb.DELETE:
                return await self._delete(write, resource)
        return self._cache.observe(resource.plural, raw)

    async def _delete(self, write: Write, resource: Resource) -> Keys:
        try:
            await self._kube.delete(
                resource, write.name, uid=write.uid, resource_version=write.resource_version
            )
        except NotFoundError:
            logger.debug("gone already", extra={"kind": resource.kind, "object": write.name})
        return self._cache.remove(resource.plural, write.name, write.uid)

    async def _tell(self, events: Iterable[Write]) -> None:
        """Tell people; that an Event is lost is no reason to do anything again."""
        for event in events:
            try:
                await self._kube.create(EVENTS, event.body)
            except ApiError as error:
                logger.warning("an Event was not written", extra={"error": str(error)})
