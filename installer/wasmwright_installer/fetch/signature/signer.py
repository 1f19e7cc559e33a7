"""What every kind of signer is asked, and what it says when the answer is no."""

from typing import Protocol

from wasmwright_installer.contract import Verify
from wasmwright_installer.errors import ArtifactError
from wasmwright_installer.fetch.files import HandedFiles

INVALID = "SignatureInvalid"
MISSING = "SignatureMissing"
OTHER_SIGNER = "SignerMismatch"


class SignatureError(Exception):
    """A signature that does not count: what it is, and with which reason that is told."""

    def __init__(self, said: str, *, reason: str = INVALID) -> None:
        super().__init__(said)
        self.said = said
        self.reason = reason


class Signer(Protocol):
    """Somebody whose signatures count. What it refuses, it refuses with a SignatureError."""

    @property
    def suffix(self) -> str:
        """What the name of a file's signature has more than the file's."""

    def check_blob(self, signature: bytes, sha256: str) -> None:
        """Refuse a signature file that is not this signer's for bytes with this digest."""

    def statement(self, bundle: bytes) -> tuple[str, bytes]:
        """Return type and bytes of the statement that a bundle proves this signer to have made."""
        ...

    def check_message(self, signature: str, message: bytes) -> None:
        """Refuse a signature, in base64, that is not this signer's for a message."""


def read_signer(runtime: str, verify: Verify, files: HandedFiles) -> Signer:
    """Return whom a source names.

    Raises:
        ArtifactError: the file with the key or the trust root is missing or cannot be used.
    """
    if verify.keyless is None:
        from wasmwright_installer.fetch.signature.key import KeySigner  # noqa: PLC0415

        return KeySigner.read(runtime, verify.key, files)
    from wasmwright_installer.fetch.signature.keyless import KeylessSigner  # noqa: PLC0415

    return KeylessSigner.read(runtime, verify.keyless, files)


def refusal(what: str, problems: list[SignatureError]) -> ArtifactError:
    """Return the error that tells why none of an artifact's signatures counts, or that it has none.

    Args:
        what: the runtime and the artifact.
        problems: what each signature that was found is.
    """
    if not problems:
        return ArtifactError(
            f"{what} has no signature at any of its addresses that answer, and nothing was "
            "unpacked; sign it, or correct the source's verify",
            reason=MISSING,
        )
    worst = max(problems, key=lambda problem: problem.reason == OTHER_SIGNER)
    told = "; ".join(dict.fromkeys(problem.said for problem in problems))
    return ArtifactError(
        f"{what} has no signature that counts, and nothing was unpacked: {told}; sign it anew, or "
        "correct the source's verify",
        reason=worst.reason,
    )
