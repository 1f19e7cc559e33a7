"""One cluster for all end-to-end tests, given to each as if nobody had been there before."""

from collections.abc import Iterator
from typing import Any

import pytest

from localcluster import Cluster
from support.lab import Install, Lab, open_lab


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
