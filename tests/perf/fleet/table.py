"""Print the table of docs/scale.md: `python -m perf.fleet.table FILE...`.

Each file holds what one run of the benchmark wrote to standard output.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from perf.fleet.targets import ROWS

Totals = dict[str, Any]


@click.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, path_type=Path))
def main(files: tuple[Path, ...]) -> None:
    """Print the totals of some runs beside what they are to be, as Markdown."""
    click.echo("\n".join(table([_totals(file) for file in files])))


def table(runs: Iterable[Totals]) -> Iterator[str]:
    """Yield the lines of a table with a column for each run."""
    given = tuple(runs)
    yield _line("", "", *map(_head, given), "to be")
    yield _line(*["---"] * (len(given) + 3))
    for row in ROWS:
        figures = (f"**{it[row.key]}**" if row.is_missed(it) else str(it[row.key]) for it in given)
        yield _line(row.number, row.words, *figures, row.goal)
    loads = (f"{it['load_at_floor']}, {it['load_at_rollout']}" for it in given)
    yield _line("", "load average at floor and rollout", *loads, "")


def _head(totals: Totals) -> str:
    return f"{totals['nodes']} x {totals['runtimes']}, {round(totals['node_bytes'] / 1000)} kB"


def _totals(file: Path) -> Totals:
    totals: Totals = json.loads(file.read_text().splitlines()[-1])
    return totals


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
