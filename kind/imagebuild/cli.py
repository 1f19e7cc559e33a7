"""The command behind `make images`."""

import click

from imagebuild import build, docker
from imagebuild.recipe import Part
from localcluster.errors import LocalClusterError


@click.command()
@click.option("--kind", is_flag=True, help="Build with docker, for a cluster of kind.")
def command(*, kind: bool) -> None:
    """Build the images of the operator and of the installer, and print where they are."""
    if kind and not docker.answers():
        raise click.ClickException("no docker daemon answers: start one, or leave --kind out")
    ensure = build.ensure_in_docker if kind else build.ensure
    try:
        images = ensure(lambda line: click.echo(line, err=True))
    except LocalClusterError as error:
        raise click.ClickException(str(error)) from error
    for part in Part:
        click.echo(images.names.reference(part))
    if images.archive:
        click.echo(images.archive)
