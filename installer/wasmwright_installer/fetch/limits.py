"""What a download may cost."""

from dataclasses import dataclass, replace

from wasmwright_installer.contract import Access


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Seconds and bytes."""

    attempts: int = 5
    connect: float = 10.0
    """Seconds until a connection stands."""
    read: float = 30.0
    """Seconds without a byte."""
    total: float = 600.0
    """Seconds for one artifact, all addresses and attempts together."""
    size: int = 1 << 30
    """Bytes of an artifact, and of a binary in it."""
    unpacked: int = 1 << 32
    """Bytes of everything in an archive that has to be read to find the binary."""

    def of(self, access: Access) -> "FetchLimits":
        """Return the limits for an artifact that may have one of its own."""
        return replace(self, size=min(self.size, access.size_limit or self.size))
