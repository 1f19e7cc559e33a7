import pytest

from wasmwright_installer.detect.handlers import (
    Loaded,
    binary_of,
    loaded_from_status,
    normal_handler,
    program_of,
    uses_systemd_cgroup,
)

STATUS_1_7 = {
    "runtimeType": "io.containerd.runc.v2",
    "runtimePath": "",
    "runtimeEngine": "",
    "PodAnnotations": ["a/*"],
    "ContainerAnnotations": None,
    "options": {"BinaryName": "/usr/bin/crun"},
    "privileged_without_host_devices": False,
    "cniMaxConfNum": 0,
    "sandboxMode": "podsandbox",
}
STATUS_2_4 = {
    "runtimeType": "io.containerd.runc.v2",
    "runtimePath": "",
    "PodAnnotations": ["a/*"],
    "options": {"BinaryName": "/usr/bin/crun", "IoUid": 0, "Root": "", "SystemdCgroup": False},
    "sandboxer": "podsandbox",
    "io_type": "",
}
WRITTEN = {
    "runtime_type": "io.containerd.runc.v2",
    "pod_annotations": ["a/*"],
    "options": {"BinaryName": "/usr/bin/crun"},
}


@pytest.mark.parametrize("reported", [STATUS_1_7, STATUS_2_4], ids=["1.7", "2.4"])
def test_normal_handler__what_is_loaded__equals_what_was_written(
    reported: dict[str, object],
) -> None:
    assert normal_handler(reported) == normal_handler(WRITTEN)


@pytest.mark.parametrize(
    "change",
    [
        {"runtime_type": "io.containerd.kata.v2"},
        {"pod_annotations": []},
        {"options": {"BinaryName": "/usr/bin/crun", "SystemdCgroup": True}},
        {"runtime_path": "/x"},
        {"sandboxer": "shim"},
        {"privileged_without_host_devices": True},
    ],
)
def test_normal_handler__anything_set__counts(change: dict[str, object]) -> None:
    assert normal_handler({**WRITTEN, **change}) != normal_handler(WRITTEN)


def test_loaded_from_status__verbose_info__is_read() -> None:
    config = {
        "containerd": {"runtimes": {"crun": STATUS_1_7}, "defaultRuntimeName": "runc"},
        "stateDir": "/data/state/io.containerd.grpc.v1.cri",
    }
    loaded = loaded_from_status(config, runtime_ready=True, network_ready=False)
    assert loaded == Loaded(
        {"crun": normal_handler(WRITTEN)},
        "runc",
        "/data/state",
        runtime_ready=True,
        network_ready=False,
    )


def test_loaded_from_status__nothing_in_it__has_no_handlers() -> None:
    loaded = loaded_from_status({}, runtime_ready=False, network_ready=False)
    assert (loaded.handlers, loaded.state_dir) == ({}, "/run/containerd")


RUNC = "io.containerd.runc.v2"


@pytest.mark.parametrize(
    ("handlers", "default", "expected"),
    [
        ({"runc": {"runtimetype": RUNC, "options": {"SystemdCgroup": True}}}, "runc", True),
        ({"runc": {"runtimetype": RUNC, "options": {"Root": "/x"}}}, "runc", False),
        ({"runc": {"runtimetype": RUNC}}, "runc", False),
        (
            {
                "nvidia": {"runtimetype": RUNC, "options": {"SystemdCgroup": True}},
                "runc": {"runtimetype": RUNC, "options": {"Root": "/x"}},
            },
            "nvidia",
            True,
        ),
        (
            {
                "kata": {"runtimetype": "io.containerd.kata.v2"},
                "runc": {"runtimetype": RUNC, "options": {"SystemdCgroup": True}},
            },
            "kata",
            True,
        ),
        ({}, "", False),
    ],
    ids=["yes", "other options", "no options", "default counts", "default is no runc", "none"],
)
def test_uses_systemd_cgroup__the_nodes_ordinary_pods(
    handlers: dict[str, dict[str, object]], default: str, *, expected: bool
) -> None:
    loaded = Loaded(handlers, default, "/s", runtime_ready=True, network_ready=True)
    assert uses_systemd_cgroup(loaded) is expected


@pytest.mark.parametrize(
    ("handler", "binary", "program"),
    [
        ({"runtimetype": "/opt/x"}, "/opt/x", "/opt/x"),
        (
            {"runtimetype": RUNC, "options": {"BinaryName": "/usr/bin/crun"}},
            "/usr/bin/crun",
            "/usr/bin/crun",
        ),
        ({"runtimetype": RUNC}, "", RUNC),
        ({"runtimetype": RUNC, "options": {"SystemdCgroup": True}}, "", RUNC),
        ({}, "", ""),
    ],
)
def test_binary_of__and_program_of(handler: dict[str, object], binary: str, program: str) -> None:
    assert (binary_of(handler), program_of(handler)) == (binary, program)
