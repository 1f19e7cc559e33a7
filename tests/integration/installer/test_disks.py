"""Full, read-only, immutable and noexec: real file systems, in namespaces of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.integration


def trial(name: str, folder: Path) -> dict[str, Any]:
    command = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--propagation", "private"]
    command += [sys.executable, "-m", "integration.installer.disk_trials", name, str(folder)]
    paths = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=os.environ | {"PYTHONPATH": paths},
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_apply__disk_fills_up_at_any_page__is_as_before_or_complete(tmp_path: Path) -> None:
    told = trial("fill", tmp_path)
    assert len(told["refused"]) > 5
    assert {each["reason"] for each in told["refused"]} == {"DiskFull"}
    assert {(each["is_as_before"], each["restarts"]) for each in told["refused"]} == {(True, 0)}
    assert told["pages"] is not None, "with enough room the run succeeds"


@pytest.mark.parametrize(
    ("name", "code", "reason", "words"),
    [
        ("measure", 30, "DiskFull", "to spare"),
        ("without_inodes", 30, "DiskFull", "and 0 inodes left"),
        ("read_only", 30, "ReadOnlyHost", "/etc/containerd is mounted read-only"),
        ("read_only_home", 30, "ReadOnlyHost", "/opt is mounted read-only"),
        ("mounted_file", 30, "MountedFile", "config.toml is mounted by itself"),
        ("immutable", 30, "ImmutableFile", "chattr -i /etc/containerd/config.toml"),
    ],
)
def test_apply__host_cannot_be_written__is_as_before_and_says_what_to_do(
    tmp_path: Path, name: str, code: int, reason: str, words: str
) -> None:
    told = trial(name, tmp_path)
    assert (told["code"], told["reason"]) == (code, reason)
    assert words in told["message"]
    assert (told["is_as_before"], told["restarts"]) == (True, 0)


def test_try_out__our_directory_is_mounted_noexec__names_the_mount(tmp_path: Path) -> None:
    told = trial("noexec", tmp_path)
    assert (told["code"], told["reason"]) == (20, "NoExecMount")
    assert (
        "lies on /opt (tmpfs), which is mounted noexec; 'mount -o remount,exec /opt'"
        in (told["message"])
    )
    assert told["warnings"] == [], "and runs once it is not"
