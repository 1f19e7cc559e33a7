"""SpinKube's runtime-class-manager.

For each shim it appends a stanza to containerd's main file: an empty line, a comment that names the
shim, a table with the absolute path of the binary, and a table of options if there are any. The
plugin table is chosen by a search for "version = 3", so it may be one that the daemon does not
read, and people have corrected it by hand. A lock file lists its shims. On k3s and RKE2 it makes a
copy of the rendered file the template, unless there is a template.
"""

import re
from typing import Final

from wasmwright_installer.config.predecessors.predecessor import Predecessor
from wasmwright_installer.contract import PredecessorName

RCM: Final = Predecessor(
    name=PredecessorName.RCM,
    title="runtime-class-manager",
    roots=("/opt/rcm",),
    binaries=("bin/containerd-shim-*",),
    notes=("rcm-lock.json",),
    comment=re.compile(r"#\s*RCM runtime config for \S+\s*|###(?:START|END):\S+###\s*"),
    appends=lambda _: False,
)
