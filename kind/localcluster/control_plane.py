"""etcd, API server, controller manager, scheduler: how each is started and known to be up."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from localcluster import binaries, cgroups
from localcluster.addresses import API_PORT, SERVICES
from localcluster.api import Api, fetch
from localcluster.commands import tail
from localcluster.launch import launch
from localcluster.progress import Progress
from localcluster.state import Record
from localcluster.units import API_SERVER, CONTROLLER_MANAGER, ETCD, SCHEDULER, UNITS
from localcluster.waiting import Condition, wait_for

_BASICS: Final = (
    "/api/v1/namespaces/default/serviceaccounts/default",
    "/api/v1/namespaces/default/configmaps/kube-root-ca.crt",
)
"""What a pod in the namespace `default` cannot be without; the controller manager makes it."""


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """The control plane of one cluster."""

    record: Record
    machine: cgroups.Host

    def start(self, progress: Progress) -> None:
        """Start what does not run, each program when the one it needs answers."""
        progress("starting etcd and the API server")
        self._start(ETCD)
        etcd = f"{self.record.addresses.etcd}/health"
        self._wait(ETCD, lambda: fetch(etcd) is not None)
        self._start(API_SERVER)
        api = Api.of(self.record)
        self._wait(API_SERVER, lambda: api.answers("/readyz"))
        self._start(CONTROLLER_MANAGER)
        self._start(SCHEDULER)
        for path in _BASICS:
            self._wait(CONTROLLER_MANAGER, partial(api.answers, path))
        progress("the control plane is ready")

    def is_healthy(self) -> bool:
        """Tell whether everything runs and the API server is ready."""
        return all(map(self.runs, UNITS)) and Api.of(self.record).answers("/readyz")

    def runs(self, unit: str) -> bool:
        """Tell whether a program of the control plane runs."""
        return bool(cgroups.members(self.machine, self._group(unit)))

    def log(self, unit: str) -> Path:
        """Return the file with what the program has said."""
        return self.record.paths.logs / f"{unit}.log"

    def _start(self, unit: str) -> None:
        if self.runs(unit):
            return
        program = str(binaries.ensure(unit))
        argv = ("setsid", "--fork", program, *arguments(self.record)[unit])
        launch(self.machine, self._group(unit), argv, log=self.log(unit))

    def _wait(self, unit: str, is_ready: Condition) -> None:
        wait_for(
            is_ready,
            lambda: self.runs(unit),
            what=unit,
            evidence=partial(tail, self.log(unit)),
            timeout=60,
        )

    def _group(self, unit: str) -> str:
        return cgroups.group_name(self.record.spec.name, unit)


def arguments(record: Record) -> dict[str, tuple[str, ...]]:
    """Return the command line of each program of the control plane.

    What the spec adds comes last: of a flag that is given twice the programs take the last one.
    """
    ours = {
        ETCD: _etcd(record),
        API_SERVER: _api_server(record),
        CONTROLLER_MANAGER: _controller_manager(record),
        SCHEDULER: _scheduler(record),
    }
    return {unit: (*ours[unit], *record.spec.arguments.get(unit, ())) for unit in UNITS}


def _etcd(record: Record) -> tuple[str, ...]:
    """Return etcd's arguments; a test cluster need not survive its machine: nothing is synced."""
    peers = f"http://{record.addresses.loopback}:2380"
    return (
        f"--data-dir={record.paths.etcd}",
        "--unsafe-no-fsync",
        f"--listen-client-urls={record.addresses.etcd}",
        f"--advertise-client-urls={record.addresses.etcd}",
        f"--listen-peer-urls={peers}",
        f"--initial-advertise-peer-urls={peers}",
        f"--initial-cluster=default={peers}",
        "--log-level=warn",
    )


def _api_server(record: Record) -> tuple[str, ...]:
    host, pki = record.addresses.host, record.paths.pki
    return (
        f"--etcd-servers={record.addresses.etcd}",
        f"--bind-address={host}",
        f"--advertise-address={host}",
        f"--secure-port={API_PORT}",
        f"--tls-cert-file={pki}/apiserver.crt",
        f"--tls-private-key-file={pki}/apiserver.key",
        f"--client-ca-file={pki}/ca.crt",
        f"--kubelet-client-certificate={pki}/admin.crt",
        f"--kubelet-client-key={pki}/admin.key",
        "--kubelet-preferred-address-types=InternalIP",
        f"--service-account-key-file={pki}/token.pub",
        f"--service-account-signing-key-file={pki}/token.key",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-cluster-ip-range={SERVICES}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
    )


def _controller_manager(record: Record) -> tuple[str, ...]:
    """Return the arguments; with 20 requests per second, the default, starting takes 4 s more."""
    return (
        f"--kubeconfig={record.paths.root}/kube-controller-manager.kubeconfig",
        "--secure-port=0",
        f"--service-account-private-key-file={record.paths.pki}/token.key",
        f"--root-ca-file={record.paths.pki}/ca.crt",
        "--use-service-account-credentials=true",
        "--kube-api-qps=200",
        "--kube-api-burst=400",
        "--leader-elect=false",
    )


def _scheduler(record: Record) -> tuple[str, ...]:
    return (
        f"--kubeconfig={record.paths.root}/kube-scheduler.kubeconfig",
        "--secure-port=0",
        "--leader-elect=false",
    )
