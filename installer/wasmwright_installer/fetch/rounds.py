"""How often a set of addresses is asked anew."""

from collections.abc import Iterator

import stamina

from wasmwright_installer.fetch.limits import FetchLimits


class TryAgainError(Exception):
    """No address gave what is wanted in this round, and another round may be better."""


def rounds(limits: FetchLimits) -> Iterator[stamina.Attempt]:
    """Yield attempts, further and further apart, as long as one ends with `TryAgainError`.

    Raises:
        TryAgainError: the last round that the limits allow has ended so, too.
    """
    return iter(
        stamina.retry_context(
            on=TryAgainError,
            attempts=limits.attempts,
            timeout=limits.total,
            wait_initial=0.5,
            wait_max=10.0,
        )
    )
