"""The disk of a node: the layers of its root, and the directories that cannot be layers."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from localcluster import state
from localcluster.flavours import Flavour
from localcluster.layouts import PAUSE_ARCHIVE
from localcluster.node_files import TUNABLES

_UP_TO_DATE: Final = "# Newer than /usr, so that the first boot rebuilds no catalogues.\n"


@dataclass(frozen=True, slots=True)
class Disk:
    """The directory of one node's disk, laid out as node.sh expects it."""

    directory: Path

    def lower(self, rootfs: Path) -> str:
        """Return the read-only layers of the root, topmost first, as overlay wants them."""
        return f"{self.directory / 'programs'}:{rootfs}"

    def prepare(
        self, files: Mapping[str, str], links: Mapping[str, str], programs: Mapping[str, Path]
    ) -> None:
        """Lay out a new disk, whole or not at all; one that is there stays as its node left it.

        `files` are texts and `links` symbolic links that the node may change. `programs` are files
        of the cache that become a layer of their own, linked rather than copied: what the node does
        to them is done to copies.
        """
        if self.directory.exists():
            return
        partial = self.directory.with_name(f".{self.directory.name}.new")
        state.remove_directory(partial)
        for name in ("upper", "work", "root", "programs", "containerd", "kubelet"):
            (partial / name).mkdir(parents=True)
            (partial / name).chmod(0o755)
        for path, text in files.items():
            _write(_below(partial / "upper", path), text)
        for path, target in links.items():
            _below(partial / "upper", path).symlink_to(target)
        for path, source in programs.items():
            _link(source, _below(partial / "programs", path))
        for path, value in TUNABLES.items():
            _write(_below(partial / "tunables", path), f"{value}\n")
        for path in ("/etc/.updated", "/var/.updated"):
            _write(_below(partial / "upper", path), _UP_TO_DATE)
        partial.rename(self.directory)


def programs_of(
    flavour: Flavour, rootfs: Path, kubernetes: Path, runtime: Path | None, pause: Path
) -> dict[str, Path]:
    """Return where the programs of a node belong and where they are in the cache.

    A distribution has a containerd of its own, and Debian's beside it stays as it is.
    """
    programs = {f"/usr/local/bin/{name}": kubernetes / name for name in ("kubelet", "kube-proxy")}
    if runtime is not None:
        programs |= {f"/usr/bin/{path.name}": path for path in sorted(runtime.iterdir())}
    if flavour.layout is not None:
        debians = rootfs / "usr/bin/containerd"
        programs[flavour.layout.containerd] = programs.pop("/usr/bin/containerd", debians)
    return programs | {PAUSE_ARCHIVE: pause}


def _below(root: Path, path: str) -> Path:
    target = root / path.lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def _write(path: Path, text: str) -> None:
    path.touch(mode=0o600 if path.suffix == ".kubeconfig" else 0o644)
    path.write_text(text)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
