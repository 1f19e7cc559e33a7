"""A control plane that is not the bottleneck, kwok in the place of kubelets, nodes, our kinds."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from integration.operator import kinds
from integration.operator.api import Api
from integration.operator.world import OperatorProcess
from localcluster import Cluster, binaries, cgroups
from localcluster.launch import launch
from localcluster.pytest_plugin import session_cluster
from localcluster.units import API_SERVER, CONTROLLER_MANAGER, ETCD, UNITS
from perf.fleet import identity
from perf.fleet.audit import AuditLog
from perf.fleet.processes import cpu_seconds

KCM_FLAGS: Final = (
    "--kube-api-qps=500",
    "--kube-api-burst=1000",
    "--concurrent-job-syncs=20",
    "--node-monitor-grace-period=10m",
)
"""The defaults (20 requests per second, 5 Jobs at a time) allow some 4 Jobs per second."""

_KWOK: Final = "kwok"
_HERE: Final = Path(__file__).parent
_LEASE_SECONDS: Final = 200


@dataclass(frozen=True)
class Testbed:
    """All that a measurement touches."""

    cluster: Cluster
    api: Api
    audit: AuditLog
    work: Path
    operator_kubeconfig: Path

    def operator(self, name: str, *, api_rate: int) -> OperatorProcess:
        """Return an operator that has not been started, with a log of its own."""
        environ = {
            "WASMWRIGHT_API_RATE": str(api_rate),
            "WASMWRIGHT_API_BURST": str(2 * api_rate),
            "WASMWRIGHT_HEALTH_PORT": str(free_port()),
        }
        log = self.work / f"{name}.log"
        return OperatorProcess(self.operator_kubeconfig, log, name=name, environ=environ)

    def control_plane_cpu_seconds(self) -> float:
        """Return what the control plane and kwok have used so far."""
        machine = cgroups.host()
        groups = (cgroups.group_name(self.cluster.name, unit) for unit in (*UNITS, _KWOK))
        return sum(cpu_seconds(cgroups.members(machine, group)) for group in groups)


@contextmanager
def testbed(work: Path, tell: Callable[[str], None]) -> Iterator[Testbed]:
    """Raise it, and take everything down whatever happens."""
    tell("compiling what is missing, raising the control plane")
    kwok = binaries.ensure(_KWOK, tell)
    audit = AuditLog(work / "audit.log")
    clusters = contextmanager(session_cluster)("bench-fleet", (), _arguments(audit.path))
    with clusters as cluster, Api(cluster.kubeconfig) as api:
        kinds.install(api)
        operator = identity.create(api, cluster.kubeconfig, work)
        _start_kwok(cluster, kwok, work)
        yield Testbed(cluster, api, audit, work, operator)


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _arguments(audit: Path) -> dict[str, tuple[str, ...]]:
    return {
        ETCD: ("--quota-backend-bytes=4294967296",),
        API_SERVER: (
            f"--audit-policy-file={_HERE / 'audit-policy.yaml'}",
            f"--audit-log-path={audit}",
            "--audit-log-mode=blocking",
            "--audit-log-maxsize=2000",
        ),
        CONTROLLER_MANAGER: KCM_FLAGS,
    }


def _start_kwok(cluster: Cluster, program: Path, work: Path) -> None:
    """Start it among the cluster's own processes, so that it goes when they go."""
    arguments = (
        f"--config={_HERE / 'stages.yaml'}",
        f"--kubeconfig={cluster.kubeconfig}",
        "--manage-all-nodes=true",
        f"--node-lease-duration-seconds={_LEASE_SECONDS}",
        f"--server-address=127.0.0.1:{free_port()}",
    )
    group = cgroups.group_name(cluster.name, _KWOK)
    argv = ("setsid", "--fork", str(program), *arguments)
    launch(cgroups.host(), group, argv, log=work / f"{_KWOK}.log")
