"""The values that `make airgap` writes leave no name in the release that only the outside knows."""

import json
import subprocess
import sys
from typing import Any

import pytest
import yaml

from unit.chart.rendering import CHART, render

SCRIPT = CHART.parents[1] / "scripts/airgap.py"
MIRRORS = ("--registry", "registry.corp/mirror", "--files", "https://files.corp/wasm")


def airgap(*arguments: str) -> str:
    command = [sys.executable, str(SCRIPT), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_values__of_all_current_runtimes__name_nobody_outside() -> None:
    command = [sys.executable, str(SCRIPT), *MIRRORS, "--values"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    values: dict[str, Any] = yaml.safe_load(done.stdout)
    rendered = render(values)
    declared = json.loads(
        rendered.find("ConfigMap", "wasmwright-runtimes")["data"]["runtimes.json"]
    )

    assert rendered.operator["image"].startswith("registry.corp/mirror/wasmwright/operator:")
    assert rendered.environment["WASMWRIGHT_INSTALLER_IMAGE"].startswith("registry.corp/mirror/")
    assert set(declared) == set(values["runtimes"])
    assert "spin" in declared
    assert {
        platform["url"].partition("/wasm/")[0]
        for spec in declared.values()
        for platform in spec["source"].get("http", {}).get("platforms", [])
    } == {"https://files.corp"}
    assert "wasmtime is left out: its digests are not published" in done.stderr


def test_list__of_one_runtime__has_every_download_with_digest_and_place() -> None:
    lines = [json.loads(line) for line in airgap("--json", *MIRRORS, "spin").splitlines()]

    assert [item["kind"] for item in lines] == ["image", "image", "file", "file"]
    assert all(item["digest"].startswith("sha256:") for item in lines[2:])
    assert all(item["mirrored"].startswith("https://files.corp/wasm/") for item in lines[2:])


@pytest.mark.parametrize("output", [(), ("--json",)], ids=["table", "json"])
def test_list__of_more_versions__is_longer(output: tuple[str, ...]) -> None:
    assert len(airgap(*output, "--all-versions", "spin")) > len(airgap(*output, "spin"))


def test_list__of_an_unknown_runtime__names_the_known_ones() -> None:
    assert "no runtime 'nope', only " in airgap("nope")
