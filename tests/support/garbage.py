"""Keep Python's garbage collection off the thousands of tests that a session has collected.

They stay until the end, and looking through them again and again took most of the time of the quick
ones.
"""

import gc
from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
