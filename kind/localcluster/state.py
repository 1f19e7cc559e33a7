"""What is kept of a cluster: a directory, there from the first step of `up` to the last of `down`.

It appears whole, by a rename, with the record, the certificates and the kubeconfigs in it.
"""

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from localcluster import kubeconfigs, locks, network, paths
from localcluster.addresses import API_SERVICE, Addresses, free_addresses
from localcluster.paths import ClusterPaths
from localcluster.pki import Authority, KeyPair, token_keys
from localcluster.spec import ClusterSpec


@dataclass(frozen=True, slots=True)
class Record:
    """A cluster that was asked for, and the addresses that it got."""

    spec: ClusterSpec
    addresses: Addresses

    @property
    def paths(self) -> ClusterPaths:
        """The files of the cluster."""
        return paths.cluster_paths(self.spec.name)

    @property
    def node_names(self) -> tuple[str, ...]:
        """The names of the nodes, in order; they begin with the cluster's, so none clash."""
        return tuple(
            f"{self.spec.name}-node{number}" for number, _ in enumerate(self.spec.nodes, start=1)
        )


def load(name: str) -> Record | None:
    """Return the record of a cluster, or None if there is none of that name."""
    content = _content(name)
    if content is None:
        return None
    spec = ClusterSpec(
        name=content["name"],
        nodes=tuple(content["nodes"]),
        arguments={unit: tuple(flags) for unit, flags in content.get("arguments", {}).items()},
    )
    return Record(spec, Addresses(content["index"]))


def every() -> tuple[Record, ...]:
    """Return the records of all clusters, by name."""
    return tuple(record for name in names() if (record := load(name)))


def names() -> list[str]:
    """Return the names of all clusters, also of those that another version has made."""
    if not paths.state_root().is_dir():
        return []
    return sorted(
        path.name for path in paths.state_root().iterdir() if not path.name.startswith(".")
    )


def _content(name: str) -> dict[str, Any] | None:
    try:
        content: dict[str, Any] = json.loads(paths.cluster_paths(name).record.read_text())
    except FileNotFoundError:
        return None
    return content


def _taken() -> Iterable[int]:
    """Yield the addresses in use, also by clusters of another version that has other flavours."""
    for name in names():
        content = _content(name)
        if content is not None:
            yield content["index"]


def create(spec: ClusterSpec) -> Record:
    """Give a cluster addresses that are free, and write everything that its processes read."""
    with locks.exclusive(paths.lock_root() / "addresses.lock"):
        record = Record(spec, free_addresses(_taken(), network.host_routes()))
        partial = _partial(record.paths.root)
        remove_directory(partial)
        partial.mkdir(parents=True, mode=0o755)
        _write_identities(ClusterPaths(partial), record)
        content = {
            "name": spec.name,
            "nodes": spec.nodes,
            "arguments": dict(spec.arguments),
            "index": record.addresses.index,
        }
        ClusterPaths(partial).record.write_text(json.dumps(content) + "\n")
        partial.rename(record.paths.root)
    return record


def forget(name: str) -> None:
    """Remove the directory of a cluster and what an interrupted `create` left beside it."""
    root = paths.cluster_paths(name).root
    remove_directory(_partial(root))
    remove_directory(root)


def remove_directory(path: Path) -> None:
    """Remove a directory if it is there."""
    if path.exists():
        shutil.rmtree(path)


def _partial(root: Path) -> Path:
    return root.with_name(f".{root.name}.new")


def _write_identities(files: ClusterPaths, record: Record) -> None:
    now = datetime.now(UTC)
    authority = Authority.create(f"{record.spec.name}-ca", now)
    files.pki.mkdir(mode=0o700)
    private, public = token_keys()
    _write(files.pki / "ca.crt", authority.pem)
    _write(files.pki / "token.key", private)
    _write(files.pki / "token.pub", public)
    administrator = authority.client("admin", now, group="system:masters")
    _write_pair(files.pki, "admin", administrator)
    _write_pair(files.pki, "apiserver", _server_certificate(authority, record.addresses, now))
    for user, name, group in _clients(record.node_names):
        client = administrator if user == "admin" else authority.client(name, now, group=group)
        config = kubeconfigs.render(
            cluster=record.spec.name,
            server=record.addresses.api,
            authority=authority.pem,
            client=client,
        )
        _write(files.root / f"{user}.kubeconfig", config.encode())


def _clients(nodes: Iterable[str]) -> Iterable[tuple[str, str, str | None]]:
    """Yield whom a kubeconfig is for, the user's name in the cluster and the user's group."""
    yield "admin", "admin", "system:masters"
    yield "kube-controller-manager", "system:kube-controller-manager", None
    yield "kube-scheduler", "system:kube-scheduler", None
    yield "kube-proxy", "system:kube-proxy", None
    for node in nodes:
        yield node, f"system:node:{node}", "system:nodes"


def _server_certificate(authority: Authority, addresses: Addresses, now: datetime) -> KeyPair:
    service = "kubernetes.default.svc"
    return authority.server(
        "kube-apiserver",
        now,
        dns=("localhost", "kubernetes", "kubernetes.default", service, f"{service}.cluster.local"),
        addresses=(addresses.host, addresses.loopback, API_SERVICE),
    )


def _write_pair(directory: Path, name: str, pair: KeyPair) -> None:
    _write(directory / f"{name}.crt", pair.certificate)
    _write(directory / f"{name}.key", pair.key)


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
