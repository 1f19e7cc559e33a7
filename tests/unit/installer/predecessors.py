"""Nodes as KWasm and runtime-class-manager leave them, written from what their editions do."""

from unit.installer.fake_host.node import FakeNode
from unit.installer.mains import G, R

KWASM_FIRST = f"""[{G}.containerd.runtimes.crun]
    runtime_type = "io.containerd.runc.v2"
    pod_annotations = ["module.wasm.image/variant", "run.oci.handler"]
[{G}.containerd.runtimes.crun.options]
    BinaryName = "/opt/kwasm/bin/crun"
"""
"""The edition of the first year: crun alone."""

_SHIMS = ("spin", "slight", "wws", "lunatic", "wasmedge", "wasmtime")
_TABLE = '[{0}.containerd.runtimes.{1}]\n    runtime_type = "{2}"\n'

KWASM = KWASM_FIRST + "".join(_TABLE.format(G, n, f"io.containerd.{n}.v1") for n in _SHIMS)
"""The edition with seven handlers, whose shims are found through the search path."""

KWASM_PATHS = KWASM_FIRST + "".join(
    _TABLE.format(G, n, f"/opt/kwasm/bin/containerd-shim-{n}-v1") for n in _SHIMS
)
"""The same with absolute paths."""

KWASM_K3S = KWASM.replace(G, "plugins.cri")
KWASM_MICROK8S = KWASM.replace("/opt/kwasm", "/var/snap/microk8s/common/kwasm")
KWASM_ADDED = f"""
# KWASM runtime config for spin-v1
[{G}.containerd.runtimes.spin-v1]
runtime_type = "/opt/kwasm/bin/containerd-shim-spin-v1"
"""
"""The rewrite in Go that became runtime-class-manager."""


def rcm(name: str, options: str = "", *, plugin: str = G) -> str:
    """What runtime-class-manager appends for a shim; with options the last line has no end."""
    stanza = f"""
# RCM runtime config for {name}
[{plugin}.containerd.runtimes.{name}]
runtime_type = "/opt/rcm/bin/containerd-shim-{name}"
"""
    return (
        f"{stanza}[{plugin}.containerd.runtimes.{name}.options]\n{options}" if options else stanza
    )


RCM = rcm("spin-v2", "SystemdCgroup = true") + rcm("wasmtime-v1")
RCM_NEWER = RCM.replace(G, R)


def leave_kwasm(node: FakeNode, *shims: str) -> None:
    """Put down KWasm's files, as on a node with /usr merged."""
    root = "/opt/kwasm"
    for name in ("crun", *(f"containerd-shim-{each}-v1" for each in shims or _SHIMS)):
        node.put(f"{root}/bin/{name}", b"#!/bin/sh\n", mode=0o755)
        if name != "crun":
            node.link(f"/usr/bin/{name}", f"{root}/bin/{name}")
    node.put(f"{root}/lib/libwasmedge.so", b"\x7fELF")
    node.put(f"{root}/active")
    for name in ("libwasmedge.so", "libwasmedge.so.0", "libwasmedge.so.0.0.0"):
        node.link(f"/usr/lib/{name}", f"{root}/lib/libwasmedge.so")


def leave_rcm(node: FakeNode) -> None:
    """Put down runtime-class-manager's files."""
    for name in ("spin-v2", "wasmtime-v1"):
        node.put(f"/opt/rcm/bin/containerd-shim-{name}", b"#!/bin/sh\n", mode=0o755)
    node.put("/opt/rcm/rcm-lock.json", b'{"shims": {}}')
