"""First step: everything the decisions need, read once; nothing is changed."""

import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field

from wasmwright_installer.apply.host import Host
from wasmwright_installer.config.base import base_of, refuse_unsupported
from wasmwright_installer.config.dump import Dump
from wasmwright_installer.config.files import Base, FileRecord, Present, drop_in_path
from wasmwright_installer.config.predecessors.predecessor import Links
from wasmwright_installer.config.predecessors.takeover import Takeover
from wasmwright_installer.detect.daemon import ContainerRuntime, Daemon
from wasmwright_installer.detect.handlers import Loaded
from wasmwright_installer.detect.support import NodeFacts
from wasmwright_installer.errors import RefusedError
from wasmwright_installer.home import Home
from wasmwright_installer.host.commands import Completed, run
from wasmwright_installer.host.cri import CRIUnavailableError
from wasmwright_installer.host.facts import find_daemon
from wasmwright_installer.host.leftovers import program_links
from wasmwright_installer.host.state import State
from wasmwright_installer.layouts.layout import Layout
from wasmwright_installer.layouts.table import layout_of


@dataclass(frozen=True, slots=True)
class Observed:
    """One host at one moment."""

    home: Home
    node: NodeFacts
    daemon: Daemon
    loaded: Loaded
    state: State
    layout: Layout
    present: Present
    base: Base
    links: Links = field(default_factory=dict)
    """Shims on the daemon's search path that are symlinks."""
    takeover: Takeover = field(default_factory=Takeover)


def observe(host: Host, node: NodeFacts) -> Observed:
    """Look at a host.

    Raises:
        UnsupportedNodeError: this kind of node is not changed.
        RefusedError: the daemon does not serve the CRI, or its files cannot be read.
    """
    daemon = find_daemon(host.files, host.commands)
    loaded = ask_loaded(host, daemon)
    state = host.state.state()
    layout = layout_of(daemon)
    present = _read_configuration(host, daemon, layout, state)
    base = base_of(present)
    if daemon.runtime is ContainerRuntime.CONTAINERD:
        refuse_unsupported(base, daemon.config_path, daemon.version.major)
    links = program_links(host.files)
    return Observed(host.home, node, daemon, loaded, state, layout, present, base, links)


def ask_loaded(host: Host, daemon: Daemon) -> Loaded:
    """Return what the daemon serves; one that does not answer is not changed."""
    try:
        return host.cri(daemon.socket).loaded(host.limits.answer)
    except CRIUnavailableError as error:
        raise RefusedError(
            f"{daemon.unit} does not serve the CRI on {daemon.socket} ({error}); "
            "it must run well before it can be changed",
            reason="CRIUnavailable",
        ) from error


def _read_configuration(host: Host, daemon: Daemon, layout: Layout, state: State) -> Present:
    main = daemon.config_path
    sources = layout.sources(main)
    records = {}
    for file in state.files:
        try:
            original = None if file.original is None else host.state.content(file.original)
        except RefusedError:
            continue
        records[file.path] = FileRecord(file.path, file.sha256, original)
    return Present(
        main=main,
        tree=layout.read(daemon, host.files),
        major=daemon.version.major,
        records=records,
        names=frozenset(state.names),
        drop_in=host.files.read(drop_in_path(main)),
        sources={path: text for path in sources if (text := host.files.read(path)) is not None},
        rendered=frozenset(layout.rendered(main)),
        folder=daemon.config_folder,
    )


def dump(
    host: Host, layout: Layout, daemon: Daemon, tree: Mapping[str, bytes], root: str = ""
) -> Dump:
    """Ask the daemon's own executable how it understands a configuration.

    Args:
        host: where.
        layout: of the node.
        daemon: whose executable.
        tree: the configuration's files; none at all = the daemon's defaults.
        root: below which they lie.

    Raises:
        RefusedError: it refuses the files.
    """
    command = (daemon.executable, *layout.show(daemon, tree, root))
    shown = _shown(host, command)
    defaults = layout.show_defaults
    below = _shown(host, (daemon.executable, *defaults)).stdout if defaults else ""
    try:
        return Dump.parse(shown.stdout, shown.stderr, below)
    except tomllib.TOMLDecodeError as error:
        raise RefusedError(
            f"what '{shlex.join(command)}' prints is no TOML ({error})", reason="ConfigRefused"
        ) from error


def _shown(host: Host, command: tuple[str, ...]) -> Completed:
    done = run(host.commands, *command, timeout=host.limits.command)
    if done.code != 0:
        raise RefusedError(
            f"'{shlex.join(command)}' refuses the configuration: {done.output.strip()[-400:]}",
            reason="ConfigRefused",
        )
    return done
