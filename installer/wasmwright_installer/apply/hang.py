"""A start that hangs on what dead shims left behind: found out, and helped on.

It has a branch of its own since undoing the change would not cure it: the next start of the same
daemon, with whatever configuration, would hang on the same bundle.
"""

import time

from wasmwright_installer.apply.host import Host
from wasmwright_installer.detect.hang import container_of, stuck_deletes
from wasmwright_installer.host.commands import run
from wasmwright_installer.host.processes import deletes

_PAUSE = 0.5
"""Seconds between two looks."""
_MOST = 64
"""Processes that are ended at most, two for a bundle."""


class HangingStart:
    """Watches one restart; a bundle after another is helped over, since they hang one by one."""

    def __init__(self, host: Host, unit: str) -> None:
        self._host = host
        self._unit = unit
        self._next = time.monotonic() + host.limits.hang
        self._ended: dict[int, str] = {}
        self.extra = 0.0
        """Seconds that the restart gets on top, since it goes on."""

    def look(self) -> None:
        """If the start has taken too long, end what holds it up."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _PAUSE
        if len(self._ended) >= _MOST or not self._is_activating():
            return
        for process in stuck_deletes(deletes(self._host.files)):
            limit = self._host.limits.command
            run(self._host.commands, "sh", "-c", f"kill -9 {process.pid}", timeout=limit)
            self._ended[process.pid] = container_of(process)
            self.extra = min(self.extra + self._host.limits.hang, self._host.limits.restart)

    def _is_activating(self) -> bool:
        asked = ("systemctl", "show", "--property=ActiveState", self._unit)
        done = run(self._host.commands, *asked, timeout=self._host.limits.command)
        return done.stdout.strip() == "ActiveState=activating"

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was done, for people."""
        if not self._ended:
            return ()
        containers = sorted({name[:12] for name in self._ended.values()})
        told = (
            f"the start of {self._unit} hung on what dead shims had left of containers "
            f"{', '.join(containers)}; the {len(self._ended)} processes that held it up were ended"
        )
        return (told,)
