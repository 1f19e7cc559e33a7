import pytest

from wasmwright_installer.detect.bundles import (
    Bundle,
    Process,
    dead_bundles,
    live_task_ids,
    pods_lost_by_restart,
    pods_using,
    survives_restart,
)
from wasmwright_installer.home import own_handler

OURS = "/opt/wasmwright/bin/spin/containerd-shim-spin-v2"


def bundle(shim: str, *, pod: str = "a/b", runtime: str = "", live: bool = True) -> Bundle:
    return Bundle("/run/x", "x", pod, shim, runtime, live)


@pytest.mark.parametrize(
    ("path", "handler"),
    [
        (OURS, "spin"),
        ("/opt/wasmwright/bin/spin", "spin"),
        ("/opt/wasmwright/store/a/b", ""),
        ("/usr/bin/crun", ""),
        ("", ""),
    ],
)
def test_own_handler__path__tells_the_handler(path: str, handler: str) -> None:
    assert own_handler(path) == handler


@pytest.mark.parametrize(
    ("shim", "survives"),
    [
        ("/usr/bin/containerd-shim-runc-v2", True),
        ("/usr/bin/containerd-shim-kata-v2", True),
        ("/usr/local/bin/containerd-shim-runsc-v1", True),
        ("/usr/local/bin/containerd-shim-spin-v2", False),
        (OURS, False),
        ("/opt/wasmwright/bin/light/containerd-shim-light-v1", True),
        ("/opt/wasmwright/bin/odd/containerd-shim-runc-v2", False),
        ("", False),
    ],
)
def test_survives_restart__only_known_shims_and_those_vouched_for(
    shim: str, *, survives: bool
) -> None:
    assert survives_restart(bundle(shim), frozenset({"light"})) is survives


def test_pods_lost_by_restart__live_ones__by_name_and_once() -> None:
    bundles = (
        bundle(OURS, pod="z/z"),
        bundle(OURS, pod="a/a"),
        bundle(OURS, pod="a/a"),
        bundle(OURS, pod="dead/dead", live=False),
        bundle("/usr/bin/containerd-shim-runc-v2", pod="runc/runc"),
    )
    assert pods_lost_by_restart(bundles, frozenset()) == ("a/a", "z/z")
    assert [each.pod for each in dead_bundles(bundles, frozenset())] == ["dead/dead"]


def test_pods_using__shim_and_oci_runtime__are_both_seen() -> None:
    crun = "/opt/wasmwright/bin/crun/crun"
    bundles = (
        bundle(OURS, pod="shim/pod"),
        bundle("/usr/bin/containerd-shim-runc-v2", pod="oci/pod", runtime=crun),
    )
    assert pods_using("spin", "", bundles, ()) == ("shim/pod",)
    assert pods_using("crun", "", bundles, ()) == ("oci/pod",)
    assert pods_using("other", "", bundles, ()) == ()
    assert pods_using("spin", "", (bundle(OURS, live=False),), ()) == ()


@pytest.mark.parametrize("executable", ["/opt/s/x", "/opt/s/x (deleted)"])
def test_pods_using__only_a_process_is_left__is_named_by_its_id(executable: str) -> None:
    processes = (Process(7, executable, ()), Process(8, "/other", ()))
    assert pods_using("spin", "/opt/s/x", (), processes) == ("process 7",)
    assert pods_using("spin", "", (), processes) == ()


def test_live_task_ids__shims_command_lines__name_their_tasks() -> None:
    shim = Process(7, "/x", ("/x", "-namespace", "k8s.io", "-id", "abc", "-address", "/s"))
    other = (
        Process(8, "/y", ("useradd", "-id", "7")),
        Process(9, "/z", ("z", "-namespace", "k8s.io", "-id")),
    )
    assert live_task_ids((shim, *other)) == {"abc": shim}
