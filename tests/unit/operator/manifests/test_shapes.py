"""Texts that are read by their shape say what they say when they are read whole."""

from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Environment

from wasmwright_operator.manifests import JobPolicy, JobTemplate, built_in_template, shapes
from wasmwright_operator.manifests.jobs import _SAMPLE
from wasmwright_operator.manifests.shapes import Shapes

TEMPLATES = {
    "plain": "a: {{ name | tojson }}\nb: [{{ labels | tojson }}, 1, true, null, 2026-01-01]\n",
    "twice": "a: {{ name | tojson }}\nb: {{ name | tojson }} # {{ labels | tojson }}\n",
    "inside": 'a: "x {{ name }} y"\nb: {{ labels | tojson }}\n',
    "script": "a: |\n  echo {{ name | tojson }}\nb: {{ labels | tojson }}\n",
    "key": "{{ name | tojson }}: 1\nb: {{ labels | tojson }}\n",
    "indented": "a:\n  {{ labels | tojson(indent=2) | indent(2) }}\n",
    "condition": "{% if name > 'm' %}a: {{ labels | tojson }}{% else %}b: [1]{% endif %}\n",
    "sign": "a: \N{REFERENCE MARK}name\N{REFERENCE MARK}\nb: {{ name | tojson }}\n",
    "merged": "x: &x {k: {{ name | tojson }}}\ny: {<<: *x, z: {{ labels | tojson }}}\n",
}
JINJA = Environment(autoescape=False)  # noqa: S701 - it writes YAML
WORDS = st.text(st.characters(max_codepoint=0xD7FF, exclude_categories=["Cc"]), max_size=8)


def both(template: str, known: Shapes, values: dict[str, Any]) -> tuple[Any, Any]:
    text = JINJA.from_string(TEMPLATES[template]).render(values)
    return known.parse(text, values), yaml.safe_load(text)


@pytest.mark.no_cover  # hundreds of runs of what other tests measure once
@pytest.mark.parametrize("template", [name for name in TEMPLATES if name != "inside"])
@settings(max_examples=50)
@given(jobs=st.lists(st.tuples(WORDS, st.dictionaries(WORDS, WORDS)), max_size=5))
def test_parse__any_values__is_what_yaml_says(
    template: str, jobs: list[tuple[str, dict[str, str]]]
) -> None:
    known = Shapes()
    for name, labels in jobs:
        found, wanted = both(template, known, {"name": name, "labels": labels})
        assert found == wanted


def test_parse__value_inside_a_text__is_what_yaml_says() -> None:
    known = Shapes()
    for name in ("one", "two", "b"):
        found, wanted = both("inside", known, {"name": name, "labels": {"b": name}})
        assert found == wanted


def count_parsed(monkeypatch: pytest.MonkeyPatch, template: str, jobs: int) -> int:
    """Return how often YAML was read for that many Jobs."""
    parsed: list[str] = []
    parse = shapes.parse
    monkeypatch.setattr(shapes, "parse", lambda text: (parsed.append(text), parse(text))[1])
    known = Shapes()
    for number in range(jobs):
        both(template, known, {"name": f"n{number}", "labels": {"z": "", "a": f"<{number}>"}})
    return len(parsed)


@pytest.mark.parametrize(("template", "times"), [("plain", 1), ("condition", 1), ("script", 101)])
def test_parse__shape_that_is_known__is_not_read_anew(
    monkeypatch: pytest.MonkeyPatch, template: str, times: int
) -> None:
    assert count_parsed(monkeypatch, template, 100) == times


def test_render__jobs_of_many_nodes__read_the_template_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parsed: list[str] = []
    template = JobTemplate(built_in_template(), JobPolicy("system", "installer"))
    monkeypatch.setattr(shapes, "parse", parsed.append)

    jobs = [
        template.render(replace(_SAMPLE, node=f"node-{n}", run=replace(_SAMPLE.run, attempt=n)))
        for n in range(1, 100)
    ]

    assert parsed == []
    assert len({job["metadata"]["name"] for job in jobs}) == len(jobs)


def test_parse__shapes_without_end__are_not_all_kept() -> None:
    known = Shapes()
    for number in range(100):
        known.parse(f"a: {number}", {})

    assert len(known._known) < 20


def test_parse__value_beyond_the_basic_plane__is_kept() -> None:
    found, _ = both("plain", Shapes(), {"name": "\N{CRAB}", "labels": {}})

    assert found["a"] == "\N{CRAB}"


def test_parse__text_that_is_no_yaml__is_an_error() -> None:
    with pytest.raises(yaml.YAMLError):
        Shapes().parse("a: [", {})
