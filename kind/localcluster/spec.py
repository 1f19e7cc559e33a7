"""What a person asks for: a name, the flavours of the nodes, and what is unusual about it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from localcluster import flavours
from localcluster.errors import SpecError
from localcluster.units import UNITS

DEFAULT_NAME: Final = "wasmwright"
DEFAULT_NODES: Final = ("containerd-1.7", "containerd-2.4")
MOST_NODES: Final = 99

_NAME: Final = re.compile(r"[a-z]([-a-z0-9]{0,28}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class ClusterSpec:
    """A cluster to be raised; `nodes` holds a flavour per node, none = only a control plane."""

    name: str = DEFAULT_NAME
    nodes: tuple[str, ...] = DEFAULT_NODES
    arguments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By program of the control plane: flags that are added to ours, and win over them."""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise SpecError(
                f"{self.name!r} cannot name a cluster: use at most 30 lower-case letters,"
                " digits and hyphens, beginning with a letter and not ending with a hyphen"
            )
        if len(self.nodes) > MOST_NODES:
            raise SpecError(f"a cluster has at most {MOST_NODES} nodes, not {len(self.nodes)}")
        for name in self.nodes:
            flavours.flavour(name)
        for unit in self.arguments:
            if unit not in UNITS:
                raise SpecError(
                    f"arguments are given for {unit!r}: the programs are {', '.join(UNITS)}"
                )
