"""A cluster that answers kubectl from a table and remembers what it was asked."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localcluster.errors import CommandError
from localcluster.progress import Progress

Answer = Any


@dataclass
class FakeCluster:
    """`objects` maps `kind/name` to an object, or to a function that returns one."""

    objects: dict[str, Answer] = field(default_factory=dict)
    printed: str = "hello from wasm\n"
    workers: tuple[str, ...] = ("n1", "n2")
    kubeconfig: Path = Path("/kubeconfig")
    shell: str = "export KUBECONFIG=/kubeconfig"
    calls: list[tuple[str, ...]] = field(default_factory=list)
    applied: list[dict[str, Any]] = field(default_factory=list)
    loaded: list[Path | None] = field(default_factory=list)

    def kubectl(self, *args: str, input: str | None = None, check: bool = True) -> str:  # noqa: A002
        self.calls.append(args)
        match args[0]:
            case "get":
                return self._get(args, check=check)
            case "apply":
                self.applied.append(json.loads(input or ""))
                return ""
            case "logs":
                return self.printed
            case _:
                return ""

    def load(self, archive: Path | None, references: Sequence[str], progress: Progress) -> None:
        progress(f"loading {references[0]}")
        self.loaded.append(archive)

    def _get(self, args: tuple[str, ...], *, check: bool) -> str:
        found = self.objects.get("/".join(args[1:3]))
        if isinstance(found, Callable):  # type: ignore[arg-type]
            found = found()
        if isinstance(found, Exception):
            if check:
                raise found
            return ""
        if isinstance(found, str):
            return found
        return "" if found is None else json.dumps(found)


def refusal(text: str) -> CommandError:
    return CommandError(("kubectl",), 1, text)


def ready_node(*runtimes: str) -> dict[str, Any]:
    labels = {f"runtime.wasmwright.dev/{name}": "ready" for name in runtimes}
    return {"metadata": {"labels": labels | {"wasmwright.dev/provisioned": "true"}}}
