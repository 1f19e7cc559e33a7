"""`python -m demo up` and `python -m demo down`."""

import sys

import click
from rich.console import Console

from demo import evidence, preflight
from demo.clusters import DemoCluster, KindDemoCluster, LocalDemoCluster
from demo.errors import DemoError
from demo.narration import Narrator
from demo.up import Demo
from localcluster.errors import LocalClusterError

ADVICE = (
    "Run `make demo` again: it goes on where it stopped. If it stops at the same place,"
    " `make demo-down` removes every trace, and the text above belongs into a report."
)


@click.group()
def main() -> None:
    """Show wasmwright on a real cluster."""


@main.command()
def up() -> None:
    """Raise a cluster, install wasmwright, run wasm pods and leave it all up."""
    verdict = preflight.judge(preflight.look())
    if verdict.way is None:
        raise click.ClickException(preflight.explain(verdict.problems))
    narrator = Narrator(Console(soft_wrap=True))
    demo = Demo(verdict.way, narrator)
    try:
        cluster = demo.run()
    except (DemoError, LocalClusterError) as error:
        narrator.failure(str(error), evidence.gather(demo.cluster) if demo.cluster else "", ADVICE)
        sys.exit(1)
    narrator.farewell(_farewell(cluster))


@main.command()
def down() -> None:
    """Remove every trace of the demo."""
    removed = [ways.down(click.echo) for ways in (KindDemoCluster, LocalDemoCluster)]
    click.echo("removed" if any(removed) else "there was nothing to remove")


def _farewell(cluster: DemoCluster) -> str:
    node = cluster.workers[0]
    return f"""\
The cluster stays up. To look around:

  {cluster.shell}
  kubectl get wn,wrt,runtimeclass
  kubectl describe wn {node}
  kubectl get node {node} --show-labels
  kubectl annotate node {node} wasmwright.dev/runtimes-      [dim]give the node back[/]

`make demo-down` removes every trace."""


if __name__ == "__main__":
    main()
