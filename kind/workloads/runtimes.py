"""WasmRuntimes of the shims that tests and the demo install, as specs for Helm or kubectl."""

from collections.abc import Mapping
from platform import machine
from typing import Any, Final

from workloads.artifacts import Artifact

Spec = dict[str, Any]

_ARCHITECTURES: Final[Mapping[str, str]] = {"x86_64": "amd64", "aarch64": "arm64"}

WASMTEST: Final = "wasmtest"
"""The light shim."""
WASMTIME: Final = "wasmtime"
"""The real shim."""
CRUN: Final = "crun"
"""The node's own crun."""

POD_ANNOTATIONS: Final[Mapping[str, Mapping[str, str]]] = {
    CRUN: {"module.wasm.image/variant": "compat-smart"}
}
"""What pods of a runtime must say for their wasm to be recognised."""


def shim(artifact: Artifact, url: str, *, version: str, sha256: str | None = None) -> Spec:
    """Return a containerd shim to download; a wrong sha256 is what tests of refusals want."""
    platform = {
        "arch": _ARCHITECTURES.get(machine(), machine()),
        "url": url,
        "sha256": sha256 or artifact.sha256,
        "path": artifact.member,
    }
    return {"version": version, "source": {"http": {"platforms": [platform]}}}


def light_shim(artifact: Artifact, url: str, *, version: str = "1") -> Spec:
    """Return the light shim, whose pods live through restarts since runc's shim holds them."""
    return shim(artifact, url, version=version) | {"config": {"podsSurviveRestart": True}}


def crun() -> Spec:
    """Return the crun that nodes have from their distribution, if it was built with wasm."""
    return {
        "type": "OCIRuntime",
        "source": {
            "hostPath": {
                "path": "/usr/bin/crun",
                "probe": {"args": ["--version"], "contains": "+WASM"},
            }
        },
        "config": {"podAnnotations": ["module.wasm.image/*"]},
    }


def manifest(name: str, spec: Spec) -> dict[str, Any]:
    """Return a WasmRuntime for kubectl."""
    return {
        "apiVersion": "wasmwright.dev/v1alpha1",
        "kind": "WasmRuntime",
        "metadata": {"name": name},
        "spec": spec,
    }
