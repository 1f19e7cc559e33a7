"""The circuit breaker: a change that had to be undone is not made again by itself."""

from wasmwright_installer.apply.plan import Planned
from wasmwright_installer.errors import RefusedError
from wasmwright_installer.host.state import State


def refuse_known_failure(state: State, attempt: str, planned: Planned | None) -> None:
    """Refuse a change that had to be undone before, for the same document and the same files.

    Raises:
        RefusedError: with what happened then, and how to have it tried again.
    """
    refused = state.refused
    if planned is None or refused is None:
        return
    if (refused.document, refused.config) == (attempt, planned.identity):
        raise RefusedError(
            f"this change was made before and had to be undone ({refused.message}); "
            "change the document, give it a new retryToken, as the annotation wasmwright.dev/retry "
            "does, or run once with --retry",
            reason="FailedBefore",
        )
