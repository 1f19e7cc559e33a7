"""Where wasmwright keeps its files on a node."""

from dataclasses import dataclass

from wasmwright_installer.contract import HandlerEntry

MICROK8S_COMMON = "/var/snap/microk8s/common"
"""The part of the snap's data that survives a refresh."""

_ROOTS = ("/opt/wasmwright", f"{MICROK8S_COMMON}/wasmwright")


@dataclass(frozen=True, slots=True)
class Home:
    """Our directory on a node, with everything below it."""

    root: str

    @property
    def bin(self) -> str:
        """One directory for each handler, with a symlink to its binary."""
        return f"{self.root}/bin"

    @property
    def store(self) -> str:
        """Binaries by the digest of their artifact."""
        return f"{self.root}/store"

    @property
    def state(self) -> str:
        """What a run leaves for the next one."""
        return f"{self.root}/state"

    def link(self, entry: HandlerEntry) -> str:
        """Return the path that the configuration names for a handler's binary."""
        return f"{self.bin}/{entry.handler}/{entry.binary}"


USUAL = Home(_ROOTS[0])
MICROK8S = Home(_ROOTS[1])


def own_handler(path: str) -> str:
    """Return the handler whose link below one of our directories a path is, or ""."""
    for root in _ROOTS:
        if path.startswith(f"{root}/bin/"):
            return path.removeprefix(f"{root}/bin/").split("/", 1)[0]
    return ""
