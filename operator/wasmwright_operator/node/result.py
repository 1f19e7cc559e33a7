"""The installer's last words, as a container's termination message or a pod keeps them."""

from pydantic import ValidationError

from wasmwright_installer.contract import ApplyResult


def read_result(message: str) -> ApplyResult | None:
    """Return what the installer said, also a later one than we know; None = nothing to be read."""
    try:
        return ApplyResult.model_validate_json(message, extra="ignore")
    except ValidationError:
        return None
