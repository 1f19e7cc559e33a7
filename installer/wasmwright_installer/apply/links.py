"""Which binary stands behind each handler: symlinks below `bin/`, the files in a store by key.

The link is what the configuration names, so a runtime is installed, exchanged and removed by one
rename, and containerd need not know.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from wasmwright_installer.apply.decide import Decision
from wasmwright_installer.apply.host import Host
from wasmwright_installer.apply.probe import Observed
from wasmwright_installer.contract import NodeDocument, RuntimeEntry
from wasmwright_installer.detect.handlers import binary_of
from wasmwright_installer.home import Home, own_handler


@dataclass(frozen=True, slots=True)
class LinkChange:
    """One symlink to make or to exchange."""

    path: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class LinkPlan:
    """The symlinks of a run."""

    changes: tuple[LinkChange, ...]
    obsolete: tuple[str, ...]
    """Paths of links that are to go."""
    removed: Mapping[str, str]
    """Handlers that have a link and are to have none -> the file it leads to alone, or ""."""


def stored_path(home: Home, entry: RuntimeEntry) -> str:
    """Return where the binary itself lies: in our store, or where the host has it."""
    if entry.source.key:
        return f"{home.store}/{entry.source.key}/{entry.handler.binary}"
    return entry.source.host_path.path if entry.source.host_path else ""


def linked_runtimes(
    document: NodeDocument, observed: Observed, decision: Decision
) -> tuple[RuntimeEntry, ...]:
    """Return the runtimes that are reached through our link, which an adopted one may not be."""

    def is_linked(entry: RuntimeEntry) -> bool:
        loaded = observed.loaded.handlers.get(entry.handler.handler, {})
        is_ours = binary_of(loaded) == observed.home.link(entry.handler)
        return entry.handler.handler not in decision.adopted or is_ours

    return tuple(entry for entry in document.runtimes if is_linked(entry))


def plan_links(host: Host, runtimes: tuple[RuntimeEntry, ...]) -> LinkPlan:
    """Compare the links that are wanted with those that are there."""
    present = _present_links(host)
    wanted = {host.home.link(entry.handler): _target(host.home, entry) for entry in runtimes}
    handlers = {entry.handler.handler for entry in runtimes}
    obsolete = tuple(path for path in present if path not in wanted)
    kept = {target for path, target in present.items() if path in wanted} | set(wanted.values())
    return LinkPlan(
        changes=tuple(
            LinkChange(path, present.get(path), target)
            for path, target in sorted(wanted.items())
            if present.get(path) != target
        ),
        obsolete=obsolete,
        removed={
            own_handler(path): _stored_alone(host.home, present[path], kept)
            for path in obsolete
            if own_handler(path) not in handlers
        },
    )


def _target(home: Home, entry: RuntimeEntry) -> str:
    stored = stored_path(home, entry)
    is_ours = stored.startswith(f"{home.store}/")
    return f"../../{stored.removeprefix(f'{home.root}/')}" if is_ours else stored


def _stored_alone(home: Home, target: str, others: set[str]) -> str:
    own = target.startswith("../../store/") and target not in others
    return f"{home.root}/{target.removeprefix('../../')}" if own else ""


def _present_links(host: Host) -> dict[str, str]:
    links = {}
    for handler in host.files.names(host.home.bin):
        for name in host.files.names(f"{host.home.bin}/{handler}"):
            if name.startswith("."):
                continue
            path = f"{host.home.bin}/{handler}/{name}"
            links[path] = host.files.link_target(path) or ""
    return links


def linked_stores(host: Host) -> set[str]:
    """Return the names of the store's directories that a link leads into."""
    return {target.split("/")[3] for target in _present_links(host).values() if "/store/" in target}
