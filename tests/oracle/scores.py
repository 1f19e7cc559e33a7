"""How many cases each daemon has judged, and how many of them well: the table at the end."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from rich.console import Console
from rich.table import Table

Score = Callable[..., None]
"""Called by a test with the row, the daemon and the number of cases that it stands for."""

PROPERTY: Final = "oracle"


@dataclass(slots=True)
class Scores:
    """Cases by row and daemon."""

    daemons: tuple[str, ...]
    passed: Counter[tuple[str, str]] = field(default_factory=Counter)
    failed: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, properties: Iterable[tuple[str, object]], *, passed: bool) -> None:
        """Count what a test that has ended said of itself."""
        for name, value in properties:
            if name == PROPERTY and isinstance(value, tuple):
                row, daemon, cases = value
                (self.passed if passed else self.failed)[row, daemon] += cases

    def show(self, console: Console) -> None:
        """Print the table; nothing if no case was run."""
        cells = self.passed + self.failed
        if not cells:
            return
        asked = [name for name in self.daemons if any(daemon == name for _, daemon in cells)]
        table = Table("", *asked, title="containerd's own judgement: cases passed")
        for row in sorted({row for row, _ in cells}, key=str.casefold):
            table.add_row(row, *(self._cell(row, daemon) for daemon in asked))
        table.add_section()
        table.add_row("all", *(str(self._sum(self.passed, daemon)) for daemon in asked))
        console.print(table)
        console.print(
            f"{self.passed.total()} of {cells.total()} cases passed, by {len(asked)} daemons"
        )

    def _cell(self, row: str, daemon: str) -> str:
        passed, failed = self.passed[row, daemon], self.failed[row, daemon]
        if failed:
            return f"[red]{passed} of {passed + failed}[/]"
        return str(passed) if passed else "-"

    @staticmethod
    def _sum(cells: Counter[tuple[str, str]], daemon: str) -> int:
        return sum(cases for (_, name), cases in cells.items() if name == daemon)
