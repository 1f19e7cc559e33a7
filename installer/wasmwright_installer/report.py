"""How a run tells its end: one JSON object on stdout and in the termination log.

The kubelet keeps 4096 bytes of a termination message and cuts the rest, which would leave broken
JSON. So lists and sentences are shortened until the object fits.
"""

from pathlib import Path

from wasmwright_installer.contract import (
    TERMINATION_LOG,
    TERMINATION_LOG_LIMIT,
    ApplyResult,
    ExitCode,
    LeftBehind,
)
from wasmwright_installer.errors import InstallerError, InUseError

_STEPS = ((20, 600), (8, 200), (3, 80), (1, 80), (0, 0))
"""How many entries of a list and how many characters of a sentence are kept, ever fewer."""


def failure(error: InstallerError, document_hash: str = "") -> ApplyResult:
    """Return what a run that was refused or undone says."""
    return ApplyResult(
        exit_code=error.exit_code,
        reason=error.reason,
        message=error.message,
        hash=document_hash,
        blocking_pods=error.pods if isinstance(error, InUseError) else (),
    )


def bug(error: Exception, document_hash: str = "") -> ApplyResult:
    """Return what a run says that ended in a way nobody thought of."""
    return ApplyResult(
        exit_code=ExitCode.BUG,
        reason="Bug",
        message=f"{type(error).__name__}: {error}; this is a defect, please report it",
        hash=document_hash,
    )


def shortened(result: ApplyResult, limit: int = TERMINATION_LOG_LIMIT) -> str:
    """Return a result as JSON of at most `limit` bytes: exit code, reason and hash always stay."""
    candidates = [result, *(_shorter(result, *step) for step in _STEPS), _bare(result)]
    texts = (candidate.model_dump_json() for candidate in candidates)
    return next(text for text in texts if len(text.encode()) <= limit)


def _shorter(result: ApplyResult, kept: int, length: int) -> ApplyResult:
    runtimes = tuple(
        each.model_copy(update={"message": _cut(each.message, length)}) for each in result.runtimes
    )
    return result.model_copy(
        update={
            "message": _cut(result.message, max(length, 200)),
            "runtimes": runtimes,
            "handlers": result.handlers[:kept],
            "blocking_pods": result.blocking_pods[:kept],
            "stored": result.stored[:kept],
            "leftovers": tuple(_fewer(each, kept) for each in result.leftovers),
            "warnings": tuple(_cut(warning, length) for warning in result.warnings[:kept]),
        }
    )


def _fewer(left: LeftBehind, kept: int) -> LeftBehind:
    fewer = {"handlers": left.handlers[:kept], "in_use": left.in_use[:kept]}
    return left.model_copy(update=fewer)


def _bare(result: ApplyResult) -> ApplyResult:
    return ApplyResult(
        exit_code=result.exit_code,
        reason=result.reason[:80],
        message=_cut(result.message, 200),
        hash=result.hash[:64],
        changed=result.changed,
        restarted=result.restarted,
        unavailable_ms=result.unavailable_ms,
        orphans=result.orphans,
    )


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: max(length - 3, 0)]}..." if length else ""


def write_termination_log(result: ApplyResult, path: Path | None) -> None:
    """Write a result where the kubelet reads it; without a path, only if there is such a file."""
    place = path or Path(TERMINATION_LOG)
    if path is not None or place.exists():
        place.write_text(shortened(result))
