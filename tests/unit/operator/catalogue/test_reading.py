import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from support import catalogue
from wasmwright_operator.catalogue import CatalogueError, parse_entry
from wasmwright_operator.catalogue.pods import NativeEnvironment

Change = Callable[[dict[str, Any]], object]


def changed(name: str, change: Change) -> str:
    raw = yaml.safe_load(catalogue.text(name))
    change(raw)
    return yaml.safe_dump(raw)


def platform(raw: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = raw["releases"][0]["source"]["http"]["platforms"][0]
    return found


BAD: dict[str, tuple[Change, str]] = {
    "unknown field": (lambda raw: raw.update(licence="MIT"), "licence: Extra inputs"),
    "other form": (lambda raw: raw.update(schemaVersion=2), "schemaVersion: Input should be 1"),
    "no release": (lambda raw: raw.update(releases=[]), "releases: Tuple should have at least 1"),
    "short digest": (
        lambda raw: platform(raw).update(sha256="abc"),
        "releases.0.source.http.platforms.0.sha256: .* (found 'abc')",
    ),
    "digest read as a number": (
        lambda raw: platform(raw).update(sha256=12),
        "platforms.0.sha256: Input should be a valid string (found 12)",
    ),
    "digest left out": (
        lambda raw: platform(raw).pop("sha256"),
        "release 0.25.1 has no sha256 for amd64: give it, or say `unverified: true`",
    ),
    "unverified with digests": (
        lambda raw: raw["releases"][0].update(unverified=True),
        "release 0.25.1 is said to be unverified, and has all digests",
    ),
    "plain http": (
        lambda raw: platform(raw).update(url="http://example.org/spin"),
        "platforms.0.url: .* (found 'http://example.org/spin')",
    ),
    "two sources": (
        lambda raw: raw["releases"][0]["source"].update(hostPath={"path": "/usr/bin/spin"}),
        "give exactly one of http and hostPath",
    ),
    "architecture without download": (
        lambda raw: raw["architectures"].append("riscv64"),
        "release 0.25.1 has downloads for amd64, arm64: architectures says amd64, arm64, riscv64",
    ),
    "release twice": (
        lambda raw: raw["releases"].append(raw["releases"][0]),
        "release 0.25.1 is given twice: remove one",
    ),
    "other id": (lambda raw: raw.update(id="spun"), "says id 'spun': call the file spun.yaml"),
    "unknown status": (lambda raw: raw.update(status="Old"), "status: .* (found 'Old')"),
    "version that YAML takes for a number": (
        lambda raw: raw["releases"][0].update(version=0.25),
        "releases.0.version: Input should be a valid string (found 0.25)",
    ),
}


@pytest.mark.parametrize(("change", "complaint"), BAD.values(), ids=BAD)
def test_parse_entry__bad_entry__is_refused_by_field_and_value(
    change: Change, complaint: str
) -> None:
    pattern = r"^catalogue entry 'spin'.*" + re.escape(complaint).replace(r"\.\*", ".*")
    with pytest.raises(CatalogueError, match=pattern):
        parse_entry("spin", changed("spin", change))


@pytest.mark.parametrize(("text", "complaint"), [("{", "is no YAML"), ("[]", "the whole: ")])
def test_parse_entry__no_entry_at_all__is_refused(text: str, complaint: str) -> None:
    with pytest.raises(CatalogueError, match=complaint):
        parse_entry("spin", text)


def test_native_env__release_that_differs__says_it_itself() -> None:
    spin = catalogue.entry("spin")

    told = {release.version: spin.native_env(release) for release in spin.releases}
    assert told["0.25.1"] is NativeEnvironment.LOST
    assert told["0.17.0"] is NativeEnvironment.INTACT
