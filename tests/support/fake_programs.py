"""Programs on the PATH that do what a test says, and a record of how they were called."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

_PYTHON = sys.executable
_RECORDER = """\
#!{python}
import json, sys
record = {{"argv": [{name!r}, *sys.argv[1:]], "stdin": ""}}
if not sys.stdin.isatty():
    record["stdin"] = sys.stdin.read()
with open({log!r}, "a") as log:
    log.write(json.dumps(record) + "\\n")
{body}
"""


@dataclass(frozen=True)
class Call:
    """One call of a fake program."""

    argv: list[str]
    stdin: str


class FakePrograms:
    """A directory at the front of the PATH."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._directory = directory
        self._log = directory / "calls.jsonl"
        monkeypatch.setenv("PATH", f"{directory}{os.pathsep}{os.environ['PATH']}")

    def add(self, name: str, body: str = "") -> None:
        """Put a program there; `body` is Python that runs after the call is recorded."""
        path = self._directory / name
        text = _RECORDER.format(python=_PYTHON, name=name, log=str(self._log), body=body)
        path.write_text(text)
        path.chmod(0o755)

    @property
    def calls(self) -> list[Call]:
        """All calls so far, in order."""
        if not self._log.exists():
            return []
        return [Call(**json.loads(line)) for line in self._log.read_text().splitlines()]

    def argvs(self, name: str) -> list[list[str]]:
        """Return how one of the programs was called, without its name."""
        return [call.argv[1:] for call in self.calls if call.argv[0] == name]
