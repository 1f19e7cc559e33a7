"""The operator against the real API server, with nodes that are only objects."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from integration.operator.api import CRDS, NAMESPACES, Api, ApiRefusedError
from integration.operator.kubelets import NAMESPACE, Kubelets
from integration.operator.world import OperatorProcess, World, wait
from localcluster import Cluster

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def api(control_plane: Cluster) -> Iterator[Api]:
    """The API server with our kinds and the operator's namespace."""
    with Api(control_plane.kubeconfig) as api:
        for path in sorted((ROOT / "crds").glob("*.yaml")):
            with suppress(ApiRefusedError):  # a cluster that was kept has them
                api.create(CRDS, yaml.safe_load(path.read_text()))
        with suppress(ApiRefusedError):
            api.create(NAMESPACES, {"metadata": {"name": NAMESPACE}})
        for crd in api.items(CRDS):
            wait(lambda crd=crd: _is_served(api, crd["metadata"]["name"]))
        wait(lambda: api.get(f"{NAMESPACES}/{NAMESPACE}/serviceaccounts/default"))
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


def _is_served(api: Api, name: str) -> bool:
    conditions = api.get(f"{CRDS}/{name}").get("status", {}).get("conditions") or []
    return any(c["type"] == "Established" and c["status"] == "True" for c in conditions)
