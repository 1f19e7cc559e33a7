"""Small files of which nobody has told the digest: who signed them is what makes them count."""

import time
from collections.abc import Iterable
from pathlib import Path

import httpx

from wasmwright_installer.errors import ArtifactError
from wasmwright_installer.fetch.client import Client, shown
from wasmwright_installer.fetch.rounds import TryAgainError, rounds
from wasmwright_installer.fetch.transfer import TransferError, transfer

_ABSENT = frozenset({httpx.codes.NOT_FOUND, httpx.codes.GONE})


def look_up(client: Client, addresses: Iterable[str], scratch: Path) -> bytes | None:
    """Return a file from the first address that has it; None = of those that answer, nobody has.

    A mirror that says so is believed without waiting for one that does not answer, since whoever
    asks here goes without the artifact then.

    Args:
        client: how they are reached, and how large the file may be.
        addresses: of the same file, in order.
        scratch: where it may grow.

    Raises:
        ArtifactError: no address says either.
    """
    said: dict[str, TransferError | None] = dict.fromkeys(addresses)
    deadline = time.monotonic() + client.limits.total
    try:
        for attempt in rounds(client.limits):
            with attempt:
                return _ask_all(client, said, scratch, deadline)
    except TryAgainError as error:
        raise _failed(client, said) from error
    raise AssertionError  # a round returns or raises


def _ask_all(
    client: Client, said: dict[str, TransferError | None], scratch: Path, deadline: float
) -> bytes | None:
    for url, before in said.items():
        if before is not None and before.is_final:
            continue
        scratch.unlink(missing_ok=True)
        try:
            transfer(client, url, scratch, deadline)
            return scratch.read_bytes()
        except TransferError as error:
            said[url] = error
        finally:
            scratch.unlink(missing_ok=True)
    problems = [error for error in said.values() if error is not None]
    if any(error.status in _ABSENT for error in problems):
        return None
    if all(error.is_final for error in problems):
        raise _failed(client, said)
    raise TryAgainError


def _failed(client: Client, said: dict[str, TransferError | None]) -> ArtifactError:
    problems = {url: error for url, error in said.items() if error is not None}
    told = "; ".join(f"{shown(url)} {error.said}" for url, error in problems.items())
    advice = next(error.advice for error in problems.values())
    return ArtifactError(
        f"runtime {client.runtime!r}: its signature cannot be had: {told}; {advice}",
        reason="DownloadFailed",
    )
