"""One artifact from the first of its addresses that gives it, checked before anybody looks in."""

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path

from wasmwright_installer.errors import ArtifactError
from wasmwright_installer.fetch.client import Client, shown
from wasmwright_installer.fetch.rounds import TryAgainError, rounds
from wasmwright_installer.fetch.transfer import TransferError, transfer


def download(client: Client, addresses: Sequence[str], sha256: str, partial: Path) -> str:
    """Fill `partial` with the artifact that has this digest, and return its digest.

    All addresses are asked in their order, again and again; one that gives a final answer, or other
    bytes, is left out from then on. What one address gave of the artifact the next one completes.
    Where no digest is known (""), whatever the first one gives is the artifact, as a whole.

    Raises:
        ArtifactError: it cannot be had within the limits. A file with a wrong digest is removed,
            one that is incomplete stays for the next run to resume.
    """
    search = _Search(client, addresses, sha256, partial)
    try:
        for attempt in rounds(client.limits):
            with attempt:
                found = search.ask_all()
    except TryAgainError as error:
        raise search.failed() from error
    return found


class _Search:
    """What the addresses of one artifact have said so far."""

    def __init__(
        self, client: Client, addresses: Sequence[str], sha256: str, partial: Path
    ) -> None:
        self._client = client
        self._sha256 = sha256
        self._partial = partial
        self._deadline = time.monotonic() + client.limits.total
        self._said: dict[str, TransferError | None] = dict.fromkeys(addresses)

    def ask_all(self) -> str:
        """Ask each address once that may still give the artifact; return its digest."""
        for url, said in self._said.items():
            if said is not None and said.is_final:
                continue
            try:
                return self._ask(url)
            except TransferError as error:
                self._said[url] = error
        if all(said is not None and said.is_final for said in self._said.values()):
            raise self.failed()
        raise TryAgainError

    def failed(self) -> ArtifactError:
        """Return the error that tells of all addresses."""
        problems = {url: said for url, said in self._said.items() if said is not None}
        told = "; ".join(f"{shown(url)} {said.said}" for url, said in problems.items())
        many = f"none of {len(problems)} addresses gives the artifact: "
        worst = max(problems.values(), key=lambda said: said.reason == "DigestMismatch")
        return ArtifactError(
            f"runtime {self._client.runtime!r}: {many if len(problems) > 1 else ''}{told}; "
            f"{worst.advice}",
            reason=worst.reason,
        )

    def _ask(self, url: str) -> str:
        """Complete the file and check it; a wrong end on an old beginning gets a second chance."""
        if not self._sha256:
            self._partial.unlink(missing_ok=True)
            return self._transfer(url)
        resumed = self._partial.exists()
        found = self._transfer(url)
        if found != self._sha256 and resumed:
            self._partial.unlink()
            found = self._transfer(url)
        if found != self._sha256:
            self._partial.unlink()
            raise TransferError(
                f"has sha256 {found}, the document says {self._sha256}, nothing was unpacked",
                "correct the digest or the download",
                is_final=True,
                reason="DigestMismatch",
            )
        return found

    def _transfer(self, url: str) -> str:
        transfer(self._client, url, self._partial, self._deadline)
        with self._partial.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
