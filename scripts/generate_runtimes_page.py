"""Write the tables of `docs/runtimes.md` from the catalogue and from what tests show."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from support.evidence import CONTAINERD, Evidence, read_evidence
from wasmwright_operator.catalogue import Entry, Status, parse_entry
from wasmwright_operator.catalogue.pods import NativeEnvironment

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/runtimes.md"
BEGIN, END = "<!-- generated: begin -->\n", "<!-- generated: end -->\n"
CRIO = "CRI-O"
INSTALL, MIXED, ENVIRONMENT, EXEC, METRICS = (
    "install",
    "mixed pods",
    "environment",
    "exec",
    "metrics",
)
HEADER = ("runtime", "on", INSTALL, "image forms", MIXED, ENVIRONMENT, EXEC, METRICS)
_ENVIRONMENT = {
    NativeEnvironment.INTACT: "kept",
    NativeEnvironment.LOST: "lost",
    NativeEnvironment.UNKNOWN: "not known",
}
_METRICS = {True: "yes", False: "no", None: "not known"}


@dataclass(frozen=True, slots=True)
class Seen:
    """What tests have shown, as signs for cells."""

    evidence: tuple[Evidence, ...]

    def sign(self, entry: Entry, place: str, aspect: str) -> str:
        """Return the sign of one claim: T = tested here, L = layout tested, D = documentation."""
        shown = any(
            found.runtime == entry.id and aspect in found.aspects and place in found.places
            for found in self.evidence
        )
        if not shown:
            return "D"
        return "L" if place == CRIO else "T"


def catalogue(folder: Path) -> list[Entry]:
    """Return all entries but the template, the current ones first."""
    entries = [parse_entry(path.stem, path.read_text()) for path in sorted(folder.glob("*.yaml"))]
    known = [entry for entry in entries if entry.status is not Status.TEMPLATE]
    return sorted(known, key=lambda entry: entry.status is not Status.CURRENT)


def render(entries: Iterable[Entry], evidence: Iterable[Evidence]) -> str:
    """Return the generated part of the page."""
    entries, evidence = list(entries), tuple(evidence)
    return "\n".join((*_matrix(entries, Seen(evidence)), "", *_tests(evidence), ""))


def _matrix(entries: list[Entry], seen: Seen) -> Iterator[str]:
    yield from _table_head(HEADER)
    for entry in entries:
        for place in _places(entry):
            yield _line(_row(entry, place, seen))


def _places(entry: Entry) -> Iterator[str]:
    if entry.container_runtimes.containerd is not None:
        yield from CONTAINERD
    if entry.container_runtimes.crio is not None:
        yield CRIO


def _row(entry: Entry, place: str, seen: Seen) -> tuple[str, ...]:
    def cell(claim: str, aspect: str) -> str:
        return f"{claim} {seen.sign(entry, place, aspect)}"

    mixed = entry.mixed_pods
    facts = (
        (_ENVIRONMENT[entry.native_env(entry.releases[0])], ENVIRONMENT),
        ("yes" if mixed.exec else "no", EXEC),
    )
    natives = [cell(*fact) for fact in facts] if mixed.supported else ["-", "-"]
    return (
        f"[{entry.id}](../deploy/catalogue/{entry.id}.yaml)",
        place,
        cell("yes", INSTALL),
        ", ".join(cell(form, form) for form in entry.images),
        cell("yes" if mixed.supported else "no", MIXED),
        *natives,
        cell(_METRICS[entry.pod_metrics], METRICS),
    )


def _tests(evidence: tuple[Evidence, ...]) -> Iterator[str]:
    yield from _table_head(("runtime", "shown", "on", "by"))
    for found in sorted(evidence, key=lambda found: (found.runtime, found.test)):
        aspects, places = ", ".join(found.aspects), ", ".join(found.places)
        yield _line((found.runtime, aspects, places, f"`{found.test}`"))


def _table_head(names: tuple[str, ...]) -> Iterator[str]:
    yield _line(names)
    yield _line(("---",) * len(names))


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def wanted(page: str) -> str:
    """Return the page with its generated part as it should be."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    part = render(catalogue(ROOT / "deploy/catalogue"), read_evidence(ROOT / "tests"))
    return f"{before}{BEGIN}{part}{END}{after}"


def main() -> int:
    """Write the page, or with --check return 1 if it is out of date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 on drift")
    page = PAGE.read_text()
    if parser.parse_args().check:
        if page != wanted(page):
            print(f"{PAGE.name} is out of date: run make pages", file=sys.stderr)
        return int(page != wanted(page))
    PAGE.write_text(wanted(page))
    return 0


if __name__ == "__main__":
    sys.exit(main())
