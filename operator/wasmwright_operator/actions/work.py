"""What is asked of our own Jobs and pods, the runs of the installer and smoke tests."""

from dataclasses import dataclass

from wasmwright_installer.contract import ApplyResult, NodeDocument
from wasmwright_operator.api.wasmnode import SmokeTest
from wasmwright_operator.records import RunKey


@dataclass(frozen=True, slots=True)
class CreateJob:
    """Run the installer on a node."""

    node: str
    run: RunKey
    document: NodeDocument


@dataclass(frozen=True, slots=True)
class DeleteJob:
    """Stop a run that cannot succeed any more."""

    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class CreateSmokeTest:
    """Create the pod of a smoke test."""

    node: str
    run: RunKey
    test: SmokeTest
    is_oci_runtime: bool
    """Whether the pod has to say that it holds wasm."""
    result: ApplyResult
    """What the installer said: the pod keeps it for whoever reads how the test ended."""


@dataclass(frozen=True, slots=True)
class ReadWarnings:
    """Ask the API server what was told about the pod of a smoke test; no Event is watched."""

    node: str
    pod: str
    uid: str


@dataclass(frozen=True, slots=True)
class DeletePod:
    """Remove the pod of a smoke test."""

    name: str
    uid: str
