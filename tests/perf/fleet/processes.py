"""CPU and memory of a process, as the kernel counts them."""

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_USER, _SYSTEM = 11, 12
"""Fields of /proc/PID/stat, counted from behind the name."""


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the CPU seconds that processes have used; one that has ended counts as none."""
    return sum(map(_cpu_seconds, pids))


def peak_rss_mb(pid: int) -> float:
    """Return the most memory that a process has ever had resident, in MB."""
    found = re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found is not None
    return round(int(found[1]) / 1024, 1)


def load() -> float:
    """Return the load average of the last minute."""
    return round(os.getloadavg()[0], 1)


def _cpu_seconds(pid: int) -> float:
    with suppress(FileNotFoundError, ProcessLookupError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[_USER]) + int(fields[_SYSTEM])) / _TICKS
    return 0.0
