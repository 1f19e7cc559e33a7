import pytest

from wasmwright_installer.detect import kubelet

KUBELET, KUBELITE, SERVER, AGENT, WHOLE = kubelet.KINDS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("containerRuntimeEndpoint: unix:///run/c.sock\n", "unix:///run/c.sock"),
        ('kind: K\ncontainerRuntimeEndpoint: "unix:///run/c.sock" # c\n', "unix:///run/c.sock"),
        ('{"kind": "K", "containerRuntimeEndpoint": "unix:///run/c.sock"}', "unix:///run/c.sock"),
        ('{\n  "containerRuntimeEndpoint": "/run/c.sock",\n}', "/run/c.sock"),
        ("# containerRuntimeEndpoint: unix:///no.sock\n", ""),
        ("containerRuntimeEndpoint: ''\n", ""),
        ("kind: K\n", ""),
    ],
)
def test_endpoint_in_config__yaml_and_json(text: str, expected: str) -> None:
    assert kubelet.endpoint_in_config(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("container-runtime-endpoint: /run/c.sock\n", "/run/c.sock"),
        (
            'token: x\n"container-runtime-endpoint": "unix:///run/c.sock" # c\n',
            "unix:///run/c.sock",
        ),
        ("# container-runtime-endpoint: /run/no.sock\n", ""),
        ("--v=2\n--container-runtime-endpoint=/run/c.sock\n", "/run/c.sock"),
        (
            "--container-runtime-endpoint=${SNAP_COMMON}/run/containerd.sock\n",
            "/var/snap/microk8s/common/run/containerd.sock",
        ),
        ("--container-runtime-endpoint=$SNAP_DATA/c.sock", "/var/snap/microk8s/current/c.sock"),
        ("--container-runtime-endpoint=${OTHER}/c.sock", "${OTHER}/c.sock"),
        ("", ""),
    ],
)
def test_endpoint_in_settings__yaml_and_flags(text: str, expected: str) -> None:
    assert kubelet.endpoint_in_settings(text) == expected


@pytest.mark.parametrize(
    ("kind", "arguments", "expected"),
    [
        (KUBELET, ("kubelet", "--config=/a"), ()),
        (KUBELITE, ("kubelite", "--kubelet-args-file=/args/kubelet"), ("/args/kubelet",)),
        (SERVER, ("/usr/local/bin/k3s", "server"), ("/etc/rancher/k3s/config.yaml",)),
        (AGENT, ("/usr/local/bin/k3s", "agent", "-c", "/a.yaml"), ("/a.yaml",)),
        (WHOLE, ("/bin/k3s", "server"), ("/etc/rancher/k3s/config.yaml",)),
    ],
)
def test_settings_files__kind_of_kubelet__names_its_own(
    kind: kubelet.Kind, arguments: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    assert kubelet.settings_files(kind, arguments) == expected


@pytest.mark.parametrize(
    ("kind", "arguments", "expected"),
    [
        (KUBELET, ("kubelet", "--config-dir=/a"), "/a"),
        (KUBELET, ("kubelet",), ""),
        (SERVER, ("k3s", "server"), "/var/lib/rancher/k3s/agent/etc/kubelet.conf.d"),
        (AGENT, ("k3s", "agent", "--data-dir=/data/"), "/data/agent/etc/kubelet.conf.d"),
    ],
)
def test_config_folder__kind_of_kubelet__is_where_its_drop_ins_lie(
    kind: kubelet.Kind, arguments: tuple[str, ...], expected: str
) -> None:
    assert kubelet.config_folder(kind, arguments) == expected
