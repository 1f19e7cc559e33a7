"""The files that make a Debian system a node of this cluster: path to text, no effects."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from localcluster.addresses import API_PORT, Addresses, NodeAddresses
from localcluster.flavours import CONFIG_FILE, Flavour
from localcluster.layouts import HOME, PAUSE_ARCHIVE, Layout, Unit

TUNABLES: Final[Mapping[str, str]] = {
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxbytes": "25000000",
    "kernel/keys/root_maxkeys": "1000000",
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
}
"""Kernel settings that the kubelet insists on, as its setupKernelTunables has them."""

POD_SLICES: Final = ("kubepods", "kubepods-besteffort", "kubepods-burstable")
"""The slices of the kubelet's, in each of which `devices-in-use` runs once."""

_MASKED: Final = (
    "apt-daily-upgrade.timer",
    "apt-daily.timer",
    "dpkg-db-backup.timer",
    "fstrim.timer",
    "getty.target",
    "systemd-sysctl.service",
)
"""Units that would reach out of the node (console, kernel settings) or work for nobody."""


@dataclass(frozen=True, slots=True)
class NodeIdentity:
    """What distinguishes one node from its neighbours."""

    name: str
    flavour: Flavour
    addresses: NodeAddresses
    machine_id: str
    authority: str
    kubelet_kubeconfig: str
    proxy_kubeconfig: str


def render(node: NodeIdentity, cluster: Addresses) -> dict[str, str]:
    """Return every file that the node's disk starts with."""
    return {
        **_runtime(node.flavour),
        "/etc/cni/net.d/10-pods.conflist": _json(_pod_network(node.addresses)),
        "/etc/hostname": f"{node.name}\n",
        "/etc/hosts": f"127.0.0.1 localhost\n{node.addresses.address} {node.name}\n",
        "/etc/kubernetes/ca.crt": node.authority,
        "/etc/kubernetes/kube-proxy.json": _json(_kube_proxy(node.name, cluster)),
        "/etc/kubernetes/kube-proxy.kubeconfig": node.proxy_kubeconfig,
        "/etc/kubernetes/kubelet.kubeconfig": node.kubelet_kubeconfig,
        "/etc/machine-id": f"{node.machine_id}\n",
        "/etc/resolv.conf": "",
        "/etc/systemd/journald.conf.d/own.conf": "[Journal]\nReadKMsg=no\n",
        **_units(node, cluster),
    }


def _runtime(flavour: Flavour) -> dict[str, str]:
    """Return what kubelet and containerd read, where the node's layout has it."""
    endpoint = {"containerRuntimeEndpoint": f"unix://{flavour.socket}"}
    kubelet = _json(_KUBELET | endpoint)
    if flavour.layout is None:
        return {CONFIG_FILE: flavour.config, _KUBELET_CONFIG: kubelet}
    return {**flavour.layout.files, flavour.layout.kubelet_config: kubelet}


def links(flavour: Flavour) -> dict[str, str]:
    """Return the symbolic links of the node's disk: units enabled and units masked."""
    units = "/etc/systemd/system"
    layout = flavour.layout
    own = flavour.units if layout else ("kubelet", "preload-images")
    enabled = ("kube-proxy", *own)
    wants = f"{units}/multi-user.target.wants"
    holders = {
        f"{wants}/devices-in-use@{name}.service": "../devices-in-use@.service"
        for name in POD_SLICES
    }
    started = {f"{wants}/{unit}.service": f"../{unit}.service" for unit in enabled}
    unwanted = (*_MASKED, "containerd.service") if layout else _MASKED
    masked = {f"{units}/{unit}": "/dev/null" for unit in unwanted}
    return started | holders | masked | dict(layout.links if layout else {})


def _units(node: NodeIdentity, cluster: Addresses) -> dict[str, str]:
    flags = (
        "--kubeconfig=/etc/kubernetes/kubelet.kubeconfig"
        f" --node-ip={node.addresses.address} --hostname-override={node.name}"
    )
    layout = node.flavour.layout
    own = _layout_units(layout, flags, cluster) if layout else _debian_units(flags, cluster)
    units = {
        **own,
        "devices-in-use@": _DEVICES_IN_USE,
        "kube-proxy": _daemon(
            "/usr/local/bin/kube-proxy --config=/etc/kubernetes/kube-proxy.json",
            cluster,
            after="network.target",
        ),
    }
    return {f"/etc/systemd/system/{name}.service": text for name, text in units.items()}


def _debian_units(flags: str, cluster: Addresses) -> dict[str, str]:
    kubelet = f"/usr/local/bin/kubelet --config={_KUBELET_CONFIG} {flags}"
    preload = f"/usr/bin/ctr -n k8s.io images import --all-platforms {PAUSE_ARCHIVE}"
    return {
        "preload-images": (
            "[Unit]\nWants=containerd.service\nAfter=containerd.service\n"
            f"[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart={preload}\n"
        ),
        "kubelet": _daemon(kubelet, cluster, after="containerd.service preload-images.service"),
    }


def _layout_units(layout: Layout, flags: str, cluster: Addresses) -> dict[str, str]:
    """Return a distribution's units; what runs in containers outlives them."""
    is_folder = layout.kubelet_config.endswith(".conf")
    config = "" if is_folder else f"--config={layout.kubelet_config} "
    common = {"KUBELET": f"{config}{flags}", "PAUSE": PAUSE_ARCHIVE}
    return {unit.name: _layout_unit(unit, common, cluster) for unit in layout.units}


def _layout_unit(unit: Unit, common: Mapping[str, str], cluster: Addresses) -> str:
    settings = {**common, **unit.environment}.items()
    lines = [f'Environment="{name}={value}"' for name, value in settings]
    lines += [f"WorkingDirectory={HOME}", "KillMode=process", "Delegate=yes", "TasksMax=infinity"]
    lines += ["Type=notify", "NotifyAccess=all"]
    extra = "".join(f"{line}\n" for line in lines)
    if unit.needs_api:
        return _daemon(unit.command, cluster, after="network.target") + extra
    return f"[Service]\nExecStart={unit.command}\nRestart=always\nRestartSec=1\n{extra}"


_DEVICES_IN_USE: Final = """\
[Unit]
Before=kubelet.service

[Service]
Slice=%i.slice
DevicePolicy=closed
ExecStart=/usr/bin/sleep infinity
"""
"""Keeps the controller `devices` of a slice in use, of cgroup v1.

Without it systemd 257 takes that controller up when the first pod of the slice starts, and moves
the pod's sandbox out of its own cgroup of `devices` while it does. runc looks there for the
sandbox's processes and finds none, so containerd 1.7 takes the sandbox for a leaked one at its next
start, and the kubelet starts the pod anew: measured, for the first pod of each slice.
"""


def _daemon(command: str, cluster: Addresses, *, after: str) -> str:
    """Return a unit that waits until the API server listens, rather than back off."""
    listens = f"(exec 3<>/dev/tcp/{cluster.host}/{API_PORT}) 2>/dev/null"
    return (
        f"[Unit]\nAfter={after}\nStartLimitIntervalSec=0\n"
        "[Service]\nTimeoutStartSec=infinity\n"
        f"ExecStartPre=/bin/bash -c 'until {listens}; do sleep 0.1; done'\n"
        f"ExecStart={command}\nRestart=always\nRestartSec=1\n"
    )


_KUBELET_CONFIG: Final = "/etc/kubernetes/kubelet.json"

_KUBELET: Final = {
    "apiVersion": "kubelet.config.k8s.io/v1beta1",
    "kind": "KubeletConfiguration",
    "authentication": {
        "anonymous": {"enabled": False},
        "webhook": {"enabled": True},
        "x509": {"clientCAFile": "/etc/kubernetes/ca.crt"},
    },
    "authorization": {"mode": "Webhook"},
    "cgroupDriver": "systemd",
    "clusterDNS": ["127.0.0.1"],
    "clusterDomain": "cluster.local",
    "evictionHard": {
        "imagefs.available": "0%",
        "memory.available": "1Mi",
        "nodefs.available": "0%",
    },
    "failCgroupV1": False,
    "failSwapOn": False,
    "imageGCHighThresholdPercent": 100,
}
"""Times are the kubelet's own. There is no cluster DNS: names fail at once, not by timeout."""


def _kube_proxy(name: str, cluster: Addresses) -> dict[str, object]:
    """Return kube-proxy's configuration; zero = a setting of the host's kernel, left alone."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": "/etc/kubernetes/kube-proxy.kubeconfig"},
        "clusterCIDR": str(cluster.pods),
        "conntrack": {
            "maxPerCore": 0,
            "tcpCloseWaitTimeout": "0s",
            "tcpEstablishedTimeout": "0s",
        },
        "hostnameOverride": name,
        "mode": "iptables",
    }


def _pod_network(node: NodeAddresses) -> dict[str, object]:
    ipam = {
        "type": "host-local",
        "ranges": [[{"subnet": str(node.pods)}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    bridge = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        "hairpinMode": True,
        "ipMasq": False,
        "ipam": ipam,
    }
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "1.0.0", "name": "pods", "plugins": [bridge, ports]}


def _json(value: object) -> str:
    return json.dumps(value, indent=2) + "\n"
