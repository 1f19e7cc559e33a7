"""What there is to know of an earlier installer."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from wasmwright_installer.config.predecessors.stanzas import Stanza
from wasmwright_installer.contract import PredecessorName
from wasmwright_installer.detect.handlers import Handler

Links = Mapping[str, str]
"""Programs on the daemon's search path that are symlinks: name -> target."""


@dataclass(frozen=True, slots=True)
class Predecessor:
    """One earlier installer."""

    name: PredecessorName
    title: str
    """As people call it."""
    roots: tuple[str, ...]
    """Its directory, by kind of node."""
    binaries: tuple[str, ...]
    """Globs below that directory for what it put there to be executed or loaded."""
    notes: tuple[str, ...]
    """Its other files below that directory: lock files and markers."""
    comment: re.Pattern[str]
    """A line that it writes above or below a table."""
    appends: Callable[[Stanza], bool]
    """Whether a table is, word for word, one that it appends behind its others."""

    def owns(self, path: str) -> bool:
        """Tell whether a path lies in its directory."""
        return any(path.startswith(f"{root}/") for root in self.roots)

    def serves(self, handler: Handler, links: Links) -> bool:
        """Tell whether a handler leads into its directory, by path or by the search path."""
        return any(self.owns(program) for program in programs_of(handler, links))


def programs_of(handler: Handler, links: Links) -> tuple[str, ...]:
    """Return the files that a handler may lead to.

    Args:
        handler: in the form in which handlers are compared.
        links: for a `runtime_type` that is a name, which containerd looks up.
    """
    runtime_type = str(handler.get("runtimetype", ""))
    options = handler.get("options")
    binary = str(options.get("BinaryName", "")) if isinstance(options, Mapping) else ""
    path = str(handler.get("runtimepath", ""))
    found = links.get(shim_name(runtime_type), "")
    return tuple(each for each in (runtime_type, path, binary, found) if each.startswith("/"))


def shim_name(runtime_type: str) -> str:
    """Return the program that containerd looks for: `io.containerd.spin.v2` -> its shim."""
    parts = runtime_type.split(".")
    is_name = len(parts) > 1 and not runtime_type.startswith("/")
    return f"containerd-shim-{parts[-2]}-{parts[-1]}" if is_name else ""
