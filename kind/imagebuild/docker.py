"""Build with docker, which is where kind finds images."""

import shutil

from localcluster import commands
from localcluster.errors import CommandError


def answers() -> bool:
    """Tell whether there is a docker whose daemon answers."""
    if not shutil.which("docker"):
        return False
    try:
        commands.run("docker", "info", "--format", "{{.ServerVersion}}")
    except CommandError:
        return False
    return True


def has(name: str) -> bool:
    """Tell whether docker has an image."""
    return bool(commands.run("docker", "images", "--quiet", name).strip())


def build(name: str, containerfile: str, context: str) -> None:
    """Build an image on the base that the Containerfile names."""
    commands.run("docker", "build", "--quiet", "--tag", name, "--file", containerfile, context)
