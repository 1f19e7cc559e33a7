"""First step: everything the decisions need, read once; nothing is changed."""

import tomllib
from dataclasses import dataclass

from wasmwright_installer.apply.host import Host
from wasmwright_installer.config import imports
from wasmwright_installer.config.base import base_of, refuse_unsupported
from wasmwright_installer.config.dump import Dump
from wasmwright_installer.config.files import Base, FileRecord, Present, drop_in_path
from wasmwright_installer.detect.daemon import Daemon
from wasmwright_installer.detect.handlers import Loaded
from wasmwright_installer.detect.support import NodeFacts
from wasmwright_installer.errors import RefusedError
from wasmwright_installer.home import Home
from wasmwright_installer.host.commands import run
from wasmwright_installer.host.cri import CRIUnavailableError
from wasmwright_installer.host.facts import find_daemon
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
    refuse_unsupported(base, daemon.config_path, daemon.version.major)
    return Observed(host.home, node, daemon, loaded, state, layout, present, base)


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
        tree=imports.load_order(main, host.files.read, host.files.glob),
        major=daemon.version.major,
        records=records,
        names=frozenset(state.names),
        drop_in=host.files.read(drop_in_path(main)),
        sources={path: text for path in sources if (text := host.files.read(path)) is not None},
        rendered=frozenset(layout.rendered(main)),
    )


def dump(host: Host, daemon: Daemon, config: str | None) -> Dump:
    """Ask the daemon's own executable how it understands a configuration; None = no file at all.

    Raises:
        RefusedError: it refuses the files.
    """
    arguments = ("config", "default") if config is None else ("-c", config, "config", "dump")
    done = run(host.commands, daemon.executable, *arguments, timeout=host.limits.command)
    if done.code != 0:
        raise RefusedError(
            f"'{daemon.executable} {' '.join(arguments)}' refuses the configuration: "
            f"{done.output.strip()[-400:]}",
            reason="ConfigRefused",
        )
    try:
        return Dump.parse(done.stdout, done.stderr)
    except tomllib.TOMLDecodeError as error:
        raise RefusedError(
            f"what '{daemon.executable} {' '.join(arguments)}' prints is no TOML ({error})",
            reason="ConfigRefused",
        ) from error
