"""The command line: `python -m localcluster`."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from typing_extensions import override

from localcluster import cgroups, components, lifecycle, prepare, rootfs, state
from localcluster.cluster import Cluster
from localcluster.control_plane import ControlPlane
from localcluster.errors import LocalClusterError, NoSuchClusterError, SpecError
from localcluster.node import Node
from localcluster.progress import Progress
from localcluster.spec import DEFAULT_NAME, DEFAULT_NODES, ClusterSpec
from localcluster.state import Record
from localcluster.units import UNITS

_console = Console(highlight=False, soft_wrap=True)

_name = click.option("--name", default=DEFAULT_NAME, show_default=True, help="The cluster.")
_ROOTS = (rootfs.NODE, rootfs.PYTHON_BASE)


class _Commands(click.Group):
    """Turns our own errors into one sentence and exit code 1."""

    @override
    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except LocalClusterError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Commands)
def main() -> None:
    """Raise and use real Kubernetes clusters with real nodes on this machine."""


@main.command()
@_name
@click.option(
    "--node",
    "nodes",
    multiple=True,
    help=f"Flavour of a node; give it once for each node.  [default: {', '.join(DEFAULT_NODES)}]",
)
@click.option("--control-plane-only", is_flag=True, help="No nodes at all.")
def up(name: str, nodes: tuple[str, ...], *, control_plane_only: bool) -> None:
    """Raise a cluster, or finish or repair the one of that name."""
    if control_plane_only and nodes:
        raise click.UsageError("--control-plane-only contradicts --node")
    wanted = () if control_plane_only else nodes or _nodes_of(name)
    with _narrated(f"cluster {name}") as progress:
        cluster = Cluster.up(ClusterSpec(name=name, nodes=wanted), progress)
    click.echo(f"export KUBECONFIG={cluster.kubeconfig}")


def _nodes_of(name: str) -> tuple[str, ...]:
    """Return the nodes that a cluster of that name has, so that `up --name` repairs any cluster."""
    record = state.load(name)
    return DEFAULT_NODES if record is None else record.spec.nodes


@main.command()
@click.option("--name", default=None, help=f"The cluster.  [default: {DEFAULT_NAME}]")
@click.option("--all", "every", is_flag=True, help="Every cluster of this machine.")
def down(name: str | None, *, every: bool) -> None:
    """Take a cluster down and remove every trace of it."""
    if every and name:
        raise click.UsageError("--all contradicts --name")
    names = lifecycle.names() if every else (name or DEFAULT_NAME,)
    for each in names:
        was_there = lifecycle.down(each)
        click.echo(f"cluster {each} is down" if was_there else f"there was no cluster {each}")


@main.command()
def status() -> None:
    """Show the clusters of this machine and how they are."""
    table = Table("CLUSTER", "PART", "KIND", "STATE", "ADDRESS", box=None)
    for record in state.every():
        for row in _rows(record):
            table.add_row(record.spec.name, *row)
    _console.print(table, width=120)


def _rows(record: Record) -> Iterator[tuple[str, str, str, str]]:
    control_plane = ControlPlane(record, cgroups.host())
    for unit in UNITS:
        runs = "running" if control_plane.runs(unit) else "stopped"
        yield unit, "control plane", runs, ""
    ready = lifecycle.ready_nodes(record)
    for node in lifecycle.nodes(record):
        address = str(record.addresses.node(node.number).address)
        running = "Ready" if node.name in ready else "running, not Ready"
        yield node.name, node.flavour, running if node.is_running() else "stopped", address


@main.command("exec", context_settings={"ignore_unknown_options": True})
@click.argument("node")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def exec_(node: str, command: tuple[str, ...]) -> None:
    """Run a COMMAND inside a NODE, as in `exec wasmwright-node1 -- systemctl status containerd`."""
    argv = _find_node(node).command(*command)
    sys.stdout.flush()
    os.execvp(argv[0], argv)  # noqa: S606 - the program takes our place, terminal included


@main.command()
@_name
@click.argument(
    "archives",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
def load(name: str, archives: tuple[Path, ...]) -> None:
    """Import OCI ARCHIVES into all nodes of a cluster."""
    with _narrated("images") as progress:
        Cluster.attach(name).load(*archives, progress=progress)


@main.command()
@_name
@click.argument("source")
@click.argument("unit", required=False)
def logs(name: str, source: str, unit: str | None) -> None:
    """Print the log of a control plane program, or of a node (of one systemd UNIT of it)."""
    if source not in UNITS:
        chosen = () if unit is None else ("--unit", unit)
        click.echo(_find_node(source).exec("journalctl", "--no-pager", *chosen), nl=False)
        return
    record = state.load(name)
    if record is None:
        raise NoSuchClusterError(name)
    click.echo(
        ControlPlane(record, cgroups.host()).log(source).read_text(errors="replace"), nl=False
    )


@main.command()
@_name
def kubeconfig(name: str) -> None:
    """Print the path of the administrator's kubeconfig."""
    click.echo(Cluster.attach(name).kubeconfig)


@main.command()
@click.argument("names", nargs=-1, metavar="[COMPONENT]...")
def build(names: tuple[str, ...]) -> None:
    """Compile components and install Debian roots into the cache; all of them by default."""
    roots = tuple(name for name in names if name in _ROOTS)
    wanted = tuple(components.component(name) for name in names if name not in _ROOTS)
    if not names:
        roots, wanted = _ROOTS, components.COMPONENTS
    with _narrated("build") as progress:
        lifecycle.check_machine(progress)
        prepare.fill_cache(wanted, roots, progress)


def _find_node(name: str) -> Node:
    found = [node for record in state.every() for node in lifecycle.nodes(record)]
    for node in found:
        if node.name == name:
            return node
    names = ", ".join(node.name for node in found) or "none"
    raise SpecError(f"there is no node {name!r}: the nodes of this machine are {names}")


@contextmanager
def _narrated(what: str) -> Iterator[Progress]:
    """Print each step with the seconds since the start, and a sign of life below on a terminal."""
    start = time.monotonic()

    def tell(sentence: str) -> None:
        _console.print(f"[dim]{time.monotonic() - start:7.1f} s[/]  {sentence}")
        waiting.update(f"{what}: {sentence} ...")

    with _console.status(f"{what} ...") as waiting:
        yield tell
    _console.print(f"[dim]{time.monotonic() - start:7.1f} s[/]  [green]{what}: done[/]")
