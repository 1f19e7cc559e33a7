"""What is to be mirrored of the catalogue, and how it is called there."""

import pytest

from support import catalogue
from wasmwright_operator.catalogue.mirroring import (
    Mirror,
    mirrored_spec,
    needed_files,
    needed_images,
)

INSIDE = Mirror(registry="registry.corp:5000/mirror/", files="https://files.corp/wasm/")
SPIN = catalogue.entry("spin")


@pytest.mark.parametrize(
    ("repository", "inside"),
    [
        ("wasmwright/operator", "registry.corp:5000/mirror/wasmwright/operator"),
        ("ghcr.io/wasmwright/operator", "registry.corp:5000/mirror/wasmwright/operator"),
        ("localhost/wasmwright/operator", "registry.corp:5000/mirror/wasmwright/operator"),
        ("a:5000/operator", "registry.corp:5000/mirror/operator"),
        ("operator", "registry.corp:5000/mirror/operator"),
    ],
)
def test_mirror__image__keeps_its_name_below_the_registry(repository: str, inside: str) -> None:
    assert INSIDE.image(repository) == inside
    assert Mirror().image(repository) == ""


def test_mirror__file__lies_by_host_and_path_of_its_url() -> None:
    url = "https://a.example.com/b%2Fc/d.tar.gz"

    assert INSIDE.file(url) == "https://files.corp/wasm/a.example.com/b%2Fc/d.tar.gz"
    assert Mirror().file(url) == ""


def test_needed_images__are_told_with_the_digests_that_are_known() -> None:
    images = {"operator": "x.io/w/operator:1", "installer": "x.io/w/installer:1"}
    found = list(needed_images(images, {"x.io/w/operator:1": "sha256:a"}, INSIDE))

    assert [(it.of, it.digest, it.mirrored) for it in found] == [
        ("operator", "sha256:a", "registry.corp:5000/mirror/w/operator:1"),
        ("installer", "", "registry.corp:5000/mirror/w/installer:1"),
    ]


def test_needed_files__are_those_of_one_release_or_of_all() -> None:
    first = list(needed_files([SPIN], INSIDE))
    every = list(needed_files([SPIN], INSIDE, all_versions=True))
    platforms = SPIN.releases[0].source.downloads

    assert [it.digest for it in first] == [f"sha256:{it.sha256}" for it in platforms]
    assert first == every[: len(first)]
    assert len(every) == sum(len(it.source.downloads) for it in SPIN.releases)
    assert all(it.mirrored.startswith("https://files.corp/wasm/github.com/") for it in every)


@pytest.mark.parametrize("name", catalogue.IDS)
def test_mirrored_spec__of_every_entry__names_nobody_outside(name: str) -> None:
    entry = catalogue.entry(name)
    spec = mirrored_spec(entry, INSIDE)

    assert (spec is None) == entry.releases[0].unverified
    platforms = (spec or {}).get("source", {}).get("http", {}).get("platforms", [])
    assert all(it["url"].startswith("https://files.corp/wasm/") for it in platforms)
    assert all(it["sha256"] for it in platforms)
