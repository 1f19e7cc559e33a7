"""Which runtimes the demo installs, and why these."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from demo.preflight import Way
from workloads import light_shim, runtimes
from workloads.artifacts import Artifact

_WASMEDGE: Final = "0.6.1"
_WASMEDGE_DOWNLOADS: Final[Mapping[str, tuple[str, str]]] = {
    "amd64": ("x86_64", "99f7f56c64a0524ea1ec3922cd095b108825a513d0212db75a5dfb08ba196cce"),
    "arm64": ("aarch64", "4a0fbd8323d401ec9ff30e3d666c6b83d278070a9c26490f616b23a97f1bc546"),
}
_RUNWASI: Final = "https://github.com/containerd/runwasi/releases/download"


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
        specs=lambda _url: {"wasmedge": wasmedge()},
    )


def wasmedge() -> dict[str, Any]:
    """Return the wasmedge shim of the runwasi project."""
    platforms = [
        {
            "arch": arch,
            "url": (
                f"{_RUNWASI}/containerd-shim-wasmedge%2Fv{_WASMEDGE}/"
                f"containerd-shim-wasmedge-{machine}-linux-musl.tar.gz"
            ),
            "sha256": sha256,
            "path": "containerd-shim-wasmedge-v1",
        }
        for arch, (machine, sha256) in _WASMEDGE_DOWNLOADS.items()
    ]
    return {"version": _WASMEDGE, "source": {"http": {"platforms": platforms}}}
