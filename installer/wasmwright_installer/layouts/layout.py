"""What a row of the table says: how to know a kind of node, what to write, how it is taken."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from wasmwright_installer.config import imports
from wasmwright_installer.config.files import (
    Base,
    FilePlan,
    Handlers,
    Present,
    changes_between,
    without_rendered,
)
from wasmwright_installer.config.tables import RUNTIME_TABLE, table_in_use
from wasmwright_installer.contract import HandlerEntry
from wasmwright_installer.detect.daemon import Daemon


class Activation(StrEnum):
    """How the daemon comes to load changed files."""

    RESTART = "Restart"
    RELOAD = "Reload"
    """The unit reloads: nothing is interrupted."""
    WAIT = "Wait"
    """A supervisor watches the files and does what is needed."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be declared, in which files."""

    present: Present
    base: Base
    handlers: Handlers
    """Every handler that is to be declared for us."""
    defaults: Handlers
    """What the daemon serves without us, to be written out where it would be lost."""
    schema: int
    """The newest schema that the daemon's binary knows."""


class Reader(Protocol):
    """The host's files, as far as finding a configuration goes."""

    def read(self, path: str) -> bytes | None:
        """Return a file's content, or None if there is no such file."""
        ...

    def glob(self, pattern: str) -> list[str]:
        """Return the paths that a glob matches, sorted."""
        ...

    def below(self, folder: str) -> list[str]:
        """Return every file below a directory, in the order of a walk by name."""
        ...


def _nothing(_: str) -> tuple[str, ...]:
    return ()


def _no_caution(_: Daemon) -> str:
    return ""


def _imported(daemon: Daemon, reader: Reader) -> dict[str, bytes]:
    return imports.load_order(daemon.config_path, reader.read, reader.glob)


def _config_dump(daemon: Daemon, tree: Mapping[str, bytes], root: str) -> tuple[str, ...]:
    if daemon.config_path not in tree:
        return ("config", "default")
    return ("-c", f"{root}{daemon.config_path}", "config", "dump")


def _fits(_: HandlerEntry) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Layout:
    """One kind of node."""

    name: str
    """As it is shown to people: `containerd 2.x`, `k3s`."""
    is_for: Callable[[Daemon], bool]
    plan: Callable[[Task], FilePlan]
    """Declare the handlers; called without any only if something must stay."""
    sources: Callable[[str], tuple[str, ...]] = _nothing
    """Main file -> files of which a supervisor makes what the daemon reads, ours among them."""
    rendered: Callable[[str], tuple[str, ...]] = _nothing
    """Main file -> files that a supervisor writes anew, so that no change of ours would last."""
    activation: Activation = Activation.RESTART
    restart_seconds: float = 0.0
    """How long a restart of the unit may take, where more than the daemon restarts with it."""
    caution: Callable[[Daemon], str] = _no_caution
    """What else a restart interrupts, as a sentence; "" = nothing."""
    read: Callable[[Daemon, Reader], dict[str, bytes]] = _imported
    """Every file that the daemon reads, in its order."""
    show: Callable[[Daemon, Mapping[str, bytes], str], tuple[str, ...]] = _config_dump
    """The daemon's files, and the root below which they lie -> the arguments with which its
    executable says how it understands them."""
    show_defaults: tuple[str, ...] = ()
    """The arguments that make it print what the other ones leave out; none = they print all."""
    table: Callable[[Mapping[str, bytes], int], str] = table_in_use
    """Files and major version -> the table whose handlers the daemon takes."""
    misfit: Callable[[HandlerEntry], str] = _fits
    """Why this kind of daemon cannot have a handler; "" = it can."""
    declares_ahead: bool = True
    """Whether the daemon keeps a handler whose binary is not there yet."""
    must_stay: Callable[[Task], bool] = lambda _: False
    """Whether giving the node back would take from others what they have come to rely on."""


def plan_files(layout: Layout, task: Task) -> FilePlan:
    """Plan the files that declare the task's handlers; none at all gives the node back."""
    if task.handlers or layout.must_stay(task):
        return layout.plan(task)
    present, base = task.present, task.base
    after = without_rendered(present, base.tree) | dict(base.sources)
    return FilePlan(
        changes=changes_between(present, base, after),
        tree=base.tree,
        table=RUNTIME_TABLE,
        names=frozenset(),
        reason="nothing is wanted",
        warnings=base.warnings,
    )
