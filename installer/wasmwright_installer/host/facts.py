"""The daemon that the kubelet of this host really uses, and what the host says of itself."""

from collections.abc import Iterator, Sequence

from wasmwright_installer.detect import crio
from wasmwright_installer.detect import daemon as decide
from wasmwright_installer.detect import kubelet as kubelets
from wasmwright_installer.detect.daemon import (
    CONTAINERD,
    GONE,
    ContainerRuntime,
    Daemon,
    Version,
)
from wasmwright_installer.detect.kubelet import Kind
from wasmwright_installer.detect.support import (
    NodeFacts,
    parse_os_release,
    refuse_unsupervised,
    refuse_vendor_file,
    runtime_of,
)
from wasmwright_installer.errors import RefusedError
from wasmwright_installer.host import processes
from wasmwright_installer.host.commands import Commands, run
from wasmwright_installer.host.files import HostFiles

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
        UnsupportedNodeError: it is no containerd and no CRI-O that may be changed here.
        RefusedError: nothing answers there now.
    """
    kind, kubelet = _kubelet(files)
    socket = decide.socket_path(_endpoint(files, kind, kubelet))
    pid = processes.listener(files, socket, kubelet or 1)
    if not pid:
        raise RefusedError(
            f"no process listens on {socket}, where the kubelet expects its container runtime; "
            "start it and run again",
            reason="DaemonNotRunning",
        )
    arguments = processes.arguments(files, pid)
    program = decide.program_name(processes.link(files, pid, "exe"), arguments)
    if runtime_of(program, socket) is ContainerRuntime.CRIO:
        return _crio(files, commands, socket, pid)
    return _containerd(files, commands, socket, pid)


def _containerd(files: HostFiles, commands: Commands, socket: str, pid: int) -> Daemon:
    arguments = processes.arguments(files, pid)
    config = decide.config_path(arguments, processes.link(files, pid, "cwd"))
    unit = decide.systemd_unit(files.read_text(f"/proc/{pid}/cgroup"))
    refuse_unsupervised(unit)
    refuse_vendor_file(config)
    executable = _executable(files, pid, CONTAINERD)
    return Daemon(
        socket=socket,
        pid=pid,
        executable=executable,
        config_path=config,
        unit=unit,
        version=_version(commands, executable),
        arguments=arguments,
        supervisor=_supervisor(files, pid),
    )


def _crio(files: HostFiles, commands: Commands, socket: str, pid: int) -> Daemon:
    executable = _executable(files, pid, "crio")
    arguments, directory = processes.arguments(files, pid), processes.link(files, pid, "cwd")
    environment = processes.environment(files, pid)
    unit = decide.systemd_unit(files.read_text(f"/proc/{pid}/cgroup"))
    version = _version(commands, executable)
    refuse_unsupervised(unit, "CRI-O")
    crio.refuse_old(version)
    return Daemon(
        socket=socket,
        pid=pid,
        executable=executable,
        config_path=crio.main_file(arguments, environment, directory),
        unit=unit,
        version=version,
        arguments=arguments,
        runtime=ContainerRuntime.CRIO,
        config_folder=crio.drop_in_folder(arguments, environment, directory),
    )


def _version(commands: Commands, executable: str) -> Version:
    printed = run(commands, executable, "--version", timeout=_VERSION_TIMEOUT)
    return decide.parse_version(printed.stdout)


def _kubelet(files: HostFiles) -> tuple[Kind, int]:
    for kind in kubelets.KINDS:
        pid = processes.named(files, kind.name)
        if pid:
            return kind, pid
    return kubelets.OTHER, 0


def _endpoint(files: HostFiles, kind: Kind, kubelet: int) -> str:
    """The flag of older kubelets wins over the configuration files, as it does for the kubelet."""
    arguments = processes.arguments(files, kubelet) if kubelet else ()
    endpoint = decide.flag(arguments, "--container-runtime-endpoint")
    if not endpoint:
        texts = (files.read_text(path) for path in kubelets.settings_files(kind, arguments) if path)
        endpoint = next(filter(None, map(kubelets.endpoint_in_settings, texts)), "")
    if not endpoint:
        found = map(kubelets.endpoint_in_config, _configurations(files, kind, arguments))
        endpoint = next((each for each in reversed(list(found)) if each), "")
    return endpoint or kind.socket


def _configurations(files: HostFiles, kind: Kind, arguments: Sequence[str]) -> Iterator[str]:
    """Yield the kubelet's own files, the one that wins last."""
    config = decide.flag(arguments, "--config") if kind.name == "kubelet" else ""
    folder = kubelets.config_folder(kind, arguments)
    names = files.names(folder) if folder else []
    paths = [config] if config else []
    paths += [f"{folder}/{name}" for name in names if name.endswith(".conf")]
    yield from map(files.read_text, paths)


def _executable(files: HostFiles, pid: int, program: str) -> str:
    """The file that a restart would start, or the running image itself when that file is gone.

    Where one file holds many programs, the link beside it by which it is called as this one.
    """
    path = processes.link(files, pid, "exe").removesuffix(GONE)
    folder, _, name = path.rpartition("/")
    if name != program and files.exists(f"{folder}/{program}"):
        return f"{folder}/{program}"
    return path if files.exists(path) else f"/proc/{pid}/exe"


def _supervisor(files: HostFiles, pid: int) -> tuple[str, ...]:
    parent = processes.parent(files, pid)
    return processes.arguments(files, parent) if parent > 1 else ()
