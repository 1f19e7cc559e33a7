"""Fifth step: no pod is lost that nobody agreed to lose."""

from dataclasses import dataclass

from wasmwright_installer.apply.decide import Decision
from wasmwright_installer.apply.host import Host
from wasmwright_installer.apply.links import LinkPlan
from wasmwright_installer.apply.probe import Observed
from wasmwright_installer.contract import NodeDocument, WasmPods
from wasmwright_installer.detect.bundles import (
    Bundle,
    Process,
    dead_bundles,
    pods_lost_by_restart,
    pods_using,
)
from wasmwright_installer.detect.conmon import monitored
from wasmwright_installer.detect.daemon import ContainerRuntime
from wasmwright_installer.errors import InUseError
from wasmwright_installer.host.bundles import read_bundles
from wasmwright_installer.host.processes import all_processes


@dataclass(frozen=True, slots=True)
class Usage:
    """What runs on the node, as far as the planned change touches it."""

    lost: tuple[str, ...] = ()
    """Pods that a restart would lose."""
    dead: tuple[Bundle, ...] = ()
    """Bundles that would hold up the daemon's next start."""
    removed_in_use: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Handlers that are to go, with who still uses them."""
    stranded: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Handlers that would go with a predecessor, with who still uses them."""

    @property
    def going(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """All handlers that would go, with who still uses them."""
        return (*self.removed_in_use, *self.stranded)


def look_at_usage(host: Host, observed: Observed, decision: Decision, links: LinkPlan) -> Usage:
    """Find the pods in the way of a change; a change that only adds links needs no look."""
    if not decision.must_restart and not links.removed:
        return Usage()
    processes = tuple(all_processes(host.files))
    bundles = containers(host, observed, processes)
    removed = _users_of_removed(links, bundles, processes)
    if not decision.must_restart:
        return Usage(removed_in_use=removed)
    return Usage(
        lost=pods_lost_by_restart(bundles, decision.surviving),
        dead=dead_bundles(bundles, decision.surviving),
        removed_in_use=removed,
    )


def containers(
    host: Host, observed: Observed, processes: tuple[Process, ...]
) -> tuple[Bundle, ...]:
    """Return every container that the daemon runs."""
    if observed.daemon.runtime is ContainerRuntime.CRIO:
        return monitored(processes)
    return read_bundles(host.files, observed.loaded.state_dir, processes)


def _users_of_removed(
    links: LinkPlan, bundles: tuple[Bundle, ...], processes: tuple[Process, ...]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    users = (
        (handler, pods_using(handler, stored, bundles, processes))
        for handler, stored in links.removed.items()
    )
    return tuple((handler, pods) for handler, pods in users if pods)


def refuse_losses(usage: Usage, decision: Decision, document: NodeDocument) -> tuple[str, ...]:
    """Stop where pods are in the way; return a warning for each loss that the document permits.

    Raises:
        InUseError: with the pods' names.
    """
    return (*_refuse_removal(usage, document), *_refuse_restart(usage, decision, document))


def _refuse_removal(usage: Usage, document: NodeDocument) -> tuple[str, ...]:
    is_forced = document.removal is WasmPods.FORCE
    going = usage.stranded if is_forced else usage.going
    if going:
        handler, pods = going[0]
        everyone = tuple(sorted({pod for _, each in going for pod in each}))
        raise InUseError(
            f"handler {handler!r} is to be removed, but {_some(pods)} still runs with it; "
            "delete the pod, or move it, and the run goes on",
            reason="RuntimeInUse",
            pods=everyone,
        )
    return tuple(
        f"handler {handler!r} was taken away under {_some(pods)}, as the document permits"
        for handler, pods in usage.removed_in_use
    )


def _refuse_restart(usage: Usage, decision: Decision, document: NodeDocument) -> tuple[str, ...]:
    if not usage.lost:
        return ()
    if document.wasm_pods is WasmPods.FORCE:
        return (f"restarting containerd lost {_some(usage.lost)}, as the document permits",)
    raise InUseError(
        f"containerd must restart ({decision.why}), which {_some(usage.lost)} would not survive; "
        "delete the pods, or permit their loss, and the run goes on",
        reason="RestartWouldOrphanPods",
        pods=usage.lost,
    )


def _some(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"  # noqa: PLR2004  # enough to find the rest
