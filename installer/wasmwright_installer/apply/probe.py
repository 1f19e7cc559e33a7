"""First step: everything the decisions need, read once; nothing is changed."""

import tomllib
from dataclasses import dataclass

from wasmwright_installer.apply.host import Host
from wasmwright_installer.config import imports, layout
from wasmwright_installer.config.dump import Dump
from wasmwright_installer.config.layout import FileRecord, Present
from wasmwright_installer.detect.daemon import Daemon
from wasmwright_installer.detect.handlers import Loaded
from wasmwright_installer.detect.support import NodeFacts
from wasmwright_installer.errors import RefusedError
from wasmwright_installer.home import Home
from wasmwright_installer.host.commands import run
from wasmwright_installer.host.cri import CRIUnavailableError
from wasmwright_installer.host.facts import find_daemon
from wasmwright_installer.host.state import State


@dataclass(frozen=True, slots=True)
class Observed:
    """One host at one moment."""

    home: Home
    node: NodeFacts
    daemon: Daemon
    loaded: Loaded
    state: State
    present: Present
    base: layout.Base


def observe(host: Host, node: NodeFacts) -> Observed:
    """Look at a host.

    Raises:
        UnsupportedNodeError: this kind of node is not changed.
        RefusedError: the daemon does not serve the CRI, or its files cannot be read.
    """
    daemon = find_daemon(host.files, host.commands)
    loaded = ask_loaded(host, daemon)
    state = host.state.state()
    present = _read_configuration(host, daemon, state)
    base = layout.base_of(present)
    layout.refuse_unsupported(base, daemon.config_path, daemon.version.major)
    return Observed(host.home, node, daemon, loaded, state, present, base)


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


def _read_configuration(host: Host, daemon: Daemon, state: State) -> Present:
    main = daemon.config_path
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
        drop_in=host.files.read(layout.drop_in_path(main)),
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
