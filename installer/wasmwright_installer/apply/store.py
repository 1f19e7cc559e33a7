"""What stays in the store beside the binaries that links lead to, and what goes.

Older binaries stay for a way back without a download, as many as the document says. Any other goes
unless something still needs it: a process that runs from it or has it mapped, a task of containerd,
a configuration file.
"""

from collections.abc import Iterator, Mapping

from wasmwright_installer.apply.host import Host
from wasmwright_installer.apply.links import linked_stores
from wasmwright_installer.apply.probe import Observed
from wasmwright_installer.host.bundles import read_bundles
from wasmwright_installer.host.processes import all_processes, mapped_files
from wasmwright_installer.host.state import InstalledBinary, KeptBinary, State


def kept_binaries(
    previous: State, installed: Mapping[str, InstalledBinary], count: int
) -> tuple[KeptBinary, ...]:
    """Return the older binaries that stay, of each handler the latest first.

    Args:
        previous: what the last run left.
        installed: what is installed now, by handler.
        count: how many of each handler.
    """
    return tuple(
        kept
        for handler, binary in sorted(installed.items())
        for kept in _older(previous, handler, binary.digest)[:count]
    )


def _older(previous: State, handler: str, present: str) -> list[KeptBinary]:
    last = previous.runtimes.get(handler)
    older = [kept for kept in previous.kept if kept.handler == handler]
    if last is not None:
        older.insert(0, KeptBinary(handler=handler, digest=last.digest, sha256=last.binary_sha256))
    latest = {kept.digest: kept for kept in reversed(older) if kept.digest not in {"", present}}
    return list(reversed(latest.values()))


def known_sha256(state: State, artifact: str) -> str:
    """Return the digest that a binary of an artifact had when it came here, or ""."""
    known = {kept.digest: kept.sha256 for kept in state.kept}
    known |= {binary.digest: binary.binary_sha256 for binary in state.runtimes.values()}
    return known.get(artifact, "") if artifact else ""


def stored_artifacts(host: Host, state: State) -> tuple[str, ...]:
    """Return the artifacts whose binaries need no download while they stay in the store."""
    present = host.files.names(host.home.store)
    return tuple(name for name in present if known_sha256(state, name))


def sweep_store(host: Host, observed: Observed, kept: tuple[KeptBinary, ...]) -> bool:
    """Remove what nothing needs any more; return whether anything went."""
    wanted = linked_stores(host) | {binary.digest for binary in kept}
    loose = [name for name in host.files.names(host.home.store) if name not in wanted]
    texts = tuple(_texts_that_name_files(host, observed)) if loose else ()
    needles = (f"{host.home.store}/", f"{host.files.real(host.home.store)}/")
    free = [
        name
        for name in loose
        if not any(f"{needle}{name}/" in text for text in texts for needle in needles)
    ]
    for name in free:
        host.files.delete_tree(f"{host.home.store}/{name}")
    host.files.delete_empty_folder(host.home.store)
    return bool(free)


def _texts_that_name_files(host: Host, observed: Observed) -> Iterator[str]:
    for content in (*observed.present.tree.values(), *observed.present.sources.values()):
        yield content.decode(errors="replace")
    processes = tuple(all_processes(host.files))
    for process in processes:
        yield f"{process.executable} {' '.join(process.arguments)}"
        yield mapped_files(host.files, process.pid)
    for bundle in read_bundles(host.files, observed.loaded.state_dir, processes):
        yield f"{bundle.shim} {bundle.runtime_binary}"
