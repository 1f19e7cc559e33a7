"""Which binary stands behind each handler: symlinks below `bin/`, the files in a store by digest.

The link is what the configuration names, so a runtime is installed, exchanged and removed by one
rename, and containerd need not know.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from wasmwright_installer.apply.decide import Decision
from wasmwright_installer.apply.host import Host
from wasmwright_installer.apply.probe import Observed
from wasmwright_installer.contract import HOST_ROOT, NodeDocument, RuntimeEntry, handler_path
from wasmwright_installer.detect.handlers import binary_of

BIN = f"{HOST_ROOT}/bin"
STORE = f"{HOST_ROOT}/store"


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


def stored_path(entry: RuntimeEntry) -> str:
    """Return where the binary itself lies: in our store, or where the host has it."""
    if entry.source.http is not None:
        return f"{STORE}/{entry.source.http.sha256}/{entry.handler.binary}"
    return entry.source.host_path.path if entry.source.host_path else ""


def linked_runtimes(
    document: NodeDocument, observed: Observed, decision: Decision
) -> tuple[RuntimeEntry, ...]:
    """Return the runtimes that are reached through our link, which an adopted one may not be."""

    def is_linked(entry: RuntimeEntry) -> bool:
        loaded = observed.loaded.handlers.get(entry.handler.handler, {})
        return entry.handler.handler not in decision.adopted or binary_of(loaded) == handler_path(
            entry.handler
        )

    return tuple(entry for entry in document.runtimes if is_linked(entry))


def plan_links(host: Host, runtimes: tuple[RuntimeEntry, ...]) -> LinkPlan:
    """Compare the links that are wanted with those that are there."""
    present = _present_links(host)
    wanted = {handler_path(entry.handler): _target(entry) for entry in runtimes}
    handlers = {entry.handler.handler for entry in runtimes}
    obsolete = tuple(path for path in present if path not in wanted)
    kept_targets = {target for path, target in present.items() if path in wanted}
    return LinkPlan(
        changes=tuple(
            LinkChange(path, present.get(path), target)
            for path, target in sorted(wanted.items())
            if present.get(path) != target
        ),
        obsolete=obsolete,
        removed={
            _handler(path): _stored_alone(present[path], kept_targets | set(wanted.values()))
            for path in obsolete
            if _handler(path) not in handlers
        },
    )


def _target(entry: RuntimeEntry) -> str:
    stored = stored_path(entry)
    return f"../../{stored.removeprefix(f'{HOST_ROOT}/')}" if stored.startswith(STORE) else stored


def _handler(path: str) -> str:
    return path.removeprefix(f"{BIN}/").split("/", 1)[0]


def _stored_alone(target: str, others: set[str]) -> str:
    own = target.startswith("../../store/") and target not in others
    return f"{HOST_ROOT}/{target.removeprefix('../../')}" if own else ""


def _present_links(host: Host) -> dict[str, str]:
    links = {}
    for handler in host.files.names(BIN):
        for name in host.files.names(f"{BIN}/{handler}"):
            if name.startswith("."):
                continue
            path = f"{BIN}/{handler}/{name}"
            links[path] = host.files.link_target(path) or ""
    return links


def unreferenced_stores(host: Host) -> tuple[str, ...]:
    """Return the directories of the store that no link leads into."""
    used = {target.split("/")[3] for target in _present_links(host).values() if "/store/" in target}
    return tuple(f"{STORE}/{name}" for name in host.files.names(STORE) if name not in used)
