"""What the chart declares of the catalogue, and that it means by it what the package means."""

import json
from typing import Any

import pytest

from support import catalogue
from unit.chart.rendering import CHART, render
from wasmwright_operator.catalogue import Status, render_spec

ALONE = {"catalogue": {"declare": "None"}}
OWN = {"source": {"hostPath": {"path": "/usr/bin/own"}}}
ENTRIES = tuple(name for name in catalogue.IDS if name != "template")
OVERRIDES: dict[str, dict[str, Any]] = {
    "none": {},
    "flags that are false": {
        "placement": {"requestable": False},
        "config": {"podsSurviveRestart": False, "options": {"SystemdCgroup": False, "Count": 0}},
    },
    "lists": {"runtimeClasses": [], "config": {"podAnnotations": ["x"]}},
    "unverified": {"allowUnverified": True},
    "own source": {"version": "9", **OWN},
    "own fields": {"rollout": {"maxParallel": 3, "canary": {"count": 1}}, "minReadyNodes": "50%"},
}


def declared(values: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return what the hook is given: specs by name, and those that no value names."""
    data = render(values).find("ConfigMap", "wasmwright-runtimes")["data"]
    return json.loads(data["runtimes.json"]), json.loads(data["unnamed.json"])


CURRENT = sorted(name for name in ENTRIES if catalogue.entry(name).status is Status.CURRENT)


def test_catalogue__by_default__offers_what_is_current() -> None:
    specs, unnamed = declared({})

    assert sorted(specs) == unnamed == CURRENT
    assert {"spin", "wasmtime", "crun"} < specs.keys()
    assert "slight" not in specs


def test_catalogue__by_default__allows_nothing_unverified() -> None:
    specs, _ = declared({})

    assert [name for name, spec in specs.items() if "allowUnverified" in spec] == []


def test_catalogue__by_default__selects_no_node() -> None:
    specs, _ = declared({})

    assert [name for name, spec in specs.items() if "placement" in spec] == []


@pytest.mark.parametrize("nothing", [None, {"enabled": False}], ids=["null", "disabled"])
def test_runtimes__of_the_catalogue__can_be_left_out_one_by_one(nothing: object) -> None:
    specs, unnamed = declared({"runtimes": {"spin": nothing}})

    assert sorted(specs) == unnamed == [name for name in CURRENT if name != "spin"]


def test_runtimes__named__are_those_of_the_values_and_not_of_the_catalogue() -> None:
    specs, unnamed = declared({"runtimes": {"spin": {"version": "0.24.0"}, "own": OWN}})

    assert specs["spin"]["version"] == "0.24.0"
    assert specs["own"] == OWN
    assert not {"spin", "own"} & set(unnamed)


def test_runtimes__enabled_without_the_catalogue__are_the_only_ones() -> None:
    specs, unnamed = declared(ALONE | {"runtimes": {"spin": {"enabled": True}, "slight": {}}})

    assert sorted(specs) == ["slight", "spin"]
    assert unnamed == []


@pytest.mark.parametrize("given", OVERRIDES.values(), ids=OVERRIDES)
def test_runtimes__rendered_by_the_chart__are_what_the_package_renders(
    given: dict[str, Any],
) -> None:
    specs, _ = declared(ALONE | {"runtimes": dict.fromkeys(ENTRIES, given | {"enabled": True})})

    assert specs == {name: plain(render_spec(catalogue.entry(name), given)) for name in ENTRIES}


@pytest.mark.parametrize("name", ENTRIES)
def test_runtimes__each_release__is_what_the_package_renders(name: str) -> None:
    entry = catalogue.entry(name)
    for release in entry.releases:
        given = {"version": release.version}
        specs, _ = declared(ALONE | {"runtimes": {name: given}})
        assert specs == {name: plain(render_spec(entry, given))}


def plain(spec: dict[str, Any]) -> dict[str, Any]:
    """Write out what the package leaves out as default and the file says."""
    probe = spec["source"].get("hostPath", {}).get("probe")
    if probe is not None:
        probe.setdefault("args", ["--version"])
    return spec


def test_chart__holds_no_copy_of_the_catalogue() -> None:
    link = CHART / "files/catalogue"

    assert link.is_symlink()
    assert link.resolve() == catalogue.FOLDER
    assert not link.readlink().is_absolute()
