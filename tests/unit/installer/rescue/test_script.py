"""The script that undoes a change, run by a real shell on real files; systemctl is played."""

import fcntl
import hashlib
import shlex
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from support.played_switch import SHELL, Programs, below
from wasmwright_installer.layouts.layout import Activation
from wasmwright_installer.rescue.script import Rescue, Step, render

BODY = files("wasmwright_installer.rescue").joinpath("switch.sh").read_text()
JOURNAL = b'{"config": "x"}\n'
ODD = """it's a "file"; $(touch gone) `x` *.toml"""


def sha(content: bytes | None) -> str | None:
    return None if content is None else hashlib.sha256(content).hexdigest()


RESCUE = Rescue(
    state="/opt/wasmwright/state",
    lock="/run/wasmwright/lock",
    journal=sha(JOURNAL) or "",
    unit="c.service",
    activation=Activation.RESTART,
    daemon=150,
    started="1000",
    files=(),
    links=(),
    folders=(),
    restart=3,
    hang=0,
    patience=1,
)


class Stand:
    """A host in a directory, in the middle of a change."""

    def __init__(self, root: Path, programs: Path) -> None:
        self.root = root
        self.programs = Programs(programs)
        self.programs.put()
        self.put("/opt/wasmwright/state/journal.json", JOURNAL)
        self.daemon_started("2000")

    def put(self, path: str, content: bytes, mode: int = 0o644) -> Path:
        place = Path(f"{self.root}{path}")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        place.chmod(mode)
        return place

    def keep(self, content: bytes) -> None:
        self.put(f"/opt/wasmwright/state/files/{sha(content)}", content)

    def daemon_started(self, ticks: str) -> None:
        fields = " ".join(["S", "1", *("0" for _ in range(17)), ticks, "0"])
        self.put("/proc/150/stat", f"150 (contain) erd) {fields}\n".encode())

    def fire(self, rescue: Rescue = RESCUE) -> None:
        self.programs.run(render(below(self.root, rescue), BODY))

    @property
    def notes(self) -> list[str]:
        verdict = self.root / "opt/wasmwright/state/switch.verdict"
        text = verdict.read_text() if verdict.exists() else ""
        return text.replace(str(self.root), "").splitlines()

    def content(self, path: str) -> bytes | None:
        place = Path(f"{self.root}{path}")
        return place.read_bytes() if place.exists() else None


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    return Stand(tmp_path / "host", tmp_path / "programs")


def changed(path: str, before: bytes | None, after: bytes | None) -> Rescue:
    return replace(RESCUE, files=(Step(path, sha(before), sha(after)),))


@pytest.mark.parametrize(
    ("before", "after", "found", "left", "note"),
    [
        (b"old", b"new", b"new", b"old", "restore"),
        (None, b"new", b"new", None, "restore"),
        (b"old", None, None, b"old", "restore"),
        (b"old", b"new", b"old", b"old", ""),
        (b"old", b"new", b"edited", b"edited", "foreign"),
        (None, b"new", b"edited", b"edited", "foreign"),
        (b"old", None, b"edited", b"edited", "foreign"),
        (b"old", b"new", None, None, "foreign"),
        (b"", b"new", b"new", b"", "restore"),
    ],
    ids=[
        *("ours", "ours and new", "we deleted it", "not written yet", "edited since"),
        *("new and edited since", "made anew since", "deleted since", "empty before"),
    ],
)
def test_file__by_what_is_there__comes_back_or_stays(
    stand: Stand,
    before: bytes | None,
    after: bytes | None,
    found: bytes | None,
    left: bytes | None,
    note: str,
) -> None:
    path = f"/etc/containerd/{ODD}"
    if before is not None:
        stand.keep(before)
    if found is not None:
        stand.put(path, found)
    stand.fire(changed(path, before, after))
    assert stand.content(path) == left
    assert [line for line in stand.notes if "active" not in line and "activate" not in line] == (
        [f"journal {RESCUE.journal}", f"{note} {path}"] if note else stand.notes[:1]
    )
    assert not (stand.root / "etc/containerd/gone").exists()


def test_file__mode_and_symlink__stay(stand: Stand) -> None:
    stand.keep(b"old")
    real = stand.put("/etc/real.toml", b"new", mode=0o640)
    link = stand.root / "etc/containerd.toml"
    link.symlink_to("real.toml")
    stand.fire(changed("/etc/containerd.toml", b"old", b"new"))
    assert (real.read_bytes(), real.stat().st_mode & 0o777) == (b"old", 0o640)
    assert str(link.readlink()) == "real.toml"


def test_file__bytes_of_before_are_damaged__stays_and_is_noted(stand: Stand) -> None:
    stand.put(f"/opt/wasmwright/state/files/{sha(b'old')}", b"other")
    stand.put("/etc/c.toml", b"new")
    stand.fire(changed("/etc/c.toml", b"old", b"new"))
    assert stand.content("/etc/c.toml") == b"new"
    assert "unrestored /etc/c.toml" in stand.notes


def test_file__in_a_directory_that_is_read_file_by_file__is_made_outside_of_it(
    stand: Stand,
) -> None:
    stand.keep(b"old")
    stand.put("/etc/crio/crio.conf.d/10-x.conf", b"new")
    stand.fire(changed("/etc/crio/crio.conf.d/10-x.conf", b"old", b"new"))
    (moved,) = stand.programs.log("mv")
    assert f"{stand.root}/etc/crio/.10-x.conf" in moved
    assert [place.name for place in (stand.root / "etc/crio").rglob("*")] == [
        *("crio.conf.d", "10-x.conf")
    ]


@pytest.mark.parametrize(
    ("before", "found", "left"),
    [
        ("../old", "../new", "../old"),
        (None, "../new", None),
        ("../old", "../other", "../other"),
    ],
    ids=["ours", "ours and new", "of somebody else"],
)
def test_link__by_where_it_leads__comes_back_or_stays(
    stand: Stand, before: str | None, found: str, left: str | None
) -> None:
    link = stand.root / "opt/wasmwright/bin/light/shim"
    link.parent.mkdir(parents=True)
    link.symlink_to(found)
    step = Step("/opt/wasmwright/bin/light/shim", before, "../new")
    stand.fire(replace(RESCUE, links=(step,)))
    assert (str(link.readlink()) if link.is_symlink() else None) == left
    assert link.parent.exists() == (left is not None)


def test_folders__made_by_the_change__go_innermost_first_unless_something_is_in_them(
    stand: Stand,
) -> None:
    stand.put("/etc/b/kept", b"")
    (stand.root / "etc/a/inner").mkdir(parents=True)
    stand.fire(replace(RESCUE, folders=("/etc/a", "/etc/a/inner", "/etc/b")))
    assert [place.name for place in (stand.root / "etc").iterdir()] == ["b"]


@pytest.mark.parametrize("journal", [None, b"another"], ids=["gone", "of another change"])
def test_switch__journal_is_not_its_own__does_nothing(stand: Stand, journal: bytes | None) -> None:
    place = stand.root / "opt/wasmwright/state/journal.json"
    place.unlink() if journal is None else place.write_bytes(journal)
    stand.keep(b"old")
    stand.put("/etc/c.toml", b"new")
    stand.fire(changed("/etc/c.toml", b"old", b"new"))
    assert stand.content("/etc/c.toml") == b"new"
    assert (stand.notes, stand.programs.changes) == ([], [])


OURS = changed("/etc/c.toml", b"old", b"new")
RESTARTED = ["reset-failed c.service", "restart c.service"]


@pytest.mark.parametrize(
    ("activation", "started", "state", "told"),
    [
        (Activation.RESTART, "2000", "failed", RESTARTED),
        (Activation.RESTART, "1000", "active", []),
        (Activation.RESTART, "1000", "deactivating", RESTARTED),
        (Activation.RELOAD, "1000", "active", ["reload c.service"]),
        (Activation.WAIT, "1000", "active", []),
    ],
    ids=["daemon is down", "daemon of before", "it is being stopped", "reload", "wait"],
)
def test_switch__by_layout_and_daemon__restarts_only_what_needs_it(
    stand: Stand, activation: Activation, started: str, state: str, told: list[str]
) -> None:
    stand.keep(b"old")
    stand.put("/etc/c.toml", b"new")
    stand.daemon_started(started)
    stand.programs.put(state=state)
    stand.fire(replace(OURS, activation=activation))
    assert stand.content("/etc/c.toml") == b"old"
    assert stand.programs.changes == told
    assert ("activate" in stand.notes) == (bool(told) or activation is Activation.WAIT)


def test_restart__fails_once__is_tried_again(stand: Stand) -> None:
    stand.programs.put(restart='[ -e "$0.once" ] || { touch "$0.once"; exit 1; }')
    stand.fire()
    assert stand.programs.changes == RESTARTED * 2
    assert stand.notes[-1] == "active"


def test_restart__fails_for_good__the_state_is_noted(stand: Stand) -> None:
    stand.programs.put(state="failed", restart="exit 1")
    stand.fire()
    assert stand.notes[-1] == "failed failed"


@pytest.fixture
def stuck() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "60"])
    yield process
    process.kill()
    process.wait()


def test_restart__hangs_on_a_dead_shim__is_freed_and_goes_on(
    stand: Stand, stuck: subprocess.Popen[bytes]
) -> None:
    proc = f"/proc/{stuck.pid}"
    stand.put(f"{proc}/cmdline", b"/opt/containerd-shim-x-v1\0-id\0c1\0delete\0")
    stand.put(f"{proc}/wchan", b"wait_for_partner")
    stand.put(f"{proc}/status", b"Name:\tx\nPPid:\t77\n")
    stand.put("/proc/1/cmdline", b"/usr/bin/git\0delete\0")
    threading.Thread(target=stuck.wait).start()
    freed = f"{stand.root}/opt/wasmwright/state/switch.verdict"
    stand.programs.put(
        state="activating", restart=f"until grep -q freed {shlex.quote(freed)}; do sleep 1; done"
    )
    stand.fire()
    assert stand.notes[-3:] == ["activate", f"freed {stuck.pid}", "active"]
    assert stuck.wait(5) == -9


def test_restart__takes_long_without_a_dead_shim__nobody_is_killed(
    stand: Stand, stuck: subprocess.Popen[bytes]
) -> None:
    stand.put(f"/proc/{stuck.pid}/cmdline", b"/opt/containerd-shim-x-v1\0-id\0c1\0delete\0")
    stand.put(f"/proc/{stuck.pid}/wchan", b"do_wait")
    stand.put(f"/proc/{stuck.pid}/status", b"PPid:\t77\n")
    stand.programs.put(state="activating", restart="exec /bin/sleep 0.03")
    stand.fire()
    assert stuck.poll() is None
    assert stand.notes[-1] == "active"


@pytest.mark.parametrize("ends", [True, False], ids=["ends well meanwhile", "is stuck"])
def test_switch__a_run_holds_the_lock__is_waited_for_but_not_for_ever(
    stand: Stand, *, ends: bool
) -> None:
    stand.keep(b"old")
    stand.put("/etc/c.toml", b"new")
    lock = stand.put("/run/wasmwright/lock", b"")
    with lock.open("r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        timer = threading.Timer(0.3, _finish, (stand, held.fileno()))
        if ends:
            timer.start()
        stand.fire(OURS)
        timer.cancel()
    assert stand.content("/etc/c.toml") == (b"new" if ends else b"old")
    assert any("although a run holds" in note for note in stand.notes) is not ends


def _finish(stand: Stand, descriptor: int) -> None:
    (stand.root / "opt/wasmwright/state/journal.json").unlink()
    fcntl.flock(descriptor, fcntl.LOCK_UN)


def test_render__what_is_odd__is_quoted() -> None:
    step = Step(f"/etc/{ODD}", None, "after")
    script = render(replace(RESCUE, files=(step,), unit="a b.service"), BODY)
    assert f"    {shlex.join(['file', f'/etc/{ODD}', '', 'after'])}\n" in script
    assert "UNIT='a b.service'\n" in script
    assert subprocess.run([SHELL, "-n", "-c", script], check=False).returncode == 0


def test_render__several__are_undone_in_the_opposite_order() -> None:
    made = replace(
        RESCUE,
        files=(Step("/a", None, "1"), Step("/b", None, "2")),
        links=(Step("/l", "x", "y"),),
        folders=("/f", "/f/g"),
    )
    body = render(made, "").partition("steps() {\n")[2].partition("}")[0]
    assert [line.split()[:2] for line in body.splitlines()] == [
        *(["file", "/b"], ["file", "/a"], ["link", "/l"]),
        *(["folder", "/f/g"], ["folder", "/f"], [":"]),
    ]
