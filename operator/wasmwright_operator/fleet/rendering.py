"""Render a WasmRuntime for one architecture: the entry that a node's document holds."""

import posixpath
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from wasmwright_installer.contract import (
    FILE_NAME_PATTERN,
    HandlerEntry,
    RuntimeEntry,
    RuntimeType,
    Source,
    desired_hash,
)
from wasmwright_operator.api.wasmruntime import WasmRuntimeSpec
from wasmwright_operator.fleet.sources import render_source
from wasmwright_operator.fleet.trust import with_pin
from wasmwright_operator.records import RuntimeRecord, WasmNodeRecord
from wasmwright_operator.records.wasmnode import entry_digest

_FILE_NAME: Final = re.compile(FILE_NAME_PATTERN)


class Renderer:
    """Renders each runtime once per architecture and hashes each set of entries once."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], RuntimeEntry | None] = {}
        self._digests: dict[int, str] = {}
        self._sets: dict[int, Mapping[str, str]] = {}
        self._hashes: dict[tuple[str, ...], str] = {}

    def entry(self, runtime: RuntimeRecord, arch: str) -> RuntimeEntry | None:
        """Return the entry, or None when there is no artifact for the architecture."""
        key = (runtime.name, arch)
        if key not in self._entries:
            self._entries[key] = render_entry(runtime, arch)
        return self._entries[key]

    def digest(self, entry: RuntimeEntry) -> str:
        """Return the identity of an entry that this renderer, or a record, keeps alive."""
        key = id(entry)
        if key not in self._digests:
            self._digests[key] = entry_digest(entry)
        return self._digests[key]

    def digests(self, wasm_node: WasmNodeRecord) -> Mapping[str, str]:
        """Return the identity of each entry of a WasmNode, by name."""
        entries = wasm_node.spec.runtimes
        key = id(entries)
        if key not in self._sets:
            self._sets[key] = {entry.name: self.digest(entry) for entry in entries}
        return self._sets[key]

    def hash(self, entries: tuple[RuntimeEntry, ...]) -> str:
        """Return the identity of a set of entries, as the contract defines it."""
        key = tuple(self.digest(entry) for entry in entries)
        if key not in self._hashes:
            self._hashes[key] = desired_hash(entries)
        return self._hashes[key]


def render_entry(runtime: RuntimeRecord, arch: str) -> RuntimeEntry | None:
    """Return what a node of this architecture is to have, or None without an artifact for it."""
    if runtime.spec is None:
        return None
    source = render_source(runtime.spec.source, arch)
    if source is None:
        return None
    source = with_pin(source, runtime.status.digests)
    return RuntimeEntry(
        name=runtime.name,
        version=runtime.spec.version,
        source=source,
        handler=_handler(runtime.handler, runtime.spec, source),
    )


def _handler(name: str, spec: WasmRuntimeSpec, source: Source) -> HandlerEntry:
    survives = spec.config.pods_survive_restart
    return HandlerEntry(
        handler=name,
        type=spec.type,
        binary=_binary_name(name, spec.type, source),
        options=spec.config.options,
        pod_annotations=spec.config.pod_annotations,
        snapshotter=spec.config.snapshotter,
        pods_survive_restart=spec.type is RuntimeType.OCI_RUNTIME if survives is None else survives,
    )


def _binary_name(handler: str, kind: RuntimeType, source: Source) -> str:
    """Return the file name on the node.

    A shim is named after its handler and not after its artifact, so that an upgrade to an artifact
    with another name needs no new configuration and thus no restart. An OCI runtime keeps its name,
    since crun decides by argv[0] which of its faces it shows.
    """
    if kind is RuntimeType.CONTAINERD_SHIM:
        return f"containerd-shim-{handler}-v2"
    path = source.host_path.path if source.host_path else _member(source)
    name = posixpath.basename(path)
    return name if _FILE_NAME.match(name) else handler


def _member(source: Source) -> str:
    if source.oci is not None:
        return source.oci.path or source.oci.title or source.oci.ref.partition("@")[0]
    if source.image is not None:
        return source.image.path
    return (source.http.path or urlsplit(source.http.url).path) if source.http else ""
