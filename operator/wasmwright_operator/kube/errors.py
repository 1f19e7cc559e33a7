"""What can go wrong with an API call, mapped once from HTTP.

ApiError
+-- ConflictError      somebody else was faster: look again and plan anew
|   +-- ExistsError    the object to be created is there already
+-- NotFoundError
+-- ExpiredError       the version or the rest of a list that was asked for is not kept any more
+-- RefusedError       will not be taken as it is: RBAC, admission, validation
+-- RetryableError     may work later
    +-- BudgetError        a PodDisruptionBudget needs the pod
    +-- ThrottledError     the API server said when
    +-- UnavailableError   no answer, or an answer of class 5xx
"""


class ApiError(Exception):
    """An API call without success."""


class ConflictError(ApiError):
    """The object is not in the state that the write was decided on."""


class ExistsError(ConflictError):
    """An object of that name exists."""


class NotFoundError(ApiError):
    """The object does not exist."""


class ExpiredError(ApiError):
    """The API server does not remember so far back: list anew."""


class RefusedError(ApiError):
    """The API server, or an admission policy, will not take this request."""


class RetryableError(ApiError):
    """The same request may succeed later."""

    retry_after: float | None = None
    """Seconds, when the API server said so."""


class BudgetError(RetryableError):
    """A pod may not be evicted now; the message is what its PodDisruptionBudget says."""


class ThrottledError(RetryableError):
    """The API server has too much to do."""

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UnavailableError(RetryableError):
    """The API server cannot be reached or cannot answer."""
