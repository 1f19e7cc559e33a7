"""What the machine's own apt knows: the mirror it uses, and programs that are not there yet."""

import re
import shutil
from collections.abc import Collection, Mapping
from typing import Final

from localcluster import commands, locks, paths
from localcluster.progress import Progress

PROGRAMS: Final[Mapping[str, str]] = {
    "debootstrap": "debootstrap",
    "ip": "iproute2",
    "mount": "mount",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "setsid": "util-linux",
    "unshare": "util-linux",
}
"""Programs of the host that a cluster needs, and the Debian packages that hold them."""

_CARRIED_OPTIONS = re.compile(r"^Acquire::(?:Check-|https?::|Retries)")


def install_missing(progress: Progress) -> None:
    """Install the Debian packages of the programs that are missing, and only those."""
    install(missing_packages(), progress)


def install(packages: Collection[str], progress: Progress) -> None:
    """Install packages as the machine's archive has them now; one at a time on this machine."""
    if not packages:
        return
    progress(f"installing {', '.join(packages)}")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    with locks.exclusive(paths.lock_root() / "apt.lock"):
        commands.run("apt-get", "-q", "update", env=quiet)
        install_now = ("apt-get", "-q", "-y", "install", "--no-install-recommends", *packages)
        commands.run(*install_now, env=quiet)


def missing_packages() -> tuple[str, ...]:
    """Return the packages of the programs that are not on the path, each once."""
    wanted = {package for program, package in PROGRAMS.items() if not shutil.which(program)}
    return tuple(sorted(wanted))


def debian_mirror() -> str | None:
    """Return the Debian mirror that this machine uses, or None where it uses none (not Debian)."""
    return parse_mirror(
        commands.run("apt-get", "indextargets", "--format", "$(LABEL)|$(COMPONENT)|$(REPO_URI)")
    )


def parse_mirror(index_targets: str) -> str | None:
    """Return the first archive of Debian proper, not of its updates for security."""
    for line in index_targets.splitlines():
        label, _, rest = line.partition("|")
        component, _, uri = rest.partition("|")
        if (label, component) == ("Debian", "main"):
            return uri
    return None


def carried_options() -> str:
    """Return those options of the machine's apt that decide how it reaches the mirror."""
    dump = commands.run("apt-config", "dump")
    return "".join(f"{line}\n" for line in dump.splitlines() if _CARRIED_OPTIONS.match(line))
