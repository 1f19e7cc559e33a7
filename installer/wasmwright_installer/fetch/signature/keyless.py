"""Signatures by an identity: a certificate of minutes, and a log that shows when it was used.

All is checked offline, against the authorities and logs of a trust root that the source names.
"""

from cryptography.x509 import Certificate, ExtensionNotFound
from sigstore.errors import Error, VerificationError
from sigstore.hashes import Hashed
from sigstore.models import Bundle, TrustedRoot
from sigstore.verify import Verifier
from sigstore.verify.policy import Identity
from sigstore_models.common.v1 import HashAlgorithm
from typing_extensions import override

from wasmwright_installer.contract import Keyless
from wasmwright_installer.fetch.files import HandedFiles, unusable
from wasmwright_installer.fetch.signature.signer import OTHER_SIGNER, SignatureError, Signer

_MALFORMED = (Error, ValueError, ExtensionNotFound)


class _OtherSignerError(Exception):
    """The certificate is good, and somebody else's."""


class _Identity:
    """The policy of the verifier, which tells another identity from all that is wrong besides."""

    def __init__(self, signer: Keyless) -> None:
        self._inner = Identity(identity=signer.identity, issuer=signer.issuer)

    def verify(self, cert: Certificate) -> None:
        try:
            self._inner.verify(cert)
        except (VerificationError, ExtensionNotFound) as error:
            raise _OtherSignerError(str(error)) from error


class KeylessSigner(Signer):
    """An identity that an issuer vouches for."""

    @property
    @override
    def suffix(self) -> str:
        return ".sigstore.json"

    def __init__(self, verifier: Verifier, signer: Keyless) -> None:
        self._verifier = verifier
        self._signer = signer

    @classmethod
    def read(cls, runtime: str, signer: Keyless, files: HandedFiles) -> "KeylessSigner":
        """Read the trust root.

        Raises:
            ArtifactError: the file is missing, or holds none.
        """
        path = files.readable(runtime, signer.trusted_root)
        try:
            return cls(Verifier(trusted_root=TrustedRoot.from_file(str(path))), signer)
        except _MALFORMED as error:
            raise unusable(
                runtime,
                signer.trusted_root,
                "is no trust root (trusted_root.json) that can be used",
            ) from error

    @override
    def check_blob(self, signature: bytes, sha256: str) -> None:
        """Refuse a bundle that is not this identity's for bytes with this digest."""
        hashed = Hashed(algorithm=HashAlgorithm.SHA2_256, digest=bytes.fromhex(sha256))
        try:
            bundle = Bundle.from_json(signature)
            self._verifier.verify_artifact(hashed, bundle, _Identity(self._signer))
        except _OtherSignerError as error:
            raise self._other(error) from error
        except _MALFORMED as error:
            raise _invalid(error) from error

    @override
    def statement(self, bundle: bytes) -> tuple[str, bytes]:
        """Return type and bytes of the statement in a bundle that this identity has signed."""
        try:
            return self._verifier.verify_dsse(Bundle.from_json(bundle), _Identity(self._signer))
        except _OtherSignerError as error:
            raise self._other(error) from error
        except _MALFORMED as error:
            raise _invalid(error) from error

    @override
    def check_message(self, signature: str, message: bytes) -> None:
        """Refuse: a signature without a bundle proves no identity."""
        raise SignatureError("a signature of the older kind cannot be checked offline; use bundles")

    def _other(self, error: _OtherSignerError) -> SignatureError:
        return SignatureError(
            f"a signature is not by {self._signer.identity} of {self._signer.issuer} ({error})",
            reason=OTHER_SIGNER,
        )


def _invalid(error: Exception) -> SignatureError:
    first = (str(error).splitlines() or ["malformed"])[0]
    return SignatureError(f"a signature does not hold ({first})")
