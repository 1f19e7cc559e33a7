from typing import Any

import pytest

from support import catalogue
from wasmwright_operator.catalogue import CatalogueError, render_manifest, render_spec

OWN_SOURCE = {"hostPath": {"path": "/usr/local/bin/containerd-shim-spin-v2"}}


def digests(spec: dict[str, Any]) -> list[str]:
    return [item["sha256"] for item in spec["source"]["http"]["platforms"]]


def test_render__without_wishes__is_the_first_release_for_nodes_that_ask() -> None:
    manifest = render_manifest(catalogue.entry("crun"))

    assert manifest == {
        "apiVersion": "wasmwright.dev/v1alpha1",
        "kind": "WasmRuntime",
        "metadata": {"name": "crun"},
        "spec": {
            "version": "host",
            "type": "OCIRuntime",
            "handler": "crun",
            "source": {
                "hostPath": {"path": "/usr/bin/crun", "probe": {"contains": "+WASM"}},
            },
            "config": {
                "podsSurviveRestart": True,
                "podAnnotations": ["module.wasm.image/*", "run.oci.handler"],
            },
            "runtimeClasses": [{"name": "crun"}],
        },
    }


def test_render__version_of_the_catalogue__brings_its_own_source_and_options() -> None:
    spin = catalogue.entry("spin")

    newest, old = render_spec(spin), render_spec(spin, {"version": "0.17.0"})
    assert newest["config"]["options"] == {"SystemdCgroup": True}
    assert old["version"] == "0.17.0"
    assert "options" not in old["config"], "it would not start with any"
    assert "v0.17.0" in old["source"]["http"]["platforms"][0]["url"]


def test_render__unknown_version__is_refused_with_the_known_ones() -> None:
    with pytest.raises(CatalogueError, match=r"no version '9', only 0\.25\.1, .*give source"):
        render_spec(catalogue.entry("spin"), {"version": "9"})


def test_render__unknown_version_with_a_source__takes_only_the_facts_of_the_runtime() -> None:
    spec = render_spec(catalogue.entry("spin"), {"version": "9", "source": OWN_SOURCE})

    assert (spec["version"], spec["source"]) == ("9", OWN_SOURCE)
    assert next(item["name"] for item in spec["runtimeClasses"]) == "spin"


def test_render__source__counts_as_a_whole() -> None:
    assert render_spec(catalogue.entry("spin"), {"source": OWN_SOURCE})["source"] == OWN_SOURCE


def test_render__other_fields__are_laid_over_one_by_one_and_lists_replaced() -> None:
    spec = render_spec(
        catalogue.entry("spin"),
        {
            "config": {"snapshotter": "nydus", "options": {"SystemdCgroup": False}},
            "placement": {"requestable": False},
            "runtimeClasses": [{"name": "mine"}],
        },
    )

    assert spec["config"] == {
        "podsSurviveRestart": False,
        "options": {"SystemdCgroup": False},
        "snapshotter": "nydus",
    }
    assert spec["placement"] == {"requestable": False}
    assert spec["runtimeClasses"] == [{"name": "mine"}]
    assert len(digests(spec)) == 2


def test_render__twice__leaves_the_entry_as_it_was() -> None:
    entry = catalogue.entry("spin")
    before = render_spec(entry)

    render_spec(entry, {"config": {"options": {"SystemdCgroup": False}}})

    assert render_spec(entry) == before
