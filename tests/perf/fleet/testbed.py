"""A control plane that is not the bottleneck, kwok in the place of kubelets, nodes, our kinds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from integration.operator import identity, kinds, kwok
from integration.operator.api import Api
from integration.operator.kwok import free_port
from integration.operator.world import OperatorProcess
from localcluster import Cluster, binaries, cgroups
from localcluster.pytest_plugin import QUICK_CONTROLLERS, session_cluster
from localcluster.units import API_SERVER, CONTROLLER_MANAGER, ETCD, UNITS
from perf.fleet.audit import AuditLog
from perf.fleet.processes import cpu_seconds

_HERE: Final = Path(__file__).parent


@dataclass(frozen=True)
class Testbed:
    """All that a measurement touches."""

    cluster: Cluster
    api: Api
    audit: AuditLog
    work: Path
    operator_kubeconfig: Path

    def operator(self, name: str, *, api_rate: int, job_seconds: int = 600) -> OperatorProcess:
        """Return an operator that has not been started, with a log of its own."""
        environ = {
            "WASMWRIGHT_API_RATE": str(api_rate),
            "WASMWRIGHT_API_BURST": str(2 * api_rate),
            "WASMWRIGHT_JOB_TTL_SECONDS": str(job_seconds),
            "WASMWRIGHT_HEALTH_PORT": str(free_port()),
        }
        log = self.work / f"{name}.log"
        return OperatorProcess(self.operator_kubeconfig, log, name=name, environ=environ)

    def control_plane_cpu_seconds(self) -> float:
        """Return what the control plane and kwok have used so far."""
        machine = cgroups.host()
        groups = (cgroups.group_name(self.cluster.name, unit) for unit in (*UNITS, kwok.NAME))
        return sum(cpu_seconds(cgroups.members(machine, group)) for group in groups)


@contextmanager
def testbed(work: Path, tell: Callable[[str], None]) -> Iterator[Testbed]:
    """Raise it, and take everything down whatever happens."""
    tell("compiling what is missing, raising the control plane")
    binaries.ensure(kwok.NAME, tell)
    audit = AuditLog(work / "audit.log")
    clusters = contextmanager(session_cluster)("bench-fleet", (), _arguments(audit.path))
    with clusters as cluster, Api(cluster.kubeconfig) as api:
        kinds.install(api)
        operator = identity.create(api, cluster.kubeconfig, work)
        kwok.start(cluster, _HERE / "stages.yaml", work / "kwok.log", kwok.ALL)
        yield Testbed(cluster, api, audit, work, operator)


def _arguments(audit: Path) -> dict[str, tuple[str, ...]]:
    return {
        ETCD: ("--quota-backend-bytes=4294967296",),
        API_SERVER: (
            f"--audit-policy-file={_HERE / 'audit-policy.yaml'}",
            f"--audit-log-path={audit}",
            "--audit-log-mode=blocking",
            "--audit-log-maxsize=2000",
        ),
        CONTROLLER_MANAGER: QUICK_CONTROLLERS,
    }
