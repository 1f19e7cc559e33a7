"""Who on the host still needs the files that a predecessor left."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from wasmwright_installer.apply.decide import Decision
from wasmwright_installer.apply.guard import containers
from wasmwright_installer.apply.host import Host
from wasmwright_installer.apply.probe import Observed
from wasmwright_installer.config.predecessors.predecessor import Links, Predecessor, programs_of
from wasmwright_installer.config.predecessors.takeover import left_in
from wasmwright_installer.detect.bundles import Bundle, Process
from wasmwright_installer.detect.handlers import Handler, Loaded
from wasmwright_installer.host.processes import all_processes

_GONE = " (deleted)"


def users_of(
    predecessor: Predecessor,
    host: Host,
    observed: Observed,
    loaded: Loaded,
    tree: Mapping[str, bytes],
) -> tuple[str, ...]:
    """Look at the host as it is now; return who still needs a predecessor's files, for people.

    Args:
        predecessor: whose files.
        host: where.
        observed: as the run found it.
        loaded: what the daemon serves now.
        tree: the files that the daemon reads now.
    """
    processes = tuple(all_processes(host.files))
    bundles = containers(host, observed, processes)
    present = _Present(loaded, tree, bundles, processes, observed.links)
    return tuple(_named(predecessor, host, present))


@dataclass(frozen=True, slots=True)
class _Present:
    """Everything on the host that may still need a predecessor's files."""

    loaded: Loaded
    tree: Mapping[str, bytes]
    bundles: tuple[Bundle, ...]
    processes: tuple[Process, ...]
    links: Links


def _named(predecessor: Predecessor, host: Host, present: _Present) -> Iterator[str]:
    handlers = {
        *(n for n, h in present.loaded.handlers.items() if predecessor.serves(h, present.links)),
        *(left.handler for left in left_in(present.tree, predecessor, present.links)),
    }
    pods = {b.pod for b in present.bundles if _runs(b, predecessor, present.links)}
    ours = (path for path in _own_targets(host) if predecessor.owns(path))
    yield from (f"handler {name}" for name in sorted(handlers))
    yield from (f"pod {name}" for name in sorted(pods))
    yield from (f"{path}, to which a runtime of the document leads" for path in sorted(ours))
    yield from (f"process {pid}" for pid in _pids(host, predecessor, present.processes))


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


def stranded(
    host: Host, observed: Observed, decision: Decision
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the handlers that would go with a predecessor, with the pods that still need them."""
    going = observed.takeover.handlers - decision.wanted.keys() - decision.adopted
    if not going:
        return ()
    processes = tuple(all_processes(host.files))
    bundles = containers(host, observed, processes)
    needed = (
        (name, _pods_of(observed.loaded.handlers.get(name, {}), bundles, observed.links))
        for name in sorted(going)
    )
    return tuple((name, pods) for name, pods in needed if pods)


def _pods_of(handler: Handler, bundles: tuple[Bundle, ...], links: Links) -> tuple[str, ...]:
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
