"""The option that names the seed of the tests that a seed drives."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--chaos-seed", type=int, help="run the chaos tests with this seed only")
