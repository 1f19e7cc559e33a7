import subprocess
import sys
from pathlib import Path

from workloads.modules import GREETING, TICK, Module, compile_module

_RUN = """
import sys
from wasmtime import Engine, Linker, Module, Store, WasiConfig
engine = Engine()
store, linker = Store(engine), Linker(engine)
config = WasiConfig()
config.inherit_stdout()
config.env = [("COLOUR", "blue"), ("FRUIT", "")]
config.preopen_dir(sys.argv[2], "/")
store.set_wasi(config)
linker.define_wasi()
linker.instantiate(store, Module.from_file(engine, sys.argv[1])).exports(store)["_start"](store)
"""


def start(module: Module, directory: Path) -> subprocess.Popen[str]:
    path = directory / f"{module}.wasm"
    path.write_bytes(compile_module(module))
    return subprocess.Popen(
        [sys.executable, "-c", _RUN, str(path), str(directory)], stdout=subprocess.PIPE, text=True
    )


def test_hello__prints_its_line_and_ends(tmp_path: Path) -> None:
    with start(Module.HELLO, tmp_path) as process:
        printed, _ = process.communicate(timeout=30)

    assert printed == f"{GREETING}\n"
    assert process.returncode == 0


def test_loop__prints_its_line_and_then_ticks(tmp_path: Path) -> None:
    with start(Module.LOOP, tmp_path) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        process.kill()

    assert lines == [f"{GREETING}\n", f"{TICK}\n", f"{TICK}\n"]


def test_tell__prints_its_environment_and_its_message(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/message").write_text("from the volume\n")

    with start(Module.TELL, tmp_path) as process:
        printed, _ = process.communicate(timeout=30)

    assert printed == "COLOUR=blue\nFRUIT=\nfrom the volume\n"


def test_tell__without_a_message__says_so(tmp_path: Path) -> None:
    with start(Module.TELL, tmp_path) as process:
        printed, _ = process.communicate(timeout=30)

    assert printed.endswith("no message\n")
