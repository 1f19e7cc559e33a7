"""Runs of the installer on real file systems that take no more: `disk_trials TRIAL FOLDER`.

A program of its own, so that it can run in mount and process namespaces that end with it. Files are
real, containerd is played. It prints one JSON object.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from unit.installer.documents import artifacts, document, shim
from unit.installer.fake_host.containerd import MAIN
from unit.installer.fake_host.containerd_node import MAIN_V2, make_node
from unit.installer.fake_host.node import FakeNode
from wasmwright_installer.apply.host import Limits, real_host
from wasmwright_installer.apply.run import apply
from wasmwright_installer.apply.tryout import try_out
from wasmwright_installer.errors import InstallerError

Told = dict[str, Any]

_BINARY = b"#!/bin/sh\necho hello\n" + b"# filler\n" * 2000
WANTED = document(shim("light", content=_BINARY))


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def _node(folder: Path) -> FakeNode:
    return make_node(folder / "host", "1.7.24", MAIN_V2)


def _apply(node: FakeNode, folder: Path) -> Told:
    """Run once; tell how it ended, and whether the host is as before."""
    before = node.tree()
    fetched = artifacts(folder / "art", *WANTED.runtimes, contents={"light": _BINARY})
    try:
        apply(node.host, WANTED, fetched)
    except InstallerError as error:
        told = {"code": int(error.exit_code), "reason": error.reason, "message": error.message}
    else:
        told = {"code": 0}
    return told | {"is_as_before": node.tree() == before, "restarts": node.daemon.restarts}


def fill(folder: Path) -> Told:
    """Leave ever more pages of a small disk free, until a run succeeds."""
    disk = folder / "host"
    disk.mkdir()
    # The space is not measured here: what is to be seen is how writes themselves end.
    refused: list[Told] = []
    for pages in range(200):
        _mount("-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk))
        node = _node(folder)
        node.files.free_bytes = lambda _: 1 << 40  # type: ignore[method-assign]
        space = shutil.disk_usage(disk)
        (disk / "filler").write_bytes(bytes(space.free - pages * 4096))
        told = _apply(node, folder)
        _umount(disk)
        if told["code"] == 0:
            return {"refused": refused, "pages": pages}
        refused.append(told)
    return {"refused": refused, "pages": None}


def _umount(disk: Path) -> None:
    subprocess.run(["umount", str(disk)], check=True)


def measure(folder: Path) -> Told:
    """A disk that has room for the records and none for the binary is refused beforehand."""
    disk = folder / "host"
    disk.mkdir()
    _mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk))
    return _apply(_node(folder), folder)


def without_inodes(folder: Path) -> Told:
    """Bytes are left, but no inode."""
    disk = folder / "host"
    disk.mkdir()
    _mount("-t", "tmpfs", "-o", "size=64m,nr_inodes=400", "tmpfs", str(disk))
    node = _node(folder)
    number = 0
    while True:
        try:
            (disk / f"filler{number}").touch()
        except OSError:
            return _apply(node, folder)
        number += 1


def read_only(folder: Path) -> Told:
    """The directory of the configuration cannot be written, ours can."""
    node = _node(folder)
    etc = str(node.root / "etc/containerd")
    _mount("--bind", etc, etc)
    _mount("-o", "remount,ro,bind", etc)
    return _apply(node, folder)


def read_only_home(folder: Path) -> Told:
    """Our directory cannot be written."""
    node = _node(folder)
    opt = str(node.root / "opt")
    _mount("--bind", opt, opt)
    _mount("-o", "remount,ro,bind", opt)
    return _apply(node, folder)


def mounted_file(folder: Path) -> Told:
    """The configuration is a file that is mounted by itself."""
    node = _node(folder)
    main = str(node.root / MAIN.lstrip("/"))
    _mount("--bind", main, main)
    return _apply(node, folder)


def immutable(folder: Path) -> Told:
    """Somebody set the immutable attribute, on a file system of Linux's usual kind."""
    image, disk = folder / "image", folder / "host"
    disk.mkdir()
    with image.open("wb") as file:
        file.truncate(32 << 20)
    subprocess.run(["mkfs.ext4", "-q", str(image)], check=True)
    _mount("-o", "loop", str(image), str(disk))
    node = _node(folder)
    main = str(node.root / MAIN.lstrip("/"))
    subprocess.run(["chattr", "+i", main], check=True)
    try:
        return _apply(node, folder)
    finally:
        subprocess.run(["chattr", "-i", main], check=True)
        _umount(disk)


def noexec(_: Path) -> Told:
    """This very host with a noexec mount where our directory is."""
    host = real_host(Path("/"), Limits())
    entry = WANTED.runtimes[0]
    Path("/opt").mkdir(exist_ok=True)
    _mount("-t", "tmpfs", "-o", "noexec", "tmpfs", "/opt")
    assert entry.source.http is not None
    stored = Path("/opt/wasmwright/store") / entry.source.http.sha256 / entry.handler.binary
    stored.parent.mkdir(parents=True)
    stored.write_bytes(_BINARY)
    stored.chmod(0o755)
    try:
        told: Told = {"warnings": try_out(host, entry)}
    except InstallerError as error:
        told = {"code": int(error.exit_code), "reason": error.reason, "message": error.message}
    _mount("-o", "remount,exec", "/opt")
    return told | {"warnings": try_out(host, entry)}


TRIALS: dict[str, Callable[[Path], Told]] = {
    trial.__name__: trial
    for trial in (
        fill,
        measure,
        without_inodes,
        read_only,
        read_only_home,
        mounted_file,
        immutable,
        noexec,
    )
}

if __name__ == "__main__":
    print(json.dumps(TRIALS[sys.argv[1]](Path(sys.argv[2]))))  # noqa: T201 - the result
