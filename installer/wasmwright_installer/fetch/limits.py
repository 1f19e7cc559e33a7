"""What a download may cost."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Seconds and bytes."""

    attempts: int = 5
    connect: float = 10.0
    """Seconds until a connection stands."""
    read: float = 30.0
    """Seconds without a byte."""
    total: float = 600.0
    """Seconds for one artifact, all attempts together."""
    size: int = 1 << 30
    """Bytes of an artifact, and of a binary in it."""
