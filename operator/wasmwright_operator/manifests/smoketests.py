"""Render the pod of a smoke test: ours, on one node, and gone by itself if nobody removes it."""

import hashlib
from typing import Any, Final

from wasmwright_operator import names
from wasmwright_operator.actions import CreateSmokeTest
from wasmwright_operator.manifests.jobs import JobPolicy, node_hash
from wasmwright_operator.records.work import SMOKE_TEST_CONTAINER

_NODE_PART: Final = 30
_HASH_PART: Final = 10
_OVERTIME: Final = 30
"""Seconds beyond its time after which the kubelet ends it, should the operator not do so."""
_MODULE: Final = "/smoke-test.wasm"
"""Where the installer's image holds our module."""
_IS_WASM: Final = {"module.wasm.image/variant": "compat-smart"}
"""What makes an OCI runtime look at the command's suffix."""


def smoke_test_name(action: CreateSmokeTest) -> str:
    """Return the name of the pod: readable, and unlike that of any other test."""
    run = action.run
    identity = f"{run.owner}/{run.hash}/{run.attempt}/{action.test.runtime}"
    digest = hashlib.sha256(identity.encode()).hexdigest()[:_HASH_PART]
    readable = action.node[:_NODE_PART].replace(".", "-").strip("-")
    return f"wasmwright-smoke-test-{readable}-{digest}"


def render_smoke_test(action: CreateSmokeTest, policy: JobPolicy) -> dict[str, Any]:
    """Return the pod.

    It is bound to its node here and not by the scheduler, since the node's label does not say
    `ready` before the test has succeeded.
    """
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": _metadata(action, policy),
        "spec": {
            "runtimeClassName": names.smoke_test_class(action.test.runtime),
            "nodeName": action.node,
            "restartPolicy": "Never",
            "activeDeadlineSeconds": action.test.timeout_seconds + _OVERTIME,
            "terminationGracePeriodSeconds": 1,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "priorityClassName": "system-node-critical",
            "tolerations": [{"operator": "Exists"}],
            "imagePullSecrets": [{"name": name} for name in policy.pull_secrets],
            "containers": [_container(action, policy)],
        },
    }


def _metadata(action: CreateSmokeTest, policy: JobPolicy) -> dict[str, Any]:
    run = action.run
    return {
        "name": smoke_test_name(action),
        "namespace": policy.namespace,
        "labels": {
            names.MANAGED_BY: names.MANAGED_BY_VALUE,
            names.JOB_NODE_HASH: node_hash(action.node),
        },
        "annotations": {
            names.JOB_NODE: action.node,
            names.JOB_HASH: run.hash,
            names.JOB_ATTEMPT: str(run.attempt),
            names.JOB_OWNER: run.owner,
            names.SMOKE_TEST: action.test.runtime,
            names.RUN_RESULT: action.result.model_dump_json(by_alias=True),
            **(_IS_WASM if action.is_oci_runtime else {}),
        },
        "ownerReferences": [
            {
                "apiVersion": names.API_VERSION,
                "kind": "WasmNode",
                "name": action.node,
                "uid": run.owner,
            }
        ],
    }


def _container(action: CreateSmokeTest, policy: JobPolicy) -> dict[str, Any]:
    test = action.test
    command = list(test.command) if test.image else [_MODULE]
    return {
        "name": SMOKE_TEST_CONTAINER,
        "image": test.image or policy.image,
        "imagePullPolicy": policy.pull_policy,
        **({"command": command} if command else {}),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "runAsGroup": 65532,
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
