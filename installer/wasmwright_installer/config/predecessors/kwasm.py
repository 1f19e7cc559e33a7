"""KWasm's node installer, retired in 2026.

It appends its tables to the end of containerd's main file, once and for all and always under the
older plugin table. On MicroK8s that is the template's end, on k3s and RKE2 that of a copy of the
rendered file, which it makes the template. crun comes first; it names its file. The shims behind it
are named by type and found through symlinks on the search path; later editions name their files as
well. A marker says that containerd was restarted. Nothing takes any of it away again.
"""

import re
from typing import Final

from wasmwright_installer.config.predecessors.predecessor import Predecessor
from wasmwright_installer.config.predecessors.stanzas import Stanza
from wasmwright_installer.contract import PredecessorName

_SHIMS: Final = frozenset({"lunatic", "slight", "spin", "wasmedge", "wasmer", "wasmtime", "wws"})


def _appends(stanza: Stanza) -> bool:
    types = {f"io.containerd.{stanza.handler}.{version}" for version in ("v1", "v2")}
    only_a_type = stanza.table.keys() == {"runtime_type"}
    return stanza.handler in _SHIMS and only_a_type and stanza.table["runtime_type"] in types


KWASM: Final = Predecessor(
    name=PredecessorName.KWASM,
    title="KWasm",
    roots=("/opt/kwasm", "/var/snap/microk8s/common/kwasm"),
    binaries=("bin/containerd-shim-*", "bin/crun*", "lib/lib*.so*"),
    notes=("active", "kwasm-lock.json"),
    comment=re.compile(r"#\s*KWASM runtime config for \S+\s*"),
    appends=_appends,
)
