"""Files of a predecessor on the host: found and removed."""

from collections.abc import Iterator
from dataclasses import dataclass

from wasmwright_installer.config.predecessors.predecessor import Links, Predecessor
from wasmwright_installer.config.predecessors.takeover import PREDECESSORS
from wasmwright_installer.host.files import HostFiles

_PROGRAMS = ("/usr/local/bin", "/usr/bin", "/bin")
_LIBRARIES = ("/usr/lib", "/lib")
"""Where symlinks to a predecessor's binaries and libraries are put."""


@dataclass(frozen=True, slots=True)
class Traces:
    """Files of a predecessor that are still on the host."""

    binaries: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    """Symlinks elsewhere that lead into its directory."""
    folders: tuple[str, ...] = ()
    """Its directories, innermost first."""

    @property
    def paths(self) -> tuple[str, ...]:
        """Every file, in the order in which they are removed."""
        return (*self.links, *self.binaries, *self.notes)


def traces(files: HostFiles, predecessor: Predecessor) -> Traces:
    """Find a predecessor's files; what others put into its directory is not among them."""
    roots = [root for root in predecessor.roots if files.exists(root)]
    below = [f"{root}/{name}" for root in roots for name in ("bin", "lib")]
    return Traces(
        binaries=tuple(_matching(files, roots, predecessor.binaries)),
        notes=tuple(_matching(files, roots, predecessor.notes)),
        links=tuple(path for path, target in _links(files) if predecessor.owns(target)),
        folders=(*(folder for folder in below if files.exists(folder)), *roots),
    )


def _matching(files: HostFiles, roots: list[str], globs: tuple[str, ...]) -> Iterator[str]:
    for root in roots:
        for glob in globs:
            yield from files.glob(f"{root}/{glob}")


def program_links(files: HostFiles) -> Links:
    """Return the shims on the search path that are symlinks, by name; first found, first served."""
    if not any(files.exists(root) for each in PREDECESSORS.values() for root in each.roots):
        return {}
    found = ((path.rpartition("/")[2], target) for path, target in _links(files))
    return dict(reversed([*found]))


def _links(files: HostFiles) -> Iterator[tuple[str, str]]:
    """Yield symlinks to shims and wasm libraries; a directory that is itself one is another's."""
    for folder in (*_PROGRAMS, *_LIBRARIES):
        if files.link_target(folder) is not None:
            continue
        for name in files.names(folder):
            if name.startswith(("containerd-shim-", "libwasm")):
                target = files.link_target(f"{folder}/{name}")
                if target is not None:
                    yield f"{folder}/{name}", target


def remove(files: HostFiles, found: Traces) -> None:
    """Remove a predecessor's files: what leads to them, they themselves, directories if empty."""
    for path in found.paths:
        files.delete(path)
    for folder in found.folders:
        files.delete_empty_folder(folder)
