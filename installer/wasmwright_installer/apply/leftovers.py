"""What a predecessor left is removed once nothing on the host uses it any more."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from wasmwright_installer.apply.decide import Decision
from wasmwright_installer.apply.guard import containers
from wasmwright_installer.apply.host import Host
from wasmwright_installer.apply.probe import Observed
from wasmwright_installer.config.files import Base, without_rendered
from wasmwright_installer.config.predecessors.predecessor import (
    Links,
    Predecessor,
    programs_of,
)
from wasmwright_installer.config.predecessors.takeover import (
    PREDECESSORS,
    frozen_templates,
    left_in,
)
from wasmwright_installer.contract import LeftBehind, Leftovers, PredecessorName
from wasmwright_installer.detect.bundles import Bundle, Process
from wasmwright_installer.detect.handlers import Handler, Loaded
from wasmwright_installer.host.leftovers import remove, traces
from wasmwright_installer.host.processes import all_processes

_GONE = " (deleted)"
_NAMED = 8
"""How many users of a predecessor's files a result names."""


@dataclass(frozen=True, slots=True)
class Users:
    """Everything on the host that may still need a predecessor's files."""

    loaded: Loaded
    tree: Mapping[str, bytes]
    """The files that the daemon reads."""
    bundles: tuple[Bundle, ...]
    processes: tuple[Process, ...]
    links: Links


def users(host: Host, predecessor: Predecessor, present: Users) -> tuple[str, ...]:
    """Return who still needs a predecessor's files, in words for people."""
    handlers = {
        *(n for n, h in present.loaded.handlers.items() if predecessor.serves(h, present.links)),
        *(left.handler for left in left_in(present.tree, predecessor, present.links)),
    }
    pods = {b.pod for b in present.bundles if _runs(b, predecessor, present.links)}
    ours = (path for path in _own_targets(host) if predecessor.owns(path))
    return (
        *(f"handler {name}" for name in sorted(handlers)),
        *(f"pod {name}" for name in sorted(pods)),
        *(f"{path}, to which a runtime of the document leads" for path in sorted(ours)),
        *(f"process {pid}" for pid in _pids(host, predecessor, present.processes)),
    )


def _runs(bundle: Bundle, predecessor: Predecessor, links: Links) -> bool:
    return any(predecessor.owns(path) for path in _programs(bundle, links))


def _programs(bundle: Bundle, links: Links) -> tuple[str, ...]:
    linked = links.get(bundle.shim.rpartition("/")[2], "")
    return tuple(path for path in (bundle.shim, bundle.runtime_binary, linked) if path)


def _own_targets(host: Host) -> Iterator[str]:
    for handler in host.files.names(host.home.bin):
        for name in host.files.names(f"{host.home.bin}/{handler}"):
            yield host.files.link_target(f"{host.home.bin}/{handler}/{name}") or ""


def _pids(host: Host, predecessor: Predecessor, processes: tuple[Process, ...]) -> Iterator[int]:
    for process in processes:
        named = (process.executable.removesuffix(_GONE), *process.arguments[:1])
        if any(predecessor.owns(path) for path in named) or _maps(host, predecessor, process):
            yield process.pid


def _maps(host: Host, predecessor: Predecessor, process: Process) -> bool:
    """Tell whether a process has a library of the predecessor in its memory."""
    text = host.files.read_text(f"/proc/{process.pid}/maps")
    return any(f" {root}/" in text for root in predecessor.roots)


def pods_of(handler: Handler, bundles: tuple[Bundle, ...], links: Links) -> tuple[str, ...]:
    """Return the pods that run with a handler of a predecessor, by name."""
    programs = set(programs_of(handler, links))
    return tuple(
        sorted(
            {
                bundle.pod
                for bundle in bundles
                if bundle.is_live and programs & {*_programs(bundle, links)}
            }
        )
    )


def report(host: Host, observed: Observed, base: Base) -> tuple[Leftovers, ...]:
    """Return what every predecessor left; `base` is the configuration without us alone."""
    found = (_of_one(host, observed, base, each) for each in PREDECESSORS.values())
    return tuple(each for each in found if each is not None)


def _of_one(
    host: Host, observed: Observed, base: Base, predecessor: Predecessor
) -> Leftovers | None:
    present = traces(host.files, predecessor)
    files = without_rendered(observed.present, base.tree) | dict(base.sources)
    left = left_in(files, predecessor, observed.links)
    if not (left or present.paths or present.folders):
        return None
    marked = {each.path for each in left}
    return Leftovers(
        predecessor=predecessor.name,
        handlers={each.handler: each.place for each in left},
        templates=tuple(path for path in frozen_templates(base.sources) if path in marked),
        files=(*present.links, *present.binaries),
        notes=present.notes,
        folders=present.folders,
        in_use=usage_of_leftovers(
            host, predecessor, observed, observed.loaded, observed.present.tree
        ),
    )


def stranded(
    host: Host, observed: Observed, decision: Decision
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the handlers that would go with a predecessor, with the pods that still need them."""
    going = observed.takeover.handlers - decision.wanted.keys() - decision.adopted
    if not going:
        return ()
    processes = tuple(all_processes(host.files))
    bundles = containers(host, observed, processes)
    users = (
        (name, pods_of(observed.loaded.handlers.get(name, {}), bundles, observed.links))
        for name in sorted(going)
    )
    return tuple((name, pods) for name, pods in users if pods)


def usage_of_leftovers(
    host: Host,
    predecessor: Predecessor,
    observed: Observed,
    loaded: Loaded,
    tree: Mapping[str, bytes],
) -> tuple[str, ...]:
    """Look at the host as it is now; return who still needs a predecessor's files."""
    processes = tuple(all_processes(host.files))
    bundles = containers(host, observed, processes)
    return users(host, predecessor, Users(loaded, tree, bundles, processes, observed.links))


def clear(
    host: Host, observed: Observed, loaded: Loaded, tree: Mapping[str, bytes]
) -> tuple[bool, tuple[str, ...]]:
    """Remove the files of everybody who was taken over, as far as nothing uses them.

    Args:
        host: where.
        observed: as the run found it.
        loaded: what the daemon serves now.
        tree: the files that the daemon reads now.

    Returns:
        Whether anything went, and a sentence for each predecessor whose files must stay for now.
    """
    went, sentences = False, []
    for name in sorted(_taken_over(observed)):
        predecessor = PREDECESSORS[name]
        found = traces(host.files, predecessor)
        if not (found.paths or found.folders):
            continue
        still = usage_of_leftovers(host, predecessor, observed, loaded, tree)
        if still:
            sentences.append(
                f"files of {predecessor.title} stay until nothing uses them: {', '.join(still[:3])}"
            )
            continue
        remove(host.files, found)
        went = True
    return went, tuple(sentences)


def remaining(
    host: Host, observed: Observed, loaded: Loaded, tree: Mapping[str, bytes]
) -> tuple[LeftBehind, ...]:
    """Return what is still there of every predecessor when a run has cleared up.

    Args:
        host: where.
        observed: as the run found it.
        loaded: what the daemon serves now.
        tree: the files that the daemon reads now.
    """
    files = without_rendered(observed.present, tree) | dict(observed.base.sources)
    found = []
    for name, predecessor in PREDECESSORS.items():
        left = {each.handler for each in left_in(files, predecessor, observed.links)}
        if not (left or traces(host.files, predecessor).paths):
            continue
        users: tuple[str, ...] = ()
        if name in _taken_over(observed):
            users = usage_of_leftovers(host, predecessor, observed, loaded, tree)
        found.append(
            LeftBehind(predecessor=name, handlers=tuple(sorted(left)), in_use=users[:_NAMED])
        )
    return tuple(found)


def _taken_over(observed: Observed) -> set[PredecessorName]:
    """Return whose files are ours to remove: by this run's document, or by that of an earlier."""
    now = {each.name for each in observed.takeover.predecessors}
    return now | {name for name in PredecessorName if name in observed.state.predecessors}
