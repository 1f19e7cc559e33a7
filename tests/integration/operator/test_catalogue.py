"""Every entry of the catalogue becomes a WasmRuntime that the API server takes as it is."""

from typing import Any

import pytest

from integration.operator.api import WRT, Api, ApiRefusedError
from support import catalogue
from wasmwright_operator.catalogue import render_manifest
from wasmwright_operator.fleet.acceptance import judge_runtimes
from wasmwright_operator.records import parse_runtime

pytestmark = pytest.mark.integration

STRICT = f"{WRT}?dryRun=All&fieldValidation=Strict"


def without_defaults(stored: Any, sent: Any) -> Any:
    """Return what the API server has stored, without what it filled in."""
    match stored, sent:
        case dict(), dict():
            return {k: without_defaults(v, sent[k]) for k, v in stored.items() if k in sent}
        case list(), list() if len(stored) == len(sent):
            return [without_defaults(*pair) for pair in zip(stored, sent, strict=True)]
        case _:
            return stored


@pytest.mark.parametrize("name", catalogue.IDS)
def test_entry__each_release__is_accepted_by_the_api_server_and_by_the_operator(
    api: Api, name: str
) -> None:
    entry = catalogue.entry(name)
    for release in entry.releases:
        wishes = {"version": release.version, "allowUnverified": release.unverified}
        manifest = render_manifest(entry, wishes)

        stored = api.create(STRICT, manifest)

        assert without_defaults(stored["spec"], manifest["spec"]) == manifest["spec"]
        stored["metadata"]["resourceVersion"] = "1"  # a dry run gives none
        verdict = judge_runtimes([parse_runtime(stored)])[name]
        assert verdict.is_accepted, verdict.message


def test_entry__unknown_wish__is_refused_by_the_api_server(api: Api) -> None:
    manifest = render_manifest(catalogue.entry("spin"), {"versoin": "0.24.0"})

    with pytest.raises(ApiRefusedError, match="versoin"):
        api.create(STRICT, manifest)
