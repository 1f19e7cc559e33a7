"""One download over HTTP: resumed, retried, bounded, and checked before anybody looks into it."""

import hashlib
from pathlib import Path

import httpx
import stamina

from wasmwright_installer.contract import HttpArtifact
from wasmwright_installer.errors import ArtifactError
from wasmwright_installer.fetch.limits import FetchLimits

_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_RANGE_NOT_SATISFIABLE = 416


class _TransientError(Exception):
    """An answer that another attempt may better."""


def download(runtime: str, artifact: HttpArtifact, partial: Path, limits: FetchLimits) -> None:
    """Fill `partial` with an artifact whose digest is right.

    Raises:
        ArtifactError: it cannot be had within the limits, or has another digest. A file with a
            wrong digest is removed, one that is incomplete stays for the next run to resume.
    """
    resumed = partial.exists()
    found = _with_retries(runtime, artifact, partial, limits)
    if found != artifact.sha256 and resumed:
        partial.unlink()
        found = _with_retries(runtime, artifact, partial, limits)
    if found != artifact.sha256:
        partial.unlink()
        raise ArtifactError(
            f"runtime {runtime!r}: {_shown(artifact)} has sha256 {found}, the document says "
            f"{artifact.sha256}; nothing was unpacked, correct the digest or the download",
            reason="DigestMismatch",
        )


def _with_retries(runtime: str, artifact: HttpArtifact, partial: Path, limits: FetchLimits) -> str:
    attempts = stamina.retry_context(
        on=(httpx.TransportError, _TransientError),
        attempts=limits.attempts,
        timeout=limits.total,
        wait_initial=0.5,
        wait_max=10.0,
    )
    try:
        for attempt in attempts:
            with attempt:
                _transfer(runtime, artifact, partial, limits)
    except (httpx.HTTPError, httpx.InvalidURL, _TransientError) as error:
        raise ArtifactError(
            f"runtime {runtime!r}: {_shown(artifact)} cannot be downloaded "
            f"({type(error).__name__}: {error}); can this node reach it?",
            reason="DownloadFailed",
        ) from error
    with partial.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _transfer(runtime: str, artifact: HttpArtifact, partial: Path, limits: FetchLimits) -> None:
    have = partial.stat().st_size if partial.exists() else 0
    timeout = httpx.Timeout(limits.read, connect=limits.connect)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with httpx.stream(
        "GET", artifact.url, headers=headers, timeout=timeout, follow_redirects=True
    ) as response:
        if response.status_code == _RANGE_NOT_SATISFIABLE and have:
            return
        _refuse_status(runtime, artifact, response.status_code)
        resumes = response.status_code == httpx.codes.PARTIAL_CONTENT
        size = have if resumes else 0
        with partial.open("ab" if resumes else "wb") as file:
            for chunk in response.iter_raw():
                size += len(chunk)
                _refuse_size(runtime, artifact, size, limits.size)
                file.write(chunk)


def _refuse_status(runtime: str, artifact: HttpArtifact, status: int) -> None:
    if status in _TRANSIENT:
        raise _TransientError(f"HTTP status {status}")
    if status not in {httpx.codes.OK, httpx.codes.PARTIAL_CONTENT}:
        raise ArtifactError(
            f"runtime {runtime!r}: {_shown(artifact)} answers with HTTP status {status}; "
            "correct the address",
            reason="DownloadFailed",
        )


def _refuse_size(runtime: str, artifact: HttpArtifact, size: int, limit: int) -> None:
    if size > limit:
        raise ArtifactError(
            f"runtime {runtime!r}: {_shown(artifact)} is larger than {limit} bytes; "
            "is it the right file? the limit is an option of fetch",
            reason="DownloadFailed",
        )


def _shown(artifact: HttpArtifact) -> str:
    """The address without what may be secret in it."""
    url = httpx.URL(artifact.url)
    return str(url.copy_with(username=None, password=None, query=None, fragment=None))
