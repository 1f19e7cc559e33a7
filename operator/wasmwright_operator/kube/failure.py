"""What an answer without success means: HTTP codes and `Status` objects as our errors."""

import json
from collections.abc import Mapping
from typing import Final

from wasmwright_operator.kube.errors import (
    ApiError,
    BudgetError,
    ConflictError,
    ExistsError,
    ExpiredError,
    NotFoundError,
    RefusedError,
    ThrottledError,
    UnavailableError,
)
from wasmwright_operator.kube.port import Raw

_DEFAULT_RETRY_AFTER: Final = 1.0
_BAD_REQUEST: Final = 400
_UNPROCESSABLE: Final = 422
_TOO_MANY: Final = 429
_SERVER_ERROR: Final = 500
_BY_CODE: Final[dict[int, type[ApiError]]] = {
    401: UnavailableError,  # a token may have been rotated just now
    404: NotFoundError,
    409: ConflictError,
    410: ExpiredError,
}


def is_failure(status: int) -> bool:
    """Tell whether an answer's code means that nothing was done."""
    return status >= _BAD_REQUEST


def failure(
    method: str, path: str, status: int, text: bytes, headers: Mapping[str, str]
) -> ApiError:
    """Return the error that an answer stands for."""
    reason, said = _reason_and_message(text)
    message = f"{method} {path}: HTTP {status} {reason}: {said}"
    if status == _TOO_MANY:
        budget = _budget(text)
        return BudgetError(budget) if budget else ThrottledError(message, _retry_after(headers))
    if reason == "AlreadyExists":
        return ExistsError(message)
    if status >= _SERVER_ERROR:
        return UnavailableError(message)
    if _is_failed_test(method, status, said):
        return ConflictError(message)
    return _BY_CODE.get(status, RefusedError)(message)


def failure_in_stream(path: str, told: Raw) -> ApiError:
    """Return the error that the `Status` in an ERROR event of a watch stands for."""
    status = int(told.get("code") or _SERVER_ERROR)
    after = (told.get("details") or {}).get("retryAfterSeconds")
    headers = {"Retry-After": str(after)} if after else {}
    return failure("WATCH", path, status, json.dumps(told).encode(), headers)


def _budget(text: bytes) -> str:
    """Return what a PodDisruptionBudget says, if it is one that does not allow a request."""
    try:
        causes = json.loads(text)["details"]["causes"]
        return "; ".join(it["message"] for it in causes if it["reason"] == "DisruptionBudget")
    except (ValueError, KeyError, TypeError):
        return ""


def _is_failed_test(method: str, status: int, said: str) -> bool:
    """A JSON patch that cannot be applied to the object as it is now says so with 422."""
    is_unprocessable = method == "PATCH" and status == _UNPROCESSABLE
    return is_unprocessable and "the server rejected our request" in said


def _reason_and_message(text: bytes) -> tuple[str, str]:
    try:
        answer = json.loads(text)
        return answer.get("reason", ""), answer.get("message", "")
    except (ValueError, AttributeError):
        return "", text[:200].decode(errors="replace")


def _retry_after(headers: Mapping[str, str]) -> float:
    try:
        return float(headers.get("Retry-After", _DEFAULT_RETRY_AFTER))
    except ValueError:
        return _DEFAULT_RETRY_AFTER
