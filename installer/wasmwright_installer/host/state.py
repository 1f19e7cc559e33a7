"""What a run leaves for the next one: what we hold on the node, and a change under way."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from wasmwright_installer.layouts.layout import Activation


class Stored(BaseModel):
    """Read by other versions of the installer too: what is unknown is left aside."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class FileState(Stored):
    """A file that holds something of ours."""

    path: str
    sha256: str
    original: str | None
    """Digest of the bytes before our first change; None = the file did not exist."""


class InstalledBinary(Stored):
    """The runtime behind a handler."""

    name: str
    version: str = ""
    digest: str = ""
    """Of the artifact; empty for a binary of the host."""
    binary_sha256: str = ""


class KeptBinary(Stored):
    """An older binary that stays in the store."""

    handler: str
    digest: str
    """Of the artifact."""
    sha256: str
    """Of the binary."""


class RefusedChange(Stored):
    """A change that had to be undone, so that it is not tried again by itself."""

    document: str
    config: str
    message: str


class State(Stored):
    """What we hold on the node."""

    document: str = ""
    handlers: dict[str, dict[str, Any]] = {}
    """Every handler that we declared, with its table."""
    names: tuple[str, ...] = ()
    """These, and the default runtimes that we wrote out."""
    surviving: tuple[str, ...] = ()
    """Handlers whose pods live through a restart."""
    files: tuple[FileState, ...] = ()
    folders: tuple[str, ...] = ()
    """Directories that did not exist before us, outermost first."""
    runtimes: dict[str, InstalledBinary] = {}
    """By handler."""
    predecessors: tuple[str, ...] = ()
    """Whose files are to go as soon as nothing uses them."""
    taken: tuple[str, ...] = ()
    """Handlers of theirs that were cut out; the daemon may serve them until it restarts."""
    kept: tuple[KeptBinary, ...] = ()
    """Older binaries, of each handler the latest first."""
    refused: RefusedChange | None = None


class JournalFile(Stored):
    """One file of a change that is under way."""

    path: str
    before: str | None
    after: str | None


class JournalLink(Stored):
    """One symlink of a change that is under way."""

    path: str
    before: str | None
    after: str


class Journal(Stored):
    """A change that is under way, with all that is needed to undo or to finish it."""

    config: str
    """Identity of the planned files."""
    document: str
    """Identity of what was wanted."""
    previous: State
    next: State
    files: tuple[JournalFile, ...]
    links: tuple[JournalLink, ...] = ()
    restarts: bool
    baseline: dict[str, dict[str, Any]]
    """The handlers that the daemon served before."""
    foreign: dict[str, dict[str, Any]]
    """What others declare in the files, which may not have been loaded yet."""
    ours: tuple[str, ...]
    """Handlers of ours before or after."""
    adopted: dict[str, dict[str, Any]] = {}
    """Handlers that others declare and that the daemon is to load now."""
    activation: Activation = Activation.RESTART
    restart_seconds: float = 0.0
    """How long a restart may take on this kind of node, where that is longer than usual."""
    network_ready: bool
    unit: str
    socket: str
    daemon_pid: int = 0
    daemon_started: str = ""
    """When the daemon of before was started, in the words of /proc: with the id, who it is."""
