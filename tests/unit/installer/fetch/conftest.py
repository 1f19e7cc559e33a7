"""Who gives the downloads of tests."""

from collections.abc import Iterator

import pytest
import stamina

from unit.installer.fetch.server import Server, serving


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as served, stamina.set_testing(True, attempts=3):
        yield served
