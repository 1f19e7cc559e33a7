"""What `plan` and `status` print."""

from typing import Literal

from pydantic import Field

from wasmwright_installer.contract.document import PredecessorName
from wasmwright_installer.contract.model import Model
from wasmwright_installer.contract.result import ExitCode


class ChangedFile(Model):
    """A file that a run would write, create or delete."""

    path: str
    diff: str
    """Unified; a file that does not exist is /dev/null."""


class Leftovers(Model):
    """What a predecessor left on the node."""

    predecessor: PredecessorName
    handlers: dict[str, str] = Field(default={})
    """Handlers that it declared -> file and line."""
    templates: tuple[str, ...] = ()
    """Copies of a rendered configuration that it made a template: they fill nothing in."""
    files: tuple[str, ...] = ()
    """Binaries, and symlinks elsewhere that lead to them."""
    notes: tuple[str, ...] = ()
    """Its lock files and markers."""
    folders: tuple[str, ...] = ()
    in_use: tuple[str, ...] = ()
    """Who still needs the files: handlers, pods, processes."""


class NodeReport(Model):
    """What `plan` and `status` both say of the node; the same fields as in `ApplyResult`."""

    schema_version: Literal[1] = 1
    machine_id: str = ""
    boot_id: str = ""
    container_runtime: str = ""
    distribution: str = ""
    config_file: str = ""
    plugin_table: str = ""
    leftovers: tuple[Leftovers, ...] = ()
    """Of earlier installers, whether or not they are to be taken over."""


class PlanReport(NodeReport):
    """What `apply` would do, or with what it would be refused."""

    exit_code: ExitCode = ExitCode.DONE
    """What `apply` would end with, as far as that is known before anything is tried."""
    reason: str = ""
    message: str = ""
    """Why it would be refused; "" = it would not."""
    files: tuple[ChangedFile, ...] = ()
    layout: str = ""
    """Why these files, and why in this way."""
    effective: tuple[str, ...] = ()
    """How the daemon would then understand its files: dotted keys with both values."""
    links: dict[str, str] = Field(default={})
    obsolete_links: tuple[str, ...] = ()
    handlers_added: tuple[str, ...] = ()
    handlers_changed: tuple[str, ...] = ()
    handlers_removed: tuple[str, ...] = ()
    handlers_adopted: tuple[str, ...] = ()
    handlers_taken_over: dict[str, str] = Field(default={})
    """Handlers of predecessors -> file and line where they are cut out, "" = only served."""
    restart: bool = False
    why: str = ""
    pods_lost: tuple[str, ...] = ()
    """Pods that would not survive that restart."""
    runtimes_in_use: dict[str, tuple[str, ...]] = Field(default={})
    """Handlers that are to go -> who still uses them."""
    warnings: tuple[str, ...] = ()


class HandlerStatus(Model):
    """One handler that the daemon serves."""

    binary: str
    ours: bool
    installed: bool
    """Whether the binary is there; a handler declared ahead waits for it."""


class HostStatus(NodeReport):
    """What is on a node."""

    unit: str
    socket: str
    executable: str
    handlers: dict[str, HandlerStatus]
    runtimes: dict[str, str]
    """Installed runtimes by handler."""
    drift: tuple[str, ...]
    unfinished: bool
    """A run was ended in the middle of a change; the next one takes care of it."""
