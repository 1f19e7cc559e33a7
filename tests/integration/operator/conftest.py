"""The operator against the real API server, with nodes that are only objects."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.operator import identity, kinds, kwok
from integration.operator.api import Api
from integration.operator.fleet import Fleet
from integration.operator.history import History
from integration.operator.kubelets import Kubelets
from integration.operator.proxy import Proxy
from integration.operator.world import OperatorProcess, World
from localcluster import Cluster

QUICK = {"WASMWRIGHT_API_RATE": "200", "WASMWRIGHT_API_BURST": "400"}
"""Requests per second that do not slow a rollout over many nodes down."""
STAGES = Path(__file__).parent / "kwok-nodes.yaml"


def pytest_itemcollected(item: pytest.Item) -> None:
    item.add_marker(pytest.mark.no_cover)  # the operator runs in processes of its own


@pytest.fixture(scope="session")
def api(control_plane: Cluster) -> Iterator[Api]:
    """The API server with our kinds and the operator's namespace."""
    with Api(control_plane.kubeconfig) as api:
        kinds.install(api)
        yield api


@pytest.fixture
def world(api: Api, control_plane: Cluster, tmp_path: Path) -> Iterator[World]:
    """A running operator in an empty cluster."""
    operator = OperatorProcess(control_plane.kubeconfig, tmp_path / "operator.log")
    with Kubelets(control_plane.kubeconfig) as kubelets:
        world = World(api, kubelets, operator)
        try:
            operator.start()
            yield world
        finally:
            world.clean()


@pytest.fixture(scope="session")
def machines(control_plane: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    """The cluster with kwok in it, which plays the nodes that say so."""
    log = tmp_path_factory.mktemp("kwok") / "kwok.log"
    kwok.start(control_plane, STAGES, log, kwok.only_played())
    return control_plane


@pytest.fixture(scope="session")
def operator_kubeconfig(
    api: Api, control_plane: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The operator's own service account, with the rights of the chart and no others."""
    return identity.create(api, control_plane.kubeconfig, tmp_path_factory.mktemp("operator"))


@pytest.fixture(scope="session")
def evicting_kubeconfig(
    api: Api, control_plane: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A service account of the chart that may also send pods away."""
    into = tmp_path_factory.mktemp("evicting")
    values = "rbac.evictPods=true"
    return identity.create(api, control_plane.kubeconfig, into, "wasmwright-evicting", values)


@pytest.fixture
def fleet(
    api: Api, machines: Cluster, operator_kubeconfig: Path, tmp_path: Path
) -> Iterator[Fleet]:
    """A running operator behind a proxy, in a cluster whose nodes kwok plays; all is recorded."""
    admin = machines.kubeconfig
    with (
        Kubelets(admin) as kubelets,
        Proxy(operator_kubeconfig) as proxy,
        History(admin) as history,
    ):
        config = proxy.kubeconfig(operator_kubeconfig, tmp_path / "operator.kubeconfig")
        operator = OperatorProcess(config, tmp_path / "operator.log", environ={**QUICK})
        fleet = Fleet(api, kubelets, operator, proxy, history)
        try:
            operator.start()
            yield fleet
        finally:
            fleet.clean()
