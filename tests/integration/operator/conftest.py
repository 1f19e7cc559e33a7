"""The operator against the real API server, with nodes that are only objects."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.operator import kinds
from integration.operator.api import Api
from integration.operator.kubelets import Kubelets
from integration.operator.world import OperatorProcess, World
from localcluster import Cluster


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
