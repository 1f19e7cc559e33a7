"""Raise a cluster and take it down, from whatever state it is found in.

`up` makes sure of one thing after the other and changes nothing that is as it should be, so it
also finishes what was interrupted and starts again what has died. `down` looks for what there is,
not for what a record says should be there. One lock per cluster keeps them apart.
"""

import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

from localcluster import (
    apt,
    cgroups,
    disk,
    flavours,
    limits,
    locks,
    network,
    node_files,
    paths,
    preflight,
    state,
)
from localcluster.api import Api
from localcluster.control_plane import ControlPlane
from localcluster.errors import PreflightError, SpecError
from localcluster.node import Node
from localcluster.prepare import Parts, prepare
from localcluster.progress import Progress
from localcluster.spec import ClusterSpec
from localcluster.state import Record
from localcluster.waiting import wait_for

_EVER = datetime.min.replace(tzinfo=UTC)


def up(spec: ClusterSpec, progress: Progress) -> Record:
    """Return the record of a cluster that is Ready, having done whatever that took."""
    with _lock(spec.name):
        record = state.load(spec.name)
        if record is not None and record.spec != spec:
            raise SpecError(
                f"cluster {spec.name!r} is there with other nodes or arguments"
                f" ({_list(record.spec)}; asked for {_list(spec)}): take it down with"
                f" `python -m localcluster down --name {spec.name}`, or use another name"
            )
        if record is not None and is_healthy(record):
            progress(f"cluster {spec.name} is up already")
            return record
        check_machine(progress)
        parts = prepare(spec, progress)
        record = record or state.create(spec)
        _raise(record, parts, progress)
        return record


def check_machine(progress: Progress) -> None:
    """Raise PreflightError if this machine cannot run a cluster, else install what it lacks."""
    if problems := preflight.problems():
        raise PreflightError(problems)
    apt.install_missing(progress)


def down(name: str) -> bool:
    """Remove every trace of a cluster and tell whether there was any."""
    machine = cgroups.host()
    with _lock(name):
        record = state.load(name)
        groups = cgroups.existing(machine, name)
        cgroups.destroy(machine, groups)
        if record is not None:
            network.remove(record.addresses)
        state.forget(name)
        limits.restore_inotify()
    return record is not None or bool(groups)


def names() -> tuple[str, ...]:
    """Return the names of all clusters of which something is there."""
    recorded = set(state.names())
    return tuple(sorted(recorded | cgroups.clusters(cgroups.host())))


def is_healthy(record: Record) -> bool:
    """Tell whether everything of the cluster runs and every node is Ready."""
    control_plane = ControlPlane(record, cgroups.host())
    return (
        control_plane.is_healthy()
        and all(node.is_running() for node in nodes(record))
        and set(record.node_names) <= set(ready_nodes(record))
    )


def nodes(record: Record) -> tuple[Node, ...]:
    """Return the nodes of a cluster, in order."""
    machine = cgroups.host()
    return tuple(Node(record, number, machine) for number in range(1, len(record.spec.nodes) + 1))


def ready_nodes(record: Record, since: datetime = _EVER) -> frozenset[str]:
    """Return the names of the nodes that pods can be put on and that have said so after `since`."""
    items = Api.of(record).items("/api/v1/nodes")
    return frozenset(item["metadata"]["name"] for item in items if is_ready(item, since))


def is_ready(node: dict[str, Any], since: datetime = _EVER) -> bool:
    """Tell whether a Node object says Ready, said so after `since`, and keeps no pod away.

    A node that was killed and started again is called Ready for 40 s whatever it does now, hence
    `since`; heartbeats are told in whole seconds.
    """
    conditions = node["status"].get("conditions", ())
    says_so = any(
        (condition["type"], condition["status"]) == ("Ready", "True")
        and _heartbeat(condition) >= since.replace(microsecond=0)
        for condition in conditions
    )
    taints = node["spec"].get("taints", ())
    return says_so and not any(taint["key"].startswith("node.kubernetes.io/") for taint in taints)


def _heartbeat(condition: dict[str, Any]) -> datetime:
    """Return when a kubelet last said it; nodes that are only objects have none."""
    told = condition.get("lastHeartbeatTime")
    return datetime.fromisoformat(told) if told else _EVER


def _raise(record: Record, parts: Parts | None, progress: Progress) -> None:
    """Start the control plane and the nodes at the same time: nodes boot while the API comes up."""
    machine = cgroups.host()
    limits.raise_inotify()
    progress(f"laying the network {record.addresses.subnet}")
    network.ensure_bridge(record.addresses, len(record.spec.nodes))
    with ThreadPoolExecutor(thread_name_prefix="up") as pool:
        control_plane = pool.submit(ControlPlane(record, machine).start, progress)
        starting = [
            (node, pool.submit(_start, node, parts, progress)) for node in nodes(record) if parts
        ]
    control_plane.result()
    for node, started in starting:
        _wait_until_ready(node, started.result(), progress)


def _start(node: Node, parts: Parts, progress: Progress) -> datetime:
    """Start a node if it does not run, and return since when what is said of it counts."""
    since = _EVER if node.is_running() else datetime.now(UTC)
    progress(f"starting node {node.name} ({node.flavour})")
    flavour = flavours.flavour(node.flavour)
    runtime = parts.runtimes[flavour.component] if flavour.component else None
    programs = disk.programs_of(flavour, parts.rootfs, parts.kubernetes, runtime, parts.pause)
    files = node_files.render(_identity(node), node.record.addresses)
    node.disk.prepare(files, node_files.links(flavour), programs)
    node.start(parts.rootfs)
    return since


def _identity(node: Node) -> node_files.NodeIdentity:
    root = node.record.paths.root
    return node_files.NodeIdentity(
        name=node.name,
        flavour=flavours.flavour(node.flavour),
        addresses=node.record.addresses.node(node.number),
        machine_id=uuid.uuid4().hex,
        authority=(root / "pki/ca.crt").read_text(),
        kubelet_kubeconfig=(root / f"{node.name}.kubeconfig").read_text(),
        proxy_kubeconfig=(root / "kube-proxy.kubeconfig").read_text(),
    )


def _wait_until_ready(node: Node, since: datetime, progress: Progress) -> None:
    wait_for(
        lambda: node.name in ready_nodes(node.record, since),
        node.is_running,
        what=f"node {node.name}",
        evidence=node.evidence,
        timeout=90,
    )
    progress(f"node {node.name} is Ready")


def _list(spec: ClusterSpec) -> str:
    nodes = ", ".join(spec.nodes) or "none"
    flags = " ".join(flag for unit in spec.arguments for flag in spec.arguments[unit])
    return f"{nodes} with {flags}" if flags else nodes


def _lock(name: str) -> AbstractContextManager[None]:
    return locks.exclusive(paths.lock_root() / f"{name}.lock")
