"""Seeds: one for each run of the tests, twenty for `make chaos`, or the one that was asked for."""

from typing import Final

import pytest

QUICK_SEED: Final = 5
SEEDS: Final = range(20)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    given = metafunc.config.getoption("--chaos-seed")
    if "quick_seed" in metafunc.fixturenames:
        metafunc.parametrize("quick_seed", [QUICK_SEED if given is None else given])
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", SEEDS if given is None else [given])
