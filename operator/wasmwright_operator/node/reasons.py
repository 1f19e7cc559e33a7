"""Words and advice for the ends of runs that the installer itself could not tell of."""

from typing import Final

from wasmwright_installer.contract import ExitCode

SMOKE_TEST_FAILED: Final = "SmokeTestFailed"
"""The installer proved that the node serves a handler, but wasm did not run in it."""

REASONS: Final = {
    ExitCode.UNSUPPORTED: "UnsupportedNode",
    ExitCode.CONFLICT: "HandlerConflict",
    ExitCode.BAD_DOCUMENT: "BadDocument",
    ExitCode.WRONG_NODE: "WrongNode",
    ExitCode.ARTIFACT: "ArtifactFailed",
    ExitCode.REFUSED: "RefusedByValidation",
    ExitCode.ROLLED_BACK: "RolledBack",
    ExitCode.ROLLBACK_FAILED: "RollbackFailed",
    ExitCode.IN_USE: "PodsInUse",
    ExitCode.LOCKED: "Locked",
    ExitCode.BUG: "InstallerBug",
}
"""Reasons for when only the exit code is left of a result."""

KILLED: Final = frozenset({128, 137, 143, 255})
"""Signals 9 and 15, and what a container runtime says of containers that it lost."""
UNEXPLAINED: Final = frozenset({"", "Error", "Unknown", "ContainerStatusUnknown"})
EVICTIONS: Final = frozenset({"Evicted", "Preempting", "Terminated", "NodeShutdown", "NodeLost"})
DISRUPTED: Final = "has condition DisruptionTarget"
NEXT_READS: Final = "the next run reads what was left on the node and goes on from there"
ADMISSION: Final = (
    "check that the operator's namespace may run privileged pods (label"
    " pod-security.kubernetes.io/enforce=privileged), its quota, and policies of admission webhooks"
)
IMAGE: Final = (
    "check image and pull secrets, of the chart's installer or of the runtime's source, and that"
    " the node reaches the registry"
)
ADVICE: Final = {
    "ImagePullBackOff": IMAGE,
    "ErrImageNeverPull": IMAGE,
    "InvalidImageName": "correct the chart's installer image, or the runtime's source",
    "OOMKilled": "raise the memory of the Job's containers in the chart's Job template",
    "CreateContainerConfigError": "check volumes and security context of the Job template",
}
"""What to do, where the reason alone does not say it."""
