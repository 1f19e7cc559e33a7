"""Every name that other people's manifests and selectors depend on."""

from typing import Final

GROUP: Final = "wasmwright.dev"
VERSION: Final = "v1alpha1"
API_VERSION: Final = f"{GROUP}/{VERSION}"

MANAGED_BY: Final = "app.kubernetes.io/managed-by"
MANAGED_BY_VALUE: Final = "wasmwright"
MANAGED_BY_US: Final = f"{MANAGED_BY}={MANAGED_BY_VALUE}"
PART_OF: Final = "app.kubernetes.io/part-of"
PART_OF_US: Final = "wasmwright"
"""With this label the chart marks the operator's own pods."""
FIELD_MANAGER: Final = "wasmwright"
FINALIZER: Final = f"{GROUP}/uninstall"

LEDGER: Final = "wasmwright-slots"
"""ConfigMap in the operator's namespace: the nodes that change now."""

RUNTIMES: Final = f"{GROUP}/runtimes"
"""Annotation on a node: the runtimes that it asks for, separated by commas."""
SKIP: Final = f"{GROUP}/skip"
PAUSED: Final = f"{GROUP}/paused"
REINSTALL: Final = f"{GROUP}/reinstall"
RETRY: Final = f"{GROUP}/retry"

PROMOTE: Final = f"{GROUP}/promote"
"""Annotation on a WasmRuntime: the revision whose canaries a person calls good."""
RESUME: Final = f"{GROUP}/resume"
"""Annotation on a WasmRuntime: a new token lets a halted rollout go on."""
FORCE_DELETE: Final = f"{GROUP}/force-delete"
"""Annotation on a WasmRuntime: "true" lets its deletion go on without its nodes."""
CORDONED: Final = f"{GROUP}/cordoned"
"""Annotation on a node that we cordoned, so that we uncordon no other."""

TAKE_OVER: Final = f"{GROUP}/take-over"
"""On a node: whether what KWasm and runtime-class-manager left there may be made ours."""

KWASM_NODE: Final = "kwasm.sh/kwasm-node"
KWASM_PROVISIONED: Final = "kwasm.sh/kwasm-provisioned"
SHIM_API_GROUP: Final = "runtime.spinkube.dev"
"""Of runtime-class-manager's Shims, which own its RuntimeClasses."""

PROVISIONED: Final = f"{GROUP}/provisioned"
RUNTIME_LABEL_DOMAIN: Final = f"runtime.{GROUP}"

JOB_NODE: Final = f"{GROUP}/node"
"""Annotation on Jobs and their pods: the full name of the node (labels are too short for some)."""
JOB_NODE_HASH: Final = f"{GROUP}/node-hash"
"""Label on Jobs and their pods: `node_hash` of that name, to select by."""
JOB_HASH: Final = f"{GROUP}/hash"
JOB_ATTEMPT: Final = f"{GROUP}/attempt"
JOB_OWNER: Final = f"{GROUP}/wasmnode-uid"
SMOKE_TEST: Final = f"{GROUP}/smoke-test"
"""Annotation on the pod of a smoke test: the WasmRuntime that it is about."""
RUN_RESULT: Final = f"{GROUP}/run-result"
"""Annotation on the pod of a smoke test: what the installer said, which outlives its Job there."""
DOCUMENT: Final = f"{GROUP}/document"
"""Annotation on a Job's pod: the NodeDocument, handed to its containers by the downward API."""

RUNTIME: Final = f"{GROUP}/runtime"
"""Label on RuntimeClasses and ControllerRevisions: the WasmRuntime that they belong to."""
SPEC_HASH: Final = f"{GROUP}/spec-hash"
"""Annotation on RuntimeClasses: what we wrote last."""
ADOPTED: Final = f"{GROUP}/adopted"
"""Annotation on RuntimeClasses that were there before us: they are given back, not deleted."""

ARCH_LABEL: Final = "kubernetes.io/arch"
OS_LABEL: Final = "kubernetes.io/os"
INSTANCE_TYPE_LABEL: Final = "node.kubernetes.io/instance-type"
ZONE_LABEL: Final = "topology.kubernetes.io/zone"


def runtime_label(name: str) -> str:
    """Return the key of the node label that tells the state of one runtime."""
    return f"{RUNTIME_LABEL_DOMAIN}/{name}"


def smoke_test_class(runtime: str) -> str:
    """Return the RuntimeClass of smoke tests: unlike all others it selects no ready nodes."""
    return f"{runtime}.smoke-test.{GROUP}"


def is_ours(key: str) -> bool:
    """Tell whether a label or annotation key is in one of our domains."""
    return key.partition("/")[0] in {GROUP, RUNTIME_LABEL_DOMAIN}


IMAGE_CONTAINER: Final = "image-"
"""Init containers whose names begin so take something out of an image."""

SECRET_FILES: Final = "secret"  # noqa: S105  # the name of a directory
CONFIG_MAP_FILES: Final = "configmap"
"""Documents name a key of a Secret or a ConfigMap as `<this>/<name>/<key>`."""
