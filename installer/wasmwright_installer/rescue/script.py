"""What is particular to one change, written before the part that is the same for all."""

import math
import shlex
from dataclasses import dataclass

from wasmwright_installer.layouts.layout import Activation


@dataclass(frozen=True, slots=True)
class Step:
    """A file or a symlink, with what it was and what we made of it: digests, or targets."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Rescue:
    """Everything that the way back needs to know."""

    state: str
    """The directory that holds the journal and the bytes of before."""
    lock: str
    journal: str
    """Digest of the journal: the script serves this one change and no other."""
    unit: str
    activation: Activation
    daemon: int
    """Process id of the daemon before the change."""
    started: str
    """When that process was started, as /proc says it."""
    files: tuple[Step, ...]
    links: tuple[Step, ...]
    folders: tuple[str, ...]
    """Directories that the change makes, outermost first."""
    restart: float
    """Seconds until a restart counts as failed."""
    hang: float
    """Seconds after which a start is looked into."""
    patience: float
    """Seconds for which a run that holds the lock is waited for."""
    proc: str = "/proc"


def render(rescue: Rescue, body: str) -> str:
    """Return the script that undoes a change, in the opposite order of its writes."""
    values = {
        "STATE": rescue.state,
        "LOCK": rescue.lock,
        "JOURNAL": rescue.journal,
        "UNIT": rescue.unit,
        "ACTIVATION": rescue.activation.value,
        "DAEMON": str(rescue.daemon),
        "STARTED": rescue.started,
        "PROC": rescue.proc,
        "RESTART": str(math.ceil(rescue.restart)),
        "HANG": str(math.ceil(rescue.hang)),
        "PATIENCE": str(math.ceil(rescue.patience)),
    }
    settings = "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items())
    steps = "".join(f"    {line}\n" for line in (*_steps(rescue), ":"))
    return (
        "#!/bin/sh\n"
        "# The dead man's switch of wasmwright-installer: undoes one change of this host, if the\n"
        "# run that makes it does not end.\n"
        f"{settings}\nsteps() {{\n{steps}}}\n\n{body}"
    )


def _steps(rescue: Rescue) -> tuple[str, ...]:
    return (
        *(_line("file", *_step(each)) for each in reversed(rescue.files)),
        *(_line("link", *_step(each)) for each in rescue.links),
        *(_line("folder", path) for path in reversed(rescue.folders)),
    )


def _step(step: Step) -> tuple[str, str, str]:
    return (step.path, step.before or "", step.after or "")


def _line(*words: str) -> str:
    return shlex.join(words)
