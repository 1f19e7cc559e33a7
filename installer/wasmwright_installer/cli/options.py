"""Options that several commands take."""

from pathlib import Path

import click

HOST_ROOT = click.option(
    "--host-root",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default="/",
    show_default=True,
    help="Where the host's / is found.",
)
DOCUMENT = click.option(
    "--document", required=True, metavar="FILE", help="The node's document (JSON); - is stdin."
)
OUTPUT = click.option(
    "--output", type=click.Choice(["json", "text"]), default="json", show_default=True
)
TERMINATION_LOG = click.option(
    "--termination-log",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the result goes besides stdout; by default the kubelet's file, if there is one.",
)
LOCK_WAIT = click.option(
    "--lock-wait",
    type=click.FloatRange(min=0),
    default=60.0,
    show_default=True,
    help="Seconds to wait for another run on this host.",
)
RESTART_TIMEOUT = click.option(
    "--restart-timeout",
    type=click.FloatRange(min=1),
    default=60.0,
    show_default=True,
    help="Seconds until a restart of the container runtime counts as failed.",
)
SETTLE_TIMEOUT = click.option(
    "--settle-timeout",
    type=click.FloatRange(min=1),
    default=30.0,
    show_default=True,
    help="Seconds after a restart until the container runtime must serve as before.",
)
RETRY = click.option("--retry", is_flag=True, help="Try again a change that had to be undone.")
