"""The installer of the present source on a node, run from its own image and without an operator."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from localcluster import Node
from wasmwright_installer.contract import ApplyResult, NodeDocument

_TREE: Final = "/mnt/wasmwright-image"
_INSTALLER: Final = "/opt/wasmwright/bin/wasmwright-installer"
_ARTIFACTS: Final = "/tmp/artifacts"

_SCRIPT: Final = f"""
set -eu
mkdir -p {_TREE}
ctr --namespace k8s.io images mount --rw "$1" {_TREE} >/dev/null
mkdir -p {_TREE}/host
mount --rbind / {_TREE}/host
mount --make-rslave {_TREE}/host
mount --bind /dev {_TREE}/dev
mount --bind /proc {_TREE}/proc
"""

_MEASURE: Final = """
import json, resource, subprocess, sys, time
start = time.monotonic()
done = subprocess.run(sys.argv[1:], stdin=sys.stdin, capture_output=True, text=True)
seconds = time.monotonic() - start
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(json.dumps({"seconds": seconds, "peak_kib": peak, "code": done.returncode,
                  "output": done.stdout, "errors": done.stderr}))
"""


@dataclass(frozen=True)
class Measured:
    """One command of the installer."""

    seconds: float
    peak_mib: float
    output: Any


class BareInstaller:
    """The installer's image, laid out on a node as a container would have it."""

    def __init__(self, node: Node, image: str) -> None:
        self.node = node
        self._stored: tuple[str, ...] = ()
        node.exec("sh", "-c", _SCRIPT, "sh", image)

    def apply(self, document: NodeDocument) -> None:
        """Fetch and apply, as one Job after the other would."""
        known = document.model_copy(update={"stored": self._stored})
        text = known.model_dump_json(exclude_none=True)
        self.run("fetch", "--document", "-", "--into", _ARTIFACTS, document=text)
        arguments = ("--document", "-", "--artifacts", _ARTIFACTS, "--host-root", "/host")
        done = self.run("apply", *arguments, document=text)
        self._stored = ApplyResult.model_validate_json(json.dumps(done.output)).stored
        self.node.exec("rm", "-rf", f"{_TREE}{_ARTIFACTS}")

    def give_back(self) -> None:
        """Give the node back."""
        self.run("remove", "--host-root", "/host")
        self._stored = ()

    def run(self, *arguments: str, document: str = "") -> Measured:
        """Run one command and measure it from within the node."""
        python = ("/opt/wasmwright/bin/python", "-c", _MEASURE, _INSTALLER)
        told = self.node.exec("chroot", _TREE, *python, *arguments, input=document)
        measured = json.loads(told)
        assert measured["code"] == 0, f"{arguments}: {measured['output']} {measured['errors']}"
        text = measured["output"]
        output = json.loads(text) if text.startswith("{") else text
        return Measured(measured["seconds"], measured["peak_kib"] / 1024, output)


def real_path(node: Node, path: str) -> Path:
    """Return a file of the node as this machine sees it."""
    return node.root / path.lstrip("/")
