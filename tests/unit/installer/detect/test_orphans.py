"""What runs on after a restart without containerd knowing of it."""

from wasmwright_installer.detect.bundles import Process
from wasmwright_installer.detect.orphans import orphans, warn_of_orphans
from wasmwright_installer.home import USUAL

STORED = "/opt/wasmwright/store/abc/containerd-shim-x-v1"


def shim(pid: int, sandbox: str, *, executable: str = STORED, container: str = "") -> Process:
    arguments = (executable, "-namespace", "k8s.io", "-id", sandbox, "-address", "/s")
    return Process(pid, executable, arguments, container=container)


def test_orphans__tasks_that_containerd_forgot__are_found_by_id() -> None:
    processes = [
        shim(1, "known"),
        shim(2, "lost"),
        shim(3, "lost", executable=f"{STORED} (deleted)"),
        shim(4, "known", container="guest"),
        shim(5, "foreign", executable="/usr/bin/containerd-shim-runc-v2"),
        Process(6, STORED, (STORED, "-id", "lost", "delete")),
        Process(7, STORED, (STORED, "-v")),
        Process(8, "/usr/bin/dash", ("/bin/sh", "/opt/wasmwright/bin/y/containerd-shim-y-v1")),
    ]
    found = orphans(processes, frozenset({"known"}), USUAL)
    assert found == {"lost": (2, 3), "guest": (4,)}


def test_warn_of_orphans__many__names_some_and_counts_all() -> None:
    found = {"a": tuple(range(1, 9)), "b": (20, 21, 22)}
    (told,) = warn_of_orphans(found)
    assert "knowing of them: 2 (processes 1, 2, 3, 4, 5, 6, 7, 8, 20, 21, ...)" in told
    assert warn_of_orphans({}) == ()
