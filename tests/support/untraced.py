"""Keep coverage's tracer away from what is marked `no_cover`: its fixtures too, and in workers too.

Of itself pytest-cov stops for the call of a test only. And in a worker of pytest-xdist it starts
twice, at first as if it were the main process: what is stopped there gives way to the other one.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager

import pytest
from coverage import Coverage


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    started = Coverage.current()
    if started is not None and hasattr(session.config, "workerinput"):
        started.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    with _as_marked(item):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    with _as_marked(item):
        return (yield)


@contextmanager
def _as_marked(item: pytest.Item) -> Iterator[None]:
    started = Coverage.current()
    if started is None or item.get_closest_marker("no_cover") is None:
        yield
        return
    started.stop()
    try:
        yield
    finally:
        started.start()
