import io
import os
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from workloads import light_shim


@pytest.fixture
def shim(tmp_path: Path) -> Path:
    """The shim as a node has it after the download: taken out of the archive."""
    with tarfile.open(fileobj=io.BytesIO(light_shim.artifact(edition=2).content)) as opened:
        opened.extract(f"./{light_shim.BINARY}", tmp_path, filter="data")
    return tmp_path / light_shim.BINARY


@pytest.fixture
def node(tmp_path: Path) -> Mapping[str, str]:
    """The environment of a node whose runc shim starts a container with `runc`."""
    programs = tmp_path / "usr/bin"
    programs.mkdir(parents=True)
    for name, text in {
        "crun-wasm": 'echo "crun-wasm $*"',
        "runc": 'echo "the native runc $*"',
        "containerd-shim-runc-v2": 'echo "shim $*"; exec runc create',
    }.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}\n")
        (programs / name).chmod(0o755)
    path = f"{programs}{os.pathsep}/usr/bin{os.pathsep}/bin"
    return {"PATH": path, "WASMTEST_DIRECTORY": str(tmp_path / "run")}


def run(shim: Path, node: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([shim, *arguments], env=node, capture_output=True, text=True, check=False)


def test_start__is_runcs_shim__which_finds_crun_wasm_as_runc(
    shim: Path, node: Mapping[str, str]
) -> None:
    started = run(shim, node, "-namespace", "k8s.io", "start")

    assert started.stdout == "shim -namespace k8s.io start\ncrun-wasm create\n"


def test_start__a_second_time__finds_its_wrapper_and_leaves_it(
    shim: Path, node: Mapping[str, str]
) -> None:
    run(shim, node, "start")
    wrapper = Path(node["WASMTEST_DIRECTORY"], "runc")
    before = wrapper.stat()

    again = run(shim, node, "start")

    assert "crun-wasm create" in again.stdout
    assert wrapper.stat() == before
    assert list(wrapper.parent.iterdir()) == [wrapper]


def test_version__tells_its_name_and_writes_nothing(shim: Path, node: Mapping[str, str]) -> None:
    told = run(shim, node, "-v")

    assert told.returncode == 0
    assert told.stdout.startswith(f"{light_shim.BINARY}:\n  Runtime: ")
    assert not Path(node["WASMTEST_DIRECTORY"]).exists()


def test_version__on_a_node_without_crun_wasm__fails_and_says_so(
    shim: Path, node: Mapping[str, str], tmp_path: Path
) -> None:
    (tmp_path / "usr/bin/crun-wasm").unlink()

    told = run(shim, node, "-v")

    assert told.returncode == 1
    assert "there is no crun-wasm on this node" in told.stderr
