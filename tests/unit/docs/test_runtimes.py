"""The tables of runtimes are those of the catalogue and of the tests, and each sign is earned."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from support.evidence import Evidence, read_evidence

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = ROOT / "scripts" / "generate_runtimes_page.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_page__is_what_the_catalogue_and_the_tests_say(script: ModuleType) -> None:
    page = script.PAGE.read_text()

    assert page == script.wanted(page), "run `make pages`"


def test_markers__name_entries_and_claims_that_the_tables_have(script: ModuleType) -> None:
    entries = {entry.id: entry for entry in script.catalogue(ROOT / "deploy/catalogue")}
    evidence = read_evidence(ROOT / "tests")

    assert evidence
    for found in evidence:
        images = {str(form) for form in entries[found.runtime].images}
        assert set(found.aspects) <= {*script.HEADER[2:], *images}, found


@pytest.mark.parametrize(
    ("place", "aspect", "sign"),
    [
        ("containerd 1.x", "exec", "D"),
        ("containerd 2.x", "exec", "T"),
        ("containerd 2.x", "metrics", "D"),
        ("CRI-O", "install", "L"),
        ("CRI-O", "exec", "D"),
    ],
)
def test_sign__without_a_test_for_just_that__is_documentation(
    script: ModuleType, place: str, aspect: str, sign: str
) -> None:
    (crun,) = (it for it in script.catalogue(ROOT / "deploy/catalogue") if it.id == "crun")
    seen = script.Seen(
        (
            Evidence("test_a", "crun", ("exec",), ("containerd 2.x",)),
            Evidence("test_b", "crun", ("install",), ("CRI-O",)),
            Evidence("test_c", "youki", ("exec", "metrics")),
        )
    )

    assert seen.sign(crun, place, aspect) == sign
