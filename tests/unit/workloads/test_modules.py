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
store.set_wasi(config)
linker.define_wasi()
linker.instantiate(store, Module.from_file(engine, sys.argv[1])).exports(store)["_start"](store)
"""


def start(module: Module, directory: Path) -> subprocess.Popen[str]:
    path = directory / f"{module}.wasm"
    path.write_bytes(compile_module(module))
    return subprocess.Popen(
        [sys.executable, "-c", _RUN, str(path)], stdout=subprocess.PIPE, text=True
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
