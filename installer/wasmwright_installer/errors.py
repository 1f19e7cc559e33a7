"""Why a run stops: one class per exit code, so that a caller decides by the code alone.

InstallerError
├── UnsupportedNodeError    10  this kind of node is changed in another way, or not at all
├── ConflictError           11  somebody else's configuration stands where ours would go
├── BadDocumentError        12  the document cannot be read or contradicts itself
├── WrongNodeError          13  the document is for another machine
├── ArtifactError           20  a binary cannot be had, or is not what it should be
├── RefusedError            30  the change was not made; the host is as it was
├── RolledBackError         31  the change was made, failed, and was undone
├── RollbackFailedError     32  the change was made, failed, and could not be undone
├── InUseError              40  pods would be lost
└── LockedError             50  another run holds the node
"""

from typing import ClassVar

from wasmwright_installer.contract import ExitCode


class InstallerError(Exception):
    """A run that cannot reach its goal: a sentence for people and one word for conditions."""

    exit_code: ClassVar[ExitCode] = ExitCode.BUG

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason


class UnsupportedNodeError(InstallerError):
    """This kind of node is changed in another way, or not at all; nothing was written."""

    exit_code = ExitCode.UNSUPPORTED


class ConflictError(InstallerError):
    """Somebody else's configuration stands where ours would go; nothing was written."""

    exit_code = ExitCode.CONFLICT


class BadDocumentError(InstallerError):
    """The document cannot be read or contradicts itself."""

    exit_code = ExitCode.BAD_DOCUMENT


class WrongNodeError(InstallerError):
    """The document is for another machine."""

    exit_code = ExitCode.WRONG_NODE


class ArtifactError(InstallerError):
    """A binary cannot be had, or is not what it should be."""

    exit_code = ExitCode.ARTIFACT


class RefusedError(InstallerError):
    """The change was not made: the host is as it was."""

    exit_code = ExitCode.REFUSED


class RolledBackError(InstallerError):
    """The change was made, the container runtime did not accept it, and it was undone."""

    exit_code = ExitCode.ROLLED_BACK


class RollbackFailedError(InstallerError):
    """The change failed and could not be undone: somebody must look at this node."""

    exit_code = ExitCode.ROLLBACK_FAILED


class InUseError(InstallerError):
    """Pods would be lost."""

    exit_code = ExitCode.IN_USE

    def __init__(self, message: str, *, reason: str, pods: tuple[str, ...]) -> None:
        super().__init__(message, reason=reason)
        self.pods = pods


class LockedError(InstallerError):
    """Another run holds the node."""

    exit_code = ExitCode.LOCKED
