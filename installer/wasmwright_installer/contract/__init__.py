"""What the operator and the installer say to each other: the document, the result, the exit codes.

A leaf: it imports nothing of ours. The operator imports it, never the other way round.
Everything in here is part of the API between two images of possibly different versions, so fields
are only ever added, with a default that means what an older peer did.
"""

from wasmwright_installer.contract.access import Access, HeaderAuth, ProxyServer
from wasmwright_installer.contract.document import (
    FILE_NAME_PATTERN,
    HANDLER_PATTERN,
    NO_PART_OF_IDENTITY,
    HandlerEntry,
    NodeDocument,
    NodeIdentity,
    OptionValue,
    PredecessorName,
    RuntimeEntry,
    RuntimeType,
    WasmPods,
    desired_hash,
)
from wasmwright_installer.contract.fetched import MANIFEST, FetchedBinary, Manifest
from wasmwright_installer.contract.handed import HANDED_FILE_PATTERN
from wasmwright_installer.contract.model import Model
from wasmwright_installer.contract.report import (
    ChangedFile,
    HandlerStatus,
    HostStatus,
    Leftovers,
    NodeReport,
    PlanReport,
)
from wasmwright_installer.contract.result import (
    ADOPTABLE,
    TERMINATION_LOG,
    TERMINATION_LOG_LIMIT,
    ApplyResult,
    ExitCode,
    LeftBehind,
    RuntimeResult,
    RuntimeState,
)
from wasmwright_installer.contract.source import (
    IMAGE_FILE,
    OCI_REFERENCE_PATTERN,
    OCI_REPOSITORY_PATTERN,
    HostBinary,
    HttpArtifact,
    ImageArtifact,
    OciArtifact,
    Probe,
    Source,
)
from wasmwright_installer.contract.verify import Keyless, Verify

__all__ = [
    "ADOPTABLE",
    "FILE_NAME_PATTERN",
    "HANDED_FILE_PATTERN",
    "HANDLER_PATTERN",
    "IMAGE_FILE",
    "MANIFEST",
    "NO_PART_OF_IDENTITY",
    "OCI_REFERENCE_PATTERN",
    "OCI_REPOSITORY_PATTERN",
    "TERMINATION_LOG",
    "TERMINATION_LOG_LIMIT",
    "Access",
    "ApplyResult",
    "ChangedFile",
    "ExitCode",
    "FetchedBinary",
    "HandlerEntry",
    "HandlerStatus",
    "HeaderAuth",
    "HostBinary",
    "HostStatus",
    "HttpArtifact",
    "ImageArtifact",
    "Keyless",
    "LeftBehind",
    "Leftovers",
    "Manifest",
    "Model",
    "NodeDocument",
    "NodeIdentity",
    "NodeReport",
    "OciArtifact",
    "OptionValue",
    "PlanReport",
    "PredecessorName",
    "Probe",
    "ProxyServer",
    "RuntimeEntry",
    "RuntimeResult",
    "RuntimeState",
    "RuntimeType",
    "Source",
    "Verify",
    "WasmPods",
    "desired_hash",
]
