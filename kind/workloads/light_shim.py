"""A shim to everybody who installs one, in truth a wrapper around crun: nothing to compile.

Its pods are children of runc's shim, so that they survive a restart of containerd. What a real
shim does then, only `real_shim` shows.
"""

from pathlib import Path
from typing import Final

from workloads.artifacts import Artifact, pack

BINARY: Final = "containerd-shim-wasmtest-v1"
SCRIPT: Final = Path(__file__).with_name("light_shim.sh")


def artifact(*, edition: int = 1) -> Artifact:
    """Return the shim as a download."""
    return pack(BINARY, SCRIPT.read_bytes(), edition=edition)
