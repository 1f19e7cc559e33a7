"""The host as the steps see it: one bundle of ports, so that tests bring their own."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from wasmwright_installer.home import MICROK8S, MICROK8S_COMMON, USUAL, Home
from wasmwright_installer.host.commands import Commands, HostCommands
from wasmwright_installer.host.cri import CRI, SocketCRI
from wasmwright_installer.host.files import HostFiles
from wasmwright_installer.host.state_store import StateStore


@dataclass(frozen=True, slots=True)
class Limits:
    """How long things may take, in seconds."""

    lock: float = 60.0
    answer: float = 5.0
    """One answer of a daemon that runs."""
    restart: float = 60.0
    settle: float = 30.0
    """From the end of a restart until the daemon serves the CRI again."""
    command: float = 20.0
    step: float = 0.01
    """Between two questions whether the daemon answers again."""

    def stretched(self, restart: float) -> "Limits":
        """Return the limits for a unit whose restart takes longer than most."""
        return replace(self, restart=max(self.restart, restart))

    @property
    def hang(self) -> float:
        """From the start of a restart until it is looked into why it takes so long."""
        return min(20.0, self.restart / 3)

    @property
    def switch(self) -> float:
        """From the arming of the dead man's switch until it fires."""
        return self.restart * 1.5 + self.settle


@dataclass(frozen=True, slots=True)
class Host:
    """Everything through which a host is looked at and changed."""

    files: HostFiles
    commands: Commands
    connect: Callable[[Path], CRI]
    limits: Limits = Limits()
    home: Home = USUAL

    @property
    def state(self) -> StateStore:
        """What we left on the host."""
        return StateStore(self.files, self.home.state)

    def cri(self, socket: str) -> CRI:
        """Return the daemon behind a socket of the host."""
        return self.connect(self.files.local(socket))


def real_host(root: Path, limits: Limits) -> Host:
    """Return the host whose `/` is found at `root`."""
    files = HostFiles(root)
    return Host(files, HostCommands(root), SocketCRI, limits, home_of(files))


def home_of(files: HostFiles) -> Home:
    """Return where our files lie: with MicroK8s where the snap may execute them."""
    return MICROK8S if files.exists(MICROK8S_COMMON) else USUAL
