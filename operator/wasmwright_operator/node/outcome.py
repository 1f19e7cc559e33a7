"""How far a run is, and how it ended: what observation and conclusion say to each other."""

from dataclasses import dataclass
from datetime import datetime

from wasmwright_installer.contract import ApplyResult, ExitCode


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a run."""

    reason: str
    message: str
    exit_code: int | None = None
    result: ApplyResult | None = None
    blocking_pods: tuple[str, ...] = ()
    """`namespace/name` of pods for whose sake it did not start."""
    must_stop_job: bool = False
    """Whether the Job could still do something and must go before another run."""

    @property
    def is_success(self) -> bool:
        """Whether the installer said that it reached its goal."""
        return self.exit_code == ExitCode.DONE and self.result is not None


@dataclass(frozen=True, slots=True)
class Underway:
    """A run that has not ended."""

    note: str
    look_again: datetime | None = None


@dataclass(frozen=True, slots=True)
class NotStarted:
    """A run without a Job."""


Progress = Outcome | Underway | NotStarted
