"""What the switch noted when it fired, one line for each thing that it did."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a change whose run did not end."""

    activated: bool = False
    """Whether the daemon was told to load the files of before: until then it had loaded them, and
    nothing of the change ever took effect."""
    foreign: tuple[str, ...] = ()
    """Files that somebody else had edited since."""
    freed: int = 0
    """Processes that held up the daemon's start and were ended."""
    failed: str = ""
    """The unit's state, if it did not come back."""


def parse_verdict(text: str, journal: str) -> Verdict:
    """Read the notes of a switch; those of another change than this journal's say nothing."""
    first, *lines = text.splitlines() or [""]
    if first != f"journal {journal}":
        return Verdict()
    notes = [line.partition(" ") for line in lines]
    return Verdict(
        activated=any(word == "activate" for word, _, _ in notes),
        foreign=tuple(rest for word, _, rest in notes if word in {"foreign", "unrestored"}),
        freed=sum(word == "freed" for word, _, _ in notes),
        failed=next((rest for word, _, rest in reversed(notes) if word == "failed"), ""),
    )
