"""The daemon that the kubelet of this host really uses, and what the host says of itself."""

from wasmwright_installer.detect import daemon as decide
from wasmwright_installer.detect.daemon import Daemon
from wasmwright_installer.detect.support import (
    NodeFacts,
    parse_os_release,
    refuse_foreign_daemon,
    refuse_managed,
)
from wasmwright_installer.errors import RefusedError
from wasmwright_installer.host import processes
from wasmwright_installer.host.commands import Commands, run
from wasmwright_installer.host.files import HostFiles

_GONE = " (deleted)"
_VERSION_TIMEOUT = 10.0


def node_facts(files: HostFiles) -> NodeFacts:
    """Read what the host says of itself."""
    os_release = files.read_text("/etc/os-release") or files.read_text("/usr/lib/os-release")
    return NodeFacts(
        os_release=parse_os_release(os_release),
        machine_id=files.read_text("/etc/machine-id").strip(),
        boot_id=files.read_text("/proc/sys/kernel/random/boot_id").strip(),
        cgroup_v2=files.exists("/sys/fs/cgroup/cgroup.controllers"),
        has_dbus=files.exists("/run/dbus/system_bus_socket"),
    )


def find_daemon(files: HostFiles, commands: Commands) -> Daemon:
    """Find the daemon: kubelet -> endpoint -> socket -> process -> executable, file and unit.

    Raises:
        UnsupportedNodeError: it is not a containerd that may be changed here.
        RefusedError: nothing answers there now.
    """
    kubelet = processes.named(files, "kubelet")
    socket = decide.socket_path(_endpoint(files, kubelet))
    pid = processes.listener(files, socket, kubelet or 1)
    if not pid:
        raise RefusedError(
            f"no process listens on {socket}, where the kubelet expects its container runtime; "
            "start it and run again",
            reason="DaemonNotRunning",
        )
    executable = _executable(files, pid)
    refuse_foreign_daemon(processes.link(files, pid, "exe"), socket)
    arguments = processes.arguments(files, pid)
    config = decide.config_path(arguments, processes.link(files, pid, "cwd"))
    unit = decide.systemd_unit(files.read_text(f"/proc/{pid}/cgroup"))
    refuse_managed(unit, executable, config, socket)
    version = run(commands, executable, "--version", timeout=_VERSION_TIMEOUT)
    return Daemon(
        socket=socket,
        pid=pid,
        executable=executable,
        config_path=config,
        unit=unit,
        version=decide.parse_version(version.stdout),
        arguments=arguments,
    )


def _endpoint(files: HostFiles, kubelet: int) -> str:
    """The flag of older kubelets wins over the configuration file, as it does for the kubelet."""
    arguments = processes.arguments(files, kubelet) if kubelet else ()
    endpoint = decide.flag(arguments, "--container-runtime-endpoint")
    config = decide.flag(arguments, "--config")
    folder = decide.flag(arguments, "--config-dir")
    if not endpoint and config:
        texts = [files.read_text(config)]
        names = [name for name in files.names(folder) if name.endswith(".conf")] if folder else []
        texts += [files.read_text(f"{folder}/{name}") for name in names]
        found = [decide.endpoint_in_kubelet_config(text) for text in texts]
        endpoint = next((each for each in reversed(found) if each), "")
    return endpoint or decide.DEFAULT_SOCKET


def _executable(files: HostFiles, pid: int) -> str:
    """The file that a restart would start, or the running image itself when that file is gone."""
    link = processes.link(files, pid, "exe")
    path = link.removesuffix(_GONE)
    return path if files.exists(path) else f"/proc/{pid}/exe"
