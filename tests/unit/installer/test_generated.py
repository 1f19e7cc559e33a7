"""What the build writes from the proto file."""

import importlib.util
import shutil
from pathlib import Path

from wasmwright_installer.host import cri_pb2, tasks_pb2

ROOT = Path(__file__).parents[3]


def test_build__proto_files__are_compiled_beside_themselves(tmp_path: Path) -> None:
    source = "installer/wasmwright_installer/host/cri.proto"
    (tmp_path / source).parent.mkdir(parents=True)
    shutil.copy(ROOT / source, tmp_path / source)
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "scripts/hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    hatch_build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hatch_build)
    written = hatch_build.compile_protos(tmp_path)
    assert written == [source.replace(".proto", end) for end in ("_pb2.py", "_pb2.pyi")]
    assert all((tmp_path / path).exists() for path in written)


def test_messages__field_numbers__are_those_of_the_public_api() -> None:
    status = cri_pb2.StatusResponse(info={"config": "{}"})
    status.status.conditions.add(type="RuntimeReady", status=True)
    assert status.SerializeToString() == (
        b"\n\x12\n\x10\n\x0cRuntimeReady\x10\x01" + b"\x12\x0c\n\x06config\x12\x02{}"
    )
    assert cri_pb2.StatusRequest(verbose=True).SerializeToString() == b"\x08\x01"
    tasks = tasks_pb2.ListTasksResponse(tasks=[tasks_pb2.Process(id="a")])
    assert tasks.SerializeToString() == b"\n\x03\x12\x01a"
