import pytest

from wasmwright_installer.detect.bundles import Process, pods_lost_by_restart, pods_using
from wasmwright_installer.detect.conmon import monitored

LINK = "/opt/wasmwright/bin/crun-wasm/crun"
NAME = "k8s_app_cart-0_shop_0a1b2c3d-1_0"


def monitor(*arguments: str, program: str = "/usr/bin/conmon") -> Process:
    return Process(1, program, (program, "-b", "/bundle", "-c", "id", *arguments))


@pytest.mark.parametrize("program", ["/usr/bin/conmon", "/usr/libexec/crio/crio-conmon"])
def test_monitored__runtime_of_ours__names_pod_and_handler(program: str) -> None:
    containers = monitored([monitor("-n", NAME, "-r", LINK, program=program)])
    assert pods_using("crun-wasm", "", containers, []) == ("shop/cart-0",)
    assert pods_using("other", "", containers, []) == ()
    assert pods_lost_by_restart(containers, frozenset()) == ()


def test_monitored__container_of_no_pod__is_named_as_it_is() -> None:
    [container] = monitored([monitor("-n", "toolbox", "-r", LINK)])
    assert container.pod == "toolbox"


@pytest.mark.parametrize(
    "process",
    [Process(1, "/usr/bin/sh", ()), Process(1, "/usr/bin/sh", ("sh", "-r")), monitor("-n", NAME)],
)
def test_monitored__other_processes__are_none(process: Process) -> None:
    assert monitored([process]) == ()
