"""What is read in indexes, manifests and files of credentials; the rest is tested on a registry."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from wasmwright_installer.contract import OciArtifact
from wasmwright_installer.errors import ArtifactError
from wasmwright_installer.fetch import HandedFiles
from wasmwright_installer.fetch.oci.login import Keys
from wasmwright_installer.fetch.oci.manifest import layer_of, manifest_for, parse

A, B = "a" * 64, "b" * 64
WHAT = "runtime 'light': registry.example.com/light"


def listed(digest: str, arch: str = "amd64", os: str = "linux") -> dict[str, Any]:
    platform = {"os": os, "architecture": arch}
    return {"digest": f"sha256:{digest}", "platform": platform}


@pytest.mark.parametrize(
    ("machine", "manifests", "expected"),
    [
        ("x86_64", [listed(A), listed(B, "arm64")], A),
        ("aarch64", [listed(A), listed(B, "arm64")], B),
        ("s390x", [listed(A), listed(B, "s390x")], B),
        ("x86_64", [listed(A, os="windows"), listed(B)], B),
        ("x86_64", [listed(A), listed(B)], A),
    ],
)
def test_manifest_for__index__is_the_first_for_the_machine(
    machine: str, manifests: list[dict[str, Any]], expected: str
) -> None:
    assert manifest_for(WHAT, {"manifests": manifests}, machine) == expected


def test_manifest_for__manifest__is_itself() -> None:
    assert manifest_for(WHAT, {"layers": []}, "x86_64") is None


@pytest.mark.parametrize(
    "manifests", [[], [{"digest": f"sha256:{A}"}], [listed(A, "arm64")]], ids=["none", "?", "arm64"]
)
def test_manifest_for__index_without_the_machine__is_told(manifests: list[dict[str, Any]]) -> None:
    with pytest.raises(ArtifactError, match="none for linux/amd64") as caught:
        manifest_for(WHAT, {"manifests": manifests}, "x86_64")
    assert caught.value.reason == "WrongArchitecture"


@pytest.mark.parametrize("digest", ["md5:abc", f"sha256:{A}/../x", "sha256:" + "A" * 64, None])
def test_layer_of__digest_that_is_none__is_refused(digest: str | None) -> None:
    with pytest.raises(ArtifactError, match="no sha256 digest"):
        layer_of(WHAT, {"layers": [{"digest": digest}]}, "")


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff", b"<html>", b"[]", b"{}", b'{"layers": 3}', b'{"layers": [3]}', b"null"],
)
def test_parse__no_manifest__is_told(content: bytes) -> None:
    with pytest.raises(ArtifactError, match=f"^{WHAT} is neither"):
        parse(WHAT, content)


@pytest.mark.parametrize(
    ("place", "found"),
    [
        ("registry.example.com/a/b", "deep"),
        ("registry.example.com/a/bc", "short"),
        ("registry.example.com/x", "host"),
        ("registry.example.com.evil.net/a/b", ""),
        ("other.example.com/a", "other"),
        ("registry-1.docker.io/library/a", "hub"),
    ],
)
def test_keys__of_a_place__are_those_with_the_longest_name(
    tmp_path: Path, place: str, found: str
) -> None:
    auths = {
        "registry.example.com/a/b": encoded("deep"),
        "https://registry.example.com/v2/": encoded("host"),
        "registry.example.com/a": encoded("short"),
        "http://other.example.com/v1/": {"username": "me", "password": "other"},
        "https://index.docker.io/v1/": encoded("hub"),
        "elsewhere.example.com": {},
    }
    (tmp_path / "keys").write_text(json.dumps({"auths": auths}))
    basic = Keys.read("light", HandedFiles(tmp_path), ("keys",)).basic(place)

    assert basic == (f"Basic {encoded(found)['auth']}" if found else "")


def encoded(password: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"me:{password}".encode()).decode()}


def test_keys__of_two_files_for_one_place__are_the_first_ones(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_text(json.dumps({"auths": {"a": encoded(name)}}))
    keys = Keys.read("light", HandedFiles(tmp_path), ("one", "two"))

    assert keys.basic("a/b") == f"Basic {encoded('one')['auth']}"


@pytest.mark.parametrize(
    "text",
    [
        "hush",
        "[]",
        '{"auths": ["hush"]}',
        '{"auths": {"a": {"username": "me"}}}',
        "{}",
        '{"auths": {"a": {"auth": "hush\\n"}}}',
        '{"auths": {"a": {"auth": 3}}}',
        '{"auths": {"a": "hush"}}',
    ],
)
def test_keys__file_that_is_none__is_told_without_its_content(tmp_path: Path, text: str) -> None:
    (tmp_path / "keys").write_text(text)
    with pytest.raises(ArtifactError, match="keys is no dockerconfigjson") as caught:
        Keys.read("light", HandedFiles(tmp_path), ("keys",))
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    "ref",
    [
        f"registry.example.com/a@sha256:{A}",
        f"registry.example.com:5000/a/b-c/d__e@sha256:{A}",
        f"127.0.0.1:5000/a@sha256:{A}",
    ],
)
def test_artifact__reference_by_digest__is_taken(ref: str) -> None:
    assert OciArtifact(ref=ref).sha256 == A


@pytest.mark.parametrize(
    "ref",
    [
        "registry.example.com/a:1",
        f"a@sha256:{A}",
        f"registry.example.com/A@sha256:{A}",
        f"registry.example.com/../a@sha256:{A}",
        f"me:hush@registry.example.com/a@sha256:{A}",
        f"https://registry.example.com/a@sha256:{A}",
        f"registry.example.com/a@sha256:{A}\n",
    ],
)
def test_artifact__any_other_reference__is_no_document(ref: str) -> None:
    with pytest.raises(ValueError, match="ref"):
        OciArtifact(ref=ref)
