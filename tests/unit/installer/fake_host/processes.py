"""Processes of the host, as the kernel shows them."""

from pathlib import Path

DAEMON_PID, KUBELET_PID = 150, 180


def played_start(root: Path, number: int) -> None:
    """The daemon's process, as the kernel shows when it was started."""
    fields = " ".join(["S", "1", *("0" for _ in range(17)), str(1000 + number), "0"])
    place = root / f"proc/{DAEMON_PID}/stat"
    place.write_text(f"{DAEMON_PID} (contain) erd) {fields}\n")
