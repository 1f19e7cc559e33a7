"""Install Debian packages that a build needs."""

from collections.abc import Sequence

from localcluster import commands
from localcluster.progress import Progress


def install(packages: Sequence[str], progress: Progress) -> None:
    """Install packages with apt, as Debian's own archive has them now; none is fine."""
    if not packages:
        return
    progress(f"installing {', '.join(packages)}")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    commands.run("apt-get", "-q", "update", env=quiet)
    commands.run("apt-get", "-q", "-y", "install", "--no-install-recommends", *packages, env=quiet)
