"""What tests say they show: the arguments of their `shows` markers, read from the sources.

A marker stands on a test that a run of the suite executes, so what it says is true as long as the
suite is green: `@pytest.mark.shows("crun", "exec")`, with `on=("CRI-O",)` where it is not both
majors of containerd.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CONTAINERD = ("containerd 1.x", "containerd 2.x")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one marker of a test says."""

    test: str
    """Its name."""
    runtime: str
    """The entry of the catalogue."""
    aspects: tuple[str, ...]
    """What of it was seen."""
    places: tuple[str, ...] = CONTAINERD
    """With which container runtimes."""


def read_evidence(tests: Path) -> list[Evidence]:
    """Return what all tests below a folder show, in order of their files."""
    return [
        found
        for path in sorted(tests.rglob("test_*.py"))
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for found in _of_test(node)
    ]


def _of_test(test: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Evidence]:
    for mark in test.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.shows":
            runtime, *aspects = (ast.literal_eval(each) for each in mark.args)
            given = {each.arg: ast.literal_eval(each.value) for each in mark.keywords}
            yield Evidence(test.name, runtime, tuple(aspects), given.get("on", CONTAINERD))
