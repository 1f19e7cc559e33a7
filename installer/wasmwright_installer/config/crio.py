"""Handlers in CRI-O's own dialect: an OCI runtime by its path, driven by conmon.

`allowed_annotations` is a permission and no filter: an annotation that CRI-O does not know goes
through by itself, and one that is listed but unknown makes CRI-O drop the handler.
"""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from wasmwright_installer.config import tables
from wasmwright_installer.contract import HandlerEntry, RuntimeType
from wasmwright_installer.home import Home

_PERMITTED: Final = {
    "module.wasm.image/variant": "module.wasm.image/variant",
    "run.oci.handler": "run.oci.",
}
"""Annotation by which crun is told what a module is -> the entry that lets it through."""

_MONITOR = ("monitor_path", "monitor_cgroup", "monitor_env", "monitor_exec_cgroup")


def monitor_settings(tree: Mapping[str, bytes], default: str) -> dict[str, Any]:
    """Return what the files say of the monitor of the default handler.

    CRI-O does not start when it finds no conmon for some handler, and where it is not on the PATH
    only the handlers' own tables say where.
    """
    declared: Mapping[str, Any] = {}
    for path, content in tree.items():
        document = tables.parse(path, content)
        declared = tables.all_runtimes(document).get(default, declared)
    return {key: declared[key] for key in _MONITOR if key in declared}


def handler_table(entry: HandlerEntry, home: Home, monitor: Mapping[str, Any]) -> dict[str, Any]:
    """Return the table for a handler, as it is written."""
    table: dict[str, Any] = {"runtime_path": home.link(entry), "runtime_type": "oci"}
    allowed = _allowed(entry)
    if allowed:
        table["allowed_annotations"] = allowed
    return table | dict(monitor)


def _allowed(entry: HandlerEntry) -> list[str]:
    return [
        permission
        for annotation, permission in _PERMITTED.items()
        if any(fnmatchcase(annotation, pattern) for pattern in entry.pod_annotations)
    ]


def misfit(entry: HandlerEntry) -> str:
    """Say why CRI-O cannot have a handler; "" = it can."""
    if entry.type is RuntimeType.OCI_RUNTIME:
        return ""
    return (
        f"handler {entry.handler!r} is a containerd shim, which CRI-O cannot run; use an OCI "
        "runtime built with WebAssembly, such as crun-wasm, with type OCIRuntime"
    )


def dishonoured(entry: HandlerEntry) -> Iterator[str]:
    """Say what of a handler has no meaning for CRI-O and is left out."""
    if entry.options:
        yield f"CRI-O has no options for OCI runtimes; {', '.join(entry.options)} left out"
    if entry.snapshotter:
        yield "CRI-O has no snapshotters; that of the document is left out"
