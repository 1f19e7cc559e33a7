"""Which runtimes the demo installs, and why these."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from demo.preflight import Way
from workloads import light_shim, runtimes
from workloads.artifacts import Artifact


@dataclass(frozen=True, slots=True)
class Showcase:
    """The runtimes to show."""

    explanation: str
    names: tuple[str, ...]
    specs: Callable[[str], dict[str, Any]]
    """Given the URL of the served shim, the chart's value `runtimes`."""
    served: Artifact | None = None
    """A shim to serve from inside the cluster; None where the shims come from elsewhere."""


def showcase(way: Way) -> Showcase:
    """Return what can be shown on this kind of cluster."""
    return _released() if way is Way.KIND else _light_and_crun()


def _light_and_crun() -> Showcase:
    shim = light_shim.artifact()
    return Showcase(
        explanation=(
            "Two runtimes: 'wasmtest', a small containerd shim that nodes download and check,"
            " and 'crun', which these nodes have from their distribution"
        ),
        names=(runtimes.WASMTEST, runtimes.CRUN),
        specs=lambda url: {
            runtimes.WASMTEST: runtimes.light_shim(shim, url),
            runtimes.CRUN: runtimes.crun(),
        },
        served=shim,
    )


def _released() -> Showcase:
    return Showcase(
        explanation=(
            "One runtime: 'wasmedge', as its project has released it. The nodes of kind have no"
            " crun with wasm, so the two other runtimes of this demo would not run there"
        ),
        names=("wasmedge",),
        specs=lambda _url: {"wasmedge": {"enabled": True}},
    )
