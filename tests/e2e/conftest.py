"""One cluster for all end-to-end tests, given to each as if nobody had been there before."""

from collections.abc import Iterator
from typing import Any

import pytest

from localcluster import Cluster, Node
from support.lab import Install, Lab, open_lab
from workloads import forms, images


@pytest.fixture(scope="session")
def shared_lab(cluster: Cluster) -> Iterator[Lab]:
    with open_lab(cluster) as opened:
        yield opened


@pytest.fixture
def lab(shared_lab: Lab) -> Iterator[Lab]:
    yield shared_lab
    shared_lab.clean()


@pytest.fixture
def install(lab: Lab) -> Iterator[Install]:
    """Install or upgrade the release with further values; the ordinary ones are put back."""
    given = False

    def go(**values: Any) -> None:
        nonlocal given
        given = bool(values)
        lab.install(**values)

    yield go
    if given:
        go()


@pytest.fixture(scope="module")
def equipped(shared_lab: Lab) -> Iterator[Lab]:
    """The lab with a shim of the runwasi library and with crun, on both nodes, for many pods."""
    lab, names = shared_lab, ("wasmtime", "crun")
    lab.cluster.load(images.ensure_companion(), *map(forms.ensure, forms.Form))
    lab.declare(*names)
    try:
        for node in lab.nodes:
            lab.ask(node, ",".join(names))
        for node in lab.nodes:
            lab.wait_provisioned(node)
        lab.wait_class(*names)
        yield lab
    finally:
        lab.clean()


@pytest.fixture(params=[0, 1], ids=["containerd-1.7", "containerd-2.4"])
def node(request: pytest.FixtureRequest, equipped: Lab) -> Node:
    """A node of that lab."""
    return equipped.nodes[int(request.param)]
