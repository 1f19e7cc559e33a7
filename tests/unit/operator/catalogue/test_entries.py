"""The files of the catalogue: each can be read, and they do not contradict each other."""

import json
from collections import Counter
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from support import catalogue
from wasmwright_operator.catalogue import Status, render_manifest
from wasmwright_operator.fleet.acceptance import judge_runtimes
from wasmwright_operator.records import RuntimeRecord
from wasmwright_operator.records.runtime import parse_runtime

SCHEMA = json.loads((Path(__file__).parents[4] / "docs/schemas/catalogue.json").read_text())


def record(name: str) -> RuntimeRecord:
    manifest = render_manifest(catalogue.entry(name))
    manifest["metadata"] |= {
        "uid": name,
        "resourceVersion": "1",
        "creationTimestamp": "2026-01-01T00:00:00Z",
    }
    return parse_runtime(manifest)


def test_catalogue__holds_every_runtime_that_people_ask_for() -> None:
    assert set(catalogue.IDS) == {
        *("wasmtime", "wasmedge", "wasmer", "wamr", "spin", "slight", "wws", "lunatic"),
        *("crun", "crun-wasm", "youki", "template"),
    }


@pytest.mark.parametrize("name", catalogue.IDS)
def test_entry__fits_the_published_schema(name: str) -> None:
    Draft202012Validator(SCHEMA).validate(yaml.safe_load(catalogue.text(name)))


@pytest.mark.parametrize("name", ["slight", "wws", "lunatic"])
def test_entry__of_an_archived_project__says_so(name: str) -> None:
    assert catalogue.entry(name).status is Status.ARCHIVED


def test_entries__together_in_one_cluster__claim_no_name_twice() -> None:
    accepted = judge_runtimes([record(name) for name in catalogue.IDS])

    assert {name: v.message for name, v in accepted.items() if v.reason.endswith("Conflict")} == {}


def test_entries__names_of_other_installers__lead_to_one_entry_each() -> None:
    entries = [catalogue.entry(name) for name in catalogue.IDS]
    classes = Counter(
        name
        for entry in entries
        for name in {*entry.runtime_classes, *entry.other_names.runtime_classes}
    )

    assert [name for name, count in classes.items() if count > 1] == []
    assert {
        *("wasmtime", "wasmedge", "wasmer", "spin", "slight", "wws", "lunatic", "crun"),
        *("wasmtime-spin", "wasmtime-slight", "wasmtime-wws", "wasmtime-lunatic", "wasm"),
        *("wasmtime-spin-v1", "wasmtime-spin-v2", "wasmtime-slight-v1", "wasmtime-v1"),
        "wasmedge-v1",
    } <= classes.keys()


@pytest.mark.parametrize("name", catalogue.IDS)
def test_entry__digests__belong_to_one_download_each(name: str) -> None:
    downloads = [
        item for release in catalogue.entry(name).releases for item in release.source.downloads
    ]

    assert len({item.url for item in downloads}) == len(downloads)
    digests = [item.sha256 for item in downloads if item.sha256]
    assert name == "template" or len(set(digests)) == len(digests)
