"""containerd's task bundles on the host: read, and removed when their shim is dead."""

import json
import time
from collections.abc import Iterable, Mapping

from wasmwright_installer.detect.bundles import Bundle, Process, live_task_ids
from wasmwright_installer.errors import RefusedError
from wasmwright_installer.host.commands import Commands, run
from wasmwright_installer.host.files import HostFiles

_TASKS = "io.containerd.runtime.v2.task"
_YOUNG = 30.0
"""Seconds in which a bundle without a shim may be one that is only being made."""

_RUNC_SHIM = "containerd-shim-runc-v2"
"""The shim that notes an OCI runtime. Since 2.x a container that shares its pod's shim has no note
of the shim itself."""

_REMOVE_TIMEOUT = 30.0
_REMOVE = """
umount -l "$1/rootfs" 2>/dev/null
[ ! -e "$1/rootfs" ] || rmdir "$1/rootfs" && rm -rf "$1"
"""
"""Runs in the host's mount namespace. `rmdir` refuses a rootfs that is still mounted, and then
nothing below it is touched."""


def read_bundles(
    files: HostFiles, state_dir: str, processes: Iterable[Process]
) -> tuple[Bundle, ...]:
    """Return every container that containerd keeps a bundle of."""
    shims = live_task_ids(processes)
    tasks = f"{state_dir}/{_TASKS}"
    return tuple(
        _read(files, f"{tasks}/{namespace}/{name}", shims)
        for namespace in files.names(tasks)
        for name in files.names(f"{tasks}/{namespace}")
    )


def _read(files: HostFiles, path: str, shims: Mapping[str, Process]) -> Bundle:
    tasks, _, name = path.rpartition("/")
    annotations = _annotations(files.read_text(f"{path}/config.json"))
    sandbox = annotations.get("io.kubernetes.cri.sandbox-id", name)
    process = shims.get(name) or shims.get(sandbox)
    noted = [files.read_text(f"{tasks}/{each}/shim-binary-path") for each in (name, sandbox)]
    runtime = files.read_text(f"{path}/runtime").strip()
    known = [*noted, process.arguments[0] if process else "", _RUNC_SHIM if runtime else ""]
    return Bundle(
        path=path,
        id=name,
        pod=_pod(annotations) or path,
        shim=next((shim for shim in known if shim), ""),
        runtime_binary=runtime,
        is_live=process is not None or _is_young(files, path),
    )


def _annotations(spec: str) -> dict[str, str]:
    try:
        parsed = json.loads(spec)
    except ValueError:
        return {}
    annotations = parsed.get("annotations") if isinstance(parsed, dict) else None
    return annotations if isinstance(annotations, dict) else {}


def _pod(annotations: dict[str, str]) -> str:
    namespace = annotations.get("io.kubernetes.cri.sandbox-namespace", "")
    name = annotations.get("io.kubernetes.cri.sandbox-name", "")
    return f"{namespace}/{name}" if name else ""


def _is_young(files: HostFiles, path: str) -> bool:
    try:
        return time.time() - files.local(path).stat().st_mtime < _YOUNG
    except FileNotFoundError:
        return False


def remove_dead(commands: Commands, bundle: Bundle) -> None:
    """Remove the bundle of a shim that is gone, on which containerd's next start would hang.

    Raises:
        RefusedError: its file system is still in use.
    """
    done = run(
        commands,
        *("nsenter", "--mount=/proc/1/ns/mnt", "sh", "-c", _REMOVE, "sh", bundle.path),
        timeout=_REMOVE_TIMEOUT,
    )
    if done.code != 0:
        raise RefusedError(
            f"{bundle.path} belongs to a shim that is gone and would hold up containerd's next "
            f"start, but it cannot be removed ({done.output.strip()}); remove it by hand",
            reason="DeadBundle",
        )
