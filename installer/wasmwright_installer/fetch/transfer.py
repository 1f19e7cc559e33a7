"""One transfer from one address into a file: resumed, bounded, and what it says when it fails."""

import ssl
import time
from pathlib import Path

import httpx

from wasmwright_installer.fetch.client import Client

_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_DENIED = frozenset({401, 403, 407})
_RANGE_NOT_SATISFIABLE = 416


class TransferError(Exception):
    """An address does not give the artifact: what it says, and what to do."""

    def __init__(
        self,
        said: str,
        advice: str,
        *,
        is_final: bool,
        reason: str = "DownloadFailed",
        status: int = 0,
    ) -> None:
        super().__init__(said)
        self.said = said
        self.advice = advice
        self.is_final = is_final
        """Whether asking again is of no use."""
        self.reason = reason
        self.status = status
        """Of the HTTP answer; 0 = there was none, or it was not about that."""


def transfer(client: Client, url: str, partial: Path, deadline: float) -> None:
    """Download what `partial` does not hold yet of the artifact at `url`.

    Args:
        client: how it is reached.
        url: one address of the artifact.
        partial: the file; what arrived stays in it if the transfer breaks off.
        deadline: by the monotonic clock, in seconds.

    Raises:
        TransferError: the address does not give it.
    """
    have = partial.stat().st_size if partial.exists() else 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    try:
        with client.http.stream("GET", url, headers=headers) as response:
            if response.status_code == _RANGE_NOT_SATISFIABLE and have:
                return
            refuse_status(response.status_code)
            resumes = response.status_code == httpx.codes.PARTIAL_CONTENT
            _receive(response, partial, have if resumes else 0, client.limits.size, deadline)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise failure(error) from error


def _receive(
    response: httpx.Response, partial: Path, size: int, limit: int, deadline: float
) -> None:
    announced = response.headers.get("Content-Length", "")
    _refuse_size(size + (int(announced) if announced.isdecimal() else 0), limit)
    with partial.open("ab" if size else "wb") as file:
        for chunk in response.iter_raw():
            size += len(chunk)
            _refuse_size(size, limit)
            file.write(chunk)
            if time.monotonic() > deadline:
                said = f"is too slow ({size} bytes when the time for it was over)"
                raise TransferError(said, "name a mirror that is nearer", is_final=True)


def refuse_status(status: int) -> None:
    """Raise TransferError for an answer that does not hold the artifact."""
    if status in {httpx.codes.OK, httpx.codes.PARTIAL_CONTENT}:
        return
    is_denied = status in _DENIED
    raise TransferError(
        f"answers with HTTP status {status}",
        "look at the source's credentials" if is_denied else "correct the address",
        is_final=status not in _TRANSIENT,
        status=status,
    )


def _refuse_size(size: int, limit: int) -> None:
    if size > limit:
        raise TransferError(
            f"is larger than {limit} bytes",
            "is it the right file? the limit is the source's sizeLimit or an option of fetch",
            is_final=True,
        )


def failure(error: httpx.HTTPError | httpx.InvalidURL) -> TransferError:
    """Return what an exchange that broke off means."""
    untrusted = _untrusted(error)
    if untrusted is not None:
        return TransferError(
            f"shows a certificate that is not trusted ({untrusted.verify_message})",
            "name its authority in the source's caBundle, or correct the address",
            is_final=True,
        )
    return TransferError(
        f"cannot be downloaded ({type(error).__name__}: {error})",
        "can this node reach it?",
        is_final=not isinstance(error, httpx.TransportError)
        or isinstance(error, httpx.UnsupportedProtocol),
    )


def _untrusted(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error
