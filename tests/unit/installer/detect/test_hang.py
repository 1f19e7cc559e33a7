"""Which processes hold up a start: only shims that clean up and wait for nobody."""

import pytest

from wasmwright_installer.detect.bundles import Process
from wasmwright_installer.detect.hang import container_of, stuck_deletes

SHIM = "/opt/wasmwright/bin/x/containerd-shim-x-v1"
DELETE = (SHIM, "-namespace", "k8s.io", "-id", "c1", "-bundle", "/run/b", "delete")


@pytest.mark.parametrize(
    ("arguments", "parent", "waits_in", "is_stuck"),
    [
        (DELETE, 1, "wait_for_partner", True),
        (DELETE, 77, "wait_for_partner", True),
        (DELETE, 1, "0", True),
        (("/bin/sh", *DELETE), 1, "pipe_read", True),
        (DELETE, 77, "do_wait", False),
        (DELETE[:-1], 1, "wait_for_partner", False),
        (("/usr/bin/git", "delete"), 1, "wait_for_partner", False),
        ((), 1, "wait_for_partner", False),
    ],
    ids=[
        *("left alone", "waits for a reader", "kernel does not say", "a script", "still at work"),
        *("a shim that serves", "another program", "no command line"),
    ],
)
def test_stuck_deletes__a_process__is_one_or_not(
    arguments: tuple[str, ...], parent: int, waits_in: str, *, is_stuck: bool
) -> None:
    process = Process(9, SHIM, arguments, parent, waits_in)
    assert bool(stuck_deletes([process])) is is_stuck


def test_container_of__its_bundles_owner__is_read_from_the_command_line() -> None:
    assert container_of(Process(9, SHIM, DELETE)) == "c1"
    assert container_of(Process(9, SHIM, (SHIM, "delete"))) == "?"
