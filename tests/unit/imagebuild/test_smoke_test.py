"""The module that shows whether wasm runs, run by an engine of its own."""

from pathlib import Path

import pytest
from wasmtime import (
    Engine,
    ExitTrap,
    Linker,
    Module,
    Store,
    WasiConfig,
    wat2wasm,
)

from imagebuild.recipe import smoke_test_source
from wasmwright_operator.node.smoketest import GREETING

LOG = "dev/termination-log"
CODE = wat2wasm(smoke_test_source().read_text())


def run(root: Path) -> tuple[int, str]:
    """Run it with a directory as its root; return its exit code and what it printed."""
    engine, wasi = Engine(), WasiConfig()
    wasi.preopen_dir(str(root), "/")
    wasi.stdout_file = str(root / "out")
    store, linker = Store(engine), Linker(engine)
    linker.define_wasi()
    store.set_wasi(wasi)
    start = linker.instantiate(store, Module(engine, CODE)).exports(store)["_start"]
    code = 0
    try:
        start(store)  # type: ignore[operator]
    except ExitTrap as ended:
        code = ended.code
    del store
    return code, (root / "out").read_text()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "dev").mkdir()
    return tmp_path


def test_module__leaves_the_words_that_the_operator_expects(root: Path) -> None:
    (root / LOG).touch()

    assert run(root) == (0, f"{GREETING}\n")
    assert (root / LOG).read_text() == f"{GREETING}\n"


def test_module__without_the_file__says_so_and_fails(root: Path) -> None:
    assert run(root) == (1, "wasm runs, but cannot open /dev/termination-log\n")
    assert not (root / LOG).exists()


def test_module__is_small() -> None:
    assert len(CODE) < 1024
