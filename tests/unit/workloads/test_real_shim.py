from pathlib import Path

import pytest

from localcluster.errors import CommandError
from support.fake_programs import FakePrograms
from workloads import real_shim

_CARGO = """
import os, pathlib
release = pathlib.Path(os.environ["CARGO_TARGET_DIR"], "release")
release.mkdir(parents=True)
binary = release / "containerd-shim-wasmtime-v1"
binary.write_text("#!/bin/sh\\n")
binary.chmod(0o755)
pathlib.Path("Cargo.lock").write_text("")
"""


@pytest.fixture
def rust(programs: FakePrograms, cache: Path, monkeypatch: pytest.MonkeyPatch) -> FakePrograms:
    assert not cache.exists()
    monkeypatch.setattr(real_shim, "rust_version", lambda: "rustc 1.95.0")
    programs.add("gcc", "print('x86_64-linux-gnu')")
    programs.add("dpkg-query", "print('installed', end='')")
    programs.add("cargo", _CARGO)
    return programs


def test_ensure__compiles_once_and_then_finds_it(rust: FakePrograms) -> None:
    told: list[str] = []

    first = real_shim.ensure(told.append)
    second = real_shim.ensure(told.append)

    assert first == second
    assert first.stat().st_mode & 0o111
    assert rust.argvs("cargo") == [["build", "--release"]]
    assert len(told) == 1


def test_ensure__with_another_compiler__compiles_again_with_the_versions_of_before(
    rust: FakePrograms, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = real_shim.ensure()
    rust.add("cargo", _CARGO.replace("parents=True", "parents=True, exist_ok=True"))
    monkeypatch.setattr(real_shim, "rust_version", lambda: "rustc 1.97.0")

    second = real_shim.ensure()

    assert first != second
    assert rust.argvs("cargo")[1] == ["build", "--release", "--locked"]


def test_ensure__package_missing__installs_it_first(rust: FakePrograms) -> None:
    rust.add(
        "dpkg-query",
        "print('not-installed' if sys.argv[-1] == 'libseccomp-dev' else 'installed', end='')",
    )
    rust.add("apt-get")

    real_shim.ensure()

    assert rust.argvs("apt-get")[-1][-1] == "libseccomp-dev"
    assert [call.argv[0] for call in rust.calls].index("apt-get") < [
        call.argv[0] for call in rust.calls
    ].index("cargo")


def test_ensure__compilation_fails__says_what_the_compiler_said_and_leaves_nothing(
    rust: FakePrograms, cache: Path
) -> None:
    rust.add("cargo", "sys.exit('error[E0432]: unresolved import')")

    with pytest.raises(CommandError, match="E0432"):
        real_shim.ensure()

    assert not list((cache / "real-shim").glob("containerd-shim-*"))


def test_source__pins_what_it_depends_on() -> None:
    manifest = (real_shim.SOURCE / "Cargo.toml").read_text()

    assert 'containerd-shim-wasm = { version = "=' in manifest
    assert 'wasmtime = { version = "=' in manifest
    assert 'wasmtime-wasi = { version = "=' in manifest
    assert not (real_shim.SOURCE / "Cargo.lock").exists(), "a lock file would name a registry"
