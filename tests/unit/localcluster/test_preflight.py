import subprocess
import sys
from pathlib import Path

import pytest

from localcluster import apt, preflight

MOUNTS = """\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
23 22 0:40 / /container rw,relatime - overlay overlay rw
24 23 0:41 / /container/data rw,relatime - xfs /dev/vdb rw
25 22 0:42 / /home rw,relatime - nfs4 server:/home rw
26 22 0:43 / /host rw,relatime - fuse.vmhgfs host rw
"""


@pytest.mark.parametrize("version", ["go1.26.0", "go1.26.8", "go1.30", "go2.0"])
def test_go_version_problem__new_enough__is_none(version: str) -> None:
    assert preflight.go_version_problem(version) == ""


@pytest.mark.parametrize("version", ["go1.25.9", "go1.3", "", "devel"])
def test_go_version_problem__too_old_or_unknown__says_which_is_needed(version: str) -> None:
    assert preflight.go_version_problem(version).endswith("install Go 1.26 or newer")


@pytest.mark.parametrize(
    ("directory", "expected"),
    [
        ("/var/lib/x", ""),
        ("/container/data/x", ""),
        ("/container/x", "/container/x is on overlay"),
        ("/home/me", "/home/me is on nfs4"),
        ("/host", "/host is on fuse.vmhgfs"),
    ],
)
def test_disk_problem__file_system__is_told_if_it_cannot_hold_disks(
    directory: str, expected: str
) -> None:
    problem = preflight.disk_problem(Path(directory), MOUNTS)
    assert problem.startswith(expected)
    assert ("WASMWRIGHT_STATE" in problem) is bool(expected)


def test_disk_problem__path_that_overlay_cannot_be_told__says_so() -> None:
    assert "colon" in preflight.disk_problem(Path("/var/a:b"), MOUNTS)


def test_problems__not_root_and_no_go__tells_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", "/nowhere")
    found = "\n".join(preflight.problems())
    assert "run it as root" in found
    assert "Go is missing" in found


def test_problems__nothing_to_install_with__names_the_packages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(apt, "PROGRAMS", {"debootstrap": "debootstrap"})
    monkeypatch.setenv("PATH", "/nowhere")
    assert any("debootstrap cannot be installed" in problem for problem in preflight.problems())


def test_problems__not_linux__tells_only_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    assert preflight.problems() == (
        "a local cluster needs Linux: use a Linux machine or virtual machine",
    )


def test_main__problem__is_printed_with_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    assert preflight.main() == 1
    assert "needs Linux" in capsys.readouterr().err


def test_program__python_without_any_package__can_import_all_it_needs() -> None:
    import_root = Path(preflight.__file__).parents[1]
    code = f"import sys; sys.path.insert(0, {str(import_root)!r}); import localcluster.preflight"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)
