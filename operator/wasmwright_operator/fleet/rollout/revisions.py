"""What a WasmRuntime renders to, and what it rendered to before: names, entries, history.

A revision is the identity of what nodes get, over all architectures. Version strings, placement,
RuntimeClasses and the rollout's own settings are no part of it.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from wasmwright_installer.contract import NO_PART_OF_IDENTITY, RuntimeEntry
from wasmwright_operator.actions import CreateRevision, DeleteRevision, NumberRevision
from wasmwright_operator.api.wasmruntime import WasmRuntimeSpec
from wasmwright_operator.fleet.rendering import Renderer, render_entry
from wasmwright_operator.fleet.snapshot import Snapshot
from wasmwright_operator.fleet.sources import architectures
from wasmwright_operator.records import RevisionRecord, RuntimeRecord, WasmNodeRecord
from wasmwright_operator.records.revision import RENDERED_FIELDS
from wasmwright_operator.records.wasmnode import entry_digest

RevisionAction = CreateRevision | DeleteRevision | NumberRevision

_HASH: Final = 10
_ANY: Final = ""


@dataclass(frozen=True, slots=True)
class History:
    """The revisions of one WasmRuntime that the cluster keeps."""

    runtime: RuntimeRecord
    records: tuple[RevisionRecord, ...]
    """Also those of an earlier WasmRuntime of the same name."""

    def find(self, name: str) -> RevisionRecord | None:
        """Return a kept revision that can be rendered."""
        found = (item for item in self._own if item.name == name and item.spec is not None)
        return next(found, None)

    def as_of(self, record: RevisionRecord) -> RuntimeRecord:
        """Return the runtime as it would be with a kept revision; handlers never change."""
        update = {"handler": self.runtime.handler}
        spec = record.spec.model_copy(update=update) if record.spec else None
        return replace(self.runtime, spec=spec)

    def writes(
        self, target: str, wasm_nodes: Iterable[WasmNodeRecord], renderer: Renderer
    ) -> Iterator[RevisionAction]:
        """Yield what makes `target` the newest revision and drops those that nobody needs.

        An earlier WasmRuntime of the name may have left a revision of the same name: it goes first.
        """
        own, runtime = self._own, self.runtime
        stale = tuple(item for item in self.records if item.runtime_uid != runtime.uid)
        yield from _deletions(stale)
        newest = max((item.number for item in own if item.name != target), default=0)
        present = next((item for item in own if item.name == target), None)
        is_free = all(item.name != target for item in stale)
        if present is None and runtime.spec is not None and is_free:
            patch = tuple(_operations(runtime.spec))
            yield CreateRevision(target, runtime.name, runtime.uid, newest + 1, patch)
        elif present is not None and present.number <= newest:
            yield NumberRevision(target, present.resource_version, newest + 1)
        yield from _deletions(self._superfluous(target, wasm_nodes, renderer))

    @property
    def _own(self) -> tuple[RevisionRecord, ...]:
        return tuple(it for it in self.records if it.runtime_uid == self.runtime.uid)

    def _superfluous(
        self, target: str, wasm_nodes: Iterable[WasmNodeRecord], renderer: Renderer
    ) -> tuple[RevisionRecord, ...]:
        """Return the oldest revisions beyond the limit that no node has; seldom there are any."""
        needed = {target, self.runtime.status.stable_revision}
        others = [item for item in self._own if item.name not in needed]
        limit = self.runtime.spec.revision_history_limit if self.runtime.spec else len(others)
        if len(others) <= limit:
            return ()
        had = set(_digests(self.runtime.name, wasm_nodes, renderer))
        unused = [item for item in others if not had & self._digests_of(item)]
        return tuple(sorted(unused, key=lambda item: -item.number)[limit:])

    def _digests_of(self, record: RevisionRecord) -> set[str]:
        return {entry_digest(it) for it in render_revision(self.as_of(record)).values()}


def _deletions(records: Iterable[RevisionRecord]) -> Iterator[DeleteRevision]:
    for record in records:
        if not record.deleting:
            yield DeleteRevision(record.name, record.uid)


def histories(snapshot: Snapshot) -> dict[str, History]:
    """Return what is kept of every WasmRuntime."""
    kept: dict[str, list[RevisionRecord]] = {name: [] for name in snapshot.runtimes}
    for record in snapshot.revisions.values():
        kept.setdefault(record.runtime, []).append(record)
    return {name: History(it, tuple(kept[name])) for name, it in snapshot.runtimes.items()}


def _digests(name: str, wasm_nodes: Iterable[WasmNodeRecord], renderer: Renderer) -> Iterator[str]:
    for wasm_node in wasm_nodes:
        for entry in wasm_node.spec.runtimes:
            if entry.name == name:
                yield renderer.digest(entry)


def render_revision(runtime: RuntimeRecord) -> Mapping[str, RuntimeEntry]:
    """Return the entries of a runtime by architecture; "" is any other one."""
    archs = architectures(runtime.spec.source) if runtime.spec else ()
    entries = {arch: render_entry(runtime, arch) for arch in archs or (_ANY,)}
    return {arch: entry for arch, entry in entries.items() if entry is not None}


def revision_name(runtime: RuntimeRecord) -> str:
    """Return the name of what the spec renders to, "" for a spec that cannot be understood.

    What is left at its default does not count: a later version of ours that knows more fields
    names the same revision alike, and rolls nothing out.
    """
    if runtime.spec is None:
        return ""
    entries = {
        arch: entry.model_dump(mode="json", exclude=NO_PART_OF_IDENTITY, exclude_defaults=True)
        for arch, entry in render_revision(runtime).items()
    }
    text = json.dumps(entries, sort_keys=True, separators=(",", ":"))
    return f"{runtime.name}-{hashlib.sha256(text.encode()).hexdigest()[:_HASH]}"


def _operations(spec: WasmRuntimeSpec) -> Iterator[Mapping[str, Any]]:
    """Yield a JSON patch that brings any other spec back to this one.

    A merge patch could not: options that a later revision adds would stay.
    """
    plain = spec.model_dump(mode="json", by_alias=True, exclude_none=True)
    for field in RENDERED_FIELDS:
        yield {"op": "add", "path": f"/spec/{field}", "value": plain[field]}
