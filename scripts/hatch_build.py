"""Compile the installer's proto files to Python, for the wheel and for a checkout.

hatchling runs it as a build hook; `python scripts/hatch_build.py` does the same in place. What it
writes lies beside the proto file and is not kept under version control.
"""

import os
from pathlib import Path
from typing import Any

from grpc_tools import protoc
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

IMPORT_ROOT = "installer"

_UNTYPED = '# mypy: disable-error-code="type-arg"'
"""The protobuf compiler writes `Mapping` without its parameters into stubs."""


def compile_protos(root: Path) -> list[str]:
    """Write `*_pb2.py` and `*_pb2.pyi` beside each proto file; return their paths below `root`."""
    source = root / IMPORT_ROOT
    written: list[str] = []
    for proto in sorted(source.rglob("*.proto")):
        _compile(source, proto)
        stem = proto.with_name(f"{proto.stem}_pb2")
        stub = stem.with_suffix(".pyi")
        stub.write_text(f"{_UNTYPED}\n{stub.read_text()}")
        written += [str(stem.with_suffix(end).relative_to(root)) for end in (".py", ".pyi")]
    return written


def _compile(source: Path, proto: Path) -> None:
    arguments = ["protoc", f"-I{source}", f"--python_out={source}", f"--pyi_out={source}"]
    if protoc.main([*arguments, os.fspath(proto)]) != 0:
        raise SystemExit(f"protoc refused {proto.relative_to(source)}; see its message above")


class ProtoBuildHook(BuildHookInterface):  # type: ignore[type-arg]  # a plain class at run time
    """Put the generated modules into the wheel, and into the tree for an editable install."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  # hatchling's signature
        """Compile before hatchling collects files, and name what git ignores."""
        build_data["artifacts"] += [f"/{path}" for path in compile_protos(Path(self.root))]


if __name__ == "__main__":
    for path in compile_protos(Path(__file__).resolve().parent.parent):
        print(path)
