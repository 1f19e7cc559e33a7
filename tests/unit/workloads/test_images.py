from pathlib import Path

import pytest

from localcluster import oci
from workloads import images
from workloads.modules import Module, compile_module


def test_ensure_wasm__keeps_one_image_with_all_modules(cache: Path) -> None:
    first = images.ensure_wasm()
    written = first.stat().st_mtime_ns
    second = images.ensure_wasm()

    assert first == second
    assert first.is_relative_to(cache)
    assert second.stat().st_mtime_ns == written
    (image,) = oci.images(first)
    assert image.name == images.WASM
    assert all(compile_module(module) in first.read_bytes() for module in Module)


def test_ensure_bystander__holds_the_pause_program(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "pause"
    program.write_bytes(b"the pause program")
    monkeypatch.setattr("localcluster.binaries.ensure", lambda *_: program)

    archive = images.ensure_bystander()

    assert archive.is_relative_to(cache)
    content = archive.read_bytes()
    assert images.BYSTANDER.encode() in content
    assert b"the pause program" in content
