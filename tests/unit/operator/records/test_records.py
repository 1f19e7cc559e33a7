from typing import Any

import pytest

from unit.operator import given
from wasmwright_operator import names
from wasmwright_operator.records import (
    ContainerState,
    JobOutcome,
    NodePod,
    RunKey,
    parse_job,
    parse_node,
    parse_node_pod,
    parse_pod,
    parse_runtime,
    parse_runtime_class,
    parse_warnings,
    parse_wasm_node,
)

RUN = {
    names.JOB_NODE: "n1",
    names.JOB_HASH: "h",
    names.JOB_ATTEMPT: "2",
    names.JOB_OWNER: "u",
}


def raw_node(**more: Any) -> dict[str, Any]:
    metadata = {"name": "n1", "uid": "u1", "resourceVersion": "1", **more.pop("metadata", {})}
    return {"metadata": metadata, **more}


def test_parse_node__two_heartbeats__give_equal_records() -> None:
    first = raw_node(status={"conditions": [{"type": "Ready", "lastHeartbeatTime": "1"}]})
    second = raw_node(status={"conditions": [{"type": "Ready", "lastHeartbeatTime": "2"}]})

    assert parse_node(first) == parse_node(second)


def test_parse_node__without_labels__falls_back_to_the_node_info() -> None:
    info = {"architecture": "arm64", "operatingSystem": "windows", "machineID": "m"}
    record = parse_node(raw_node(status={"nodeInfo": info | {"containerRuntimeVersion": "c://2"}}))

    assert (record.arch, record.os, record.machine_id) == ("arm64", "windows", "m")
    assert record.container_runtime == "c://2"


def test_parse_node__keeps_only_the_annotations_that_are_ours_to_read() -> None:
    annotations = {names.RUNTIMES: "spin", "volumes.kubernetes.io/x": "true"}
    record = parse_node(raw_node(metadata={"annotations": annotations}))

    assert record.annotations == {names.RUNTIMES: "spin"}


def test_wish__as_label_and_annotation__the_label_wins() -> None:
    record = given.node(labels={names.SKIP: "false"}, annotations={names.SKIP: "true"})

    assert not record.is_skipped
    assert given.node(annotations={names.SKIP: "true"}).is_skipped
    assert given.node(labels={names.PAUSED: "true"}).is_paused


def test_parse_runtime__unreadable_spec__says_where() -> None:
    record = given.runtime(config={"options": {"A": [1]}})

    assert record.spec is None
    assert "spec.config.options.A" in record.invalid


def test_parse_runtime__status_of_a_later_version__counts_as_none() -> None:
    record = given.runtime(status={"nodes": "many"})

    assert record.status.summary == ""


def test_runtime_record__handler_and_classes__default_to_the_name() -> None:
    assert given.runtime("spin").handler == "spin"
    assert given.runtime("spin", handler="s2").class_names == ("s2",)
    assert given.runtime("spin", runtimeClasses=[{"name": "x"}]).class_names == ("x",)


def raw_wasm_node(**parts: Any) -> dict[str, Any]:
    metadata = {"name": "n1", "uid": "u", "resourceVersion": "3", "generation": 2}
    return {"metadata": metadata, **parts}


def test_parse_wasm_node__equal_runtimes__are_shared_between_nodes() -> None:
    runtimes = [given.entry().model_dump(mode="json", by_alias=True, exclude_none=True)]
    spec = {"nodeUid": "x", "hash": "h", "attempt": 1, "runtimes": runtimes}

    first, second = (parse_wasm_node(raw_wasm_node(spec=dict(spec))) for _ in range(2))

    assert first.spec.runtimes[0] is second.spec.runtimes[0]
    assert first.spec.runtimes == (given.entry(),)


def test_parse_wasm_node__unknown_runtime_fields__keep_identity_and_attempt() -> None:
    spec = {"nodeUid": "x", "hash": "h", "attempt": 4, "runtimes": [{"fromTheFuture": 1}]}
    record = parse_wasm_node(raw_wasm_node(spec=spec, status={"failures": "many"}))

    assert (record.spec.node_uid, record.spec.attempt, record.spec.runtimes) == ("x", 4, ())
    assert record.status.failures == 0


def test_wasm_node__is_in_flight__until_its_own_run_is_concluded() -> None:
    record = given.wasm_node("n1", given.entry())
    status = record.status.model_copy(update={"concluded_hash": given.HASH, "concluded_attempt": 1})

    assert record.is_in_flight
    assert not given.wasm_node("n1", given.entry(), status=status).is_in_flight
    assert given.wasm_node("n1", given.entry(), status=status, attempt=2).is_in_flight
    assert not given.wasm_node("n1", hash="", attempt=0).is_in_flight


@pytest.mark.parametrize("missing", sorted(RUN))
def test_parse_job__of_somebody_else__is_none(missing: str) -> None:
    annotations = {key: value for key, value in RUN.items() if key != missing}

    assert parse_job({"metadata": {"name": "j", "annotations": annotations}}) is None


def test_parse_job__finished__tells_how() -> None:
    conditions = [
        {"type": "FailureTarget", "status": "True"},
        {
            "type": "Failed",
            "status": "True",
            "reason": "DeadlineExceeded",
            "message": "too long",
            "lastTransitionTime": "2026-05-04T12:00:00Z",
        },
    ]
    record = parse_job(
        {
            "metadata": {"name": "j", "uid": "ju", "annotations": RUN},
            "status": {"conditions": conditions},
        }
    )

    assert record is not None
    assert record.run == RunKey("u", "h", 2)
    assert (record.outcome, record.reason) == (JobOutcome.FAILED, "DeadlineExceeded")
    assert record.finished == "2026-05-04T12:00:00Z"


@pytest.mark.parametrize(
    ("kind", "reason", "expected"),
    [
        ("FailureTarget", "DeadlineExceeded", "2026-05-04T12:00:00Z"),
        ("Failed", "DeadlineExceeded", "2026-05-04T12:00:00Z"),
        ("FailureTarget", "PodFailurePolicy", ""),
    ],
)
def test_parse_job__out_of_time__says_since_when(kind: str, reason: str, expected: str) -> None:
    condition = {
        "type": kind,
        "status": "True",
        "reason": reason,
        "lastTransitionTime": "2026-05-04T12:00:00Z",
    }
    record = parse_job(
        {
            "metadata": {"name": "j", "uid": "ju", "annotations": RUN},
            "status": {"conditions": [condition]},
        }
    )

    assert record is not None
    assert record.overdue_since == expected
    assert (record.outcome is None) == (kind == "FailureTarget")


def test_parse_pod__container_states__are_kept_apart() -> None:
    record = parse_pod(
        {
            "metadata": {"name": "p", "uid": "pu", "annotations": RUN},
            "status": {
                "phase": "Pending",
                "initContainerStatuses": [
                    {
                        "name": "fetch",
                        "state": {"terminated": {"exitCode": 20, "message": "{}"}},
                    }
                ],
                "containerStatuses": [
                    {"name": "sidecar", "state": {"running": {}}},
                    {"name": "apply", "state": {"waiting": {"reason": "PodInitializing"}}},
                ],
            },
        }
    )

    assert record is not None
    assert record.fetch is not None
    assert record.apply is not None
    assert (record.fetch.state, record.fetch.exit_code) == (ContainerState.TERMINATED, 20)
    assert (record.apply.state, record.apply.reason) == (ContainerState.WAITING, "PodInitializing")


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([], None),
        ([{"terminated": {"exitCode": 0}}, {"running": {}}], ContainerState.RUNNING),
        ([{"terminated": {"exitCode": 1}}, {"waiting": {}}], ContainerState.TERMINATED),
        ([{"terminated": {"exitCode": 0}}, {"terminated": {"exitCode": 0}}], None),
    ],
    ids=["none", "second", "failed", "done"],
)
def test_parse_pod__images__is_the_first_that_is_not_done(
    states: list[object], expected: ContainerState | None
) -> None:
    images = [{"name": f"image-{number}", "state": it} for number, it in enumerate(states)]
    statuses = [{"name": "copier", "state": {"running": {}}}, *images]
    record = parse_pod(
        {
            "metadata": {"name": "p", "uid": "pu", "annotations": RUN},
            "status": {"initContainerStatuses": statuses},
        }
    )

    assert record is not None
    assert (record.image and record.image.state) == expected


def parsed_pod(**metadata: object) -> NodePod:
    named = {"name": "p", "namespace": "shop", "uid": "u", **metadata}
    return parse_node_pod({"metadata": named}, "wasmwright-system")


def test_parse_node_pod__tells_what_an_eviction_would_cost() -> None:
    raw = {
        "metadata": {
            "name": "p",
            "namespace": "shop",
            "uid": "u",
            "labels": {"app": "web"},
            "ownerReferences": [
                {"kind": "Audit", "name": "a"},
                {"kind": "ReplicaSet", "name": "r", "controller": True},
            ],
            "deletionTimestamp": "2026-05-04T12:00:00Z",
        },
        "spec": {"volumes": [{"name": "a", "secret": {}}, {"name": "b", "emptyDir": {}}]},
        "status": {"phase": "Running"},
    }

    assert parse_node_pod(raw, "wasmwright-system") == NodePod(
        namespace="shop",
        name="p",
        uid="u",
        labels={"app": "web"},
        phase="Running",
        controller="ReplicaSet",
        has_empty_dir=True,
        deleting=True,
    )


def test_parse_node_pod__of_a_file_on_the_node__is_static() -> None:
    assert parsed_pod(annotations={"kubernetes.io/config.mirror": "digest"}).is_static
    assert not parsed_pod().is_static


@pytest.mark.parametrize("namespace", ["wasmwright-system", "shop"])
@pytest.mark.parametrize(
    "metadata",
    [
        {"annotations": {names.JOB_OWNER: "uid"}},
        {"labels": {"app.kubernetes.io/part-of": "wasmwright"}},
    ],
    ids=["run", "operator"],
)
def test_parse_node_pod__is_ours__in_our_namespace_only(
    namespace: str, metadata: dict[str, object]
) -> None:
    pod = parsed_pod(namespace=namespace, **metadata)

    assert pod.is_ours == (namespace == "wasmwright-system")


def test_parse_runtime_class__of_somebody_else__belongs_to_nobody() -> None:
    raw = {
        "metadata": {"name": "x", "uid": "xu", "labels": {names.RUNTIME: "spin"}},
        "handler": "spin",
    }

    assert parse_runtime_class(raw).runtime == ""
    raw["metadata"]["labels"][names.MANAGED_BY] = names.MANAGED_BY_VALUE  # type: ignore[index]
    assert parse_runtime_class(raw).runtime == "spin"


def test_parse_warnings__the_newest_first__each_once_and_three_at_most() -> None:
    def event(reason: str, **more: object) -> dict[str, object]:
        return {"reason": reason, "message": "m", **more}

    events = [
        event("A", lastTimestamp="2026-05-04T12:00:01Z"),
        event("B", eventTime="2026-05-04T12:00:03Z"),
        event("A", lastTimestamp="2026-05-04T12:00:02Z"),
        event("C", series={"lastObservedTime": "2026-05-04T12:00:04Z"}, lastTimestamp=None),
        event("D"),
    ]

    assert parse_warnings(events) == "C: m; B: m; A: m"
    assert parse_warnings([]) == ""


def test_parse_runtime__created__is_what_the_older_one_is_found_by() -> None:
    raw = {
        "metadata": {
            "name": "spin",
            "uid": "u",
            "resourceVersion": "1",
            "creationTimestamp": "2026-01-01T00:00:00Z",
        },
        "spec": {"source": {"hostPath": {"path": "/x"}}},
    }

    assert parse_runtime(raw).created < given.runtime(created="2026-01-02T00:00:00Z").created


def test_node__that_is_not_ready_and_cordoned__says_so_and_since_when() -> None:
    ready = {"type": "Ready", "status": "Unknown", "lastTransitionTime": "2026-05-04T11:00:00Z"}
    info = {"bootID": "b-1", "kubeletVersion": "v1.36.3"}
    status = {"conditions": [ready], "nodeInfo": info}
    metadata = {"name": "n", "uid": "u", "labels": {"topology.kubernetes.io/zone": "z1"}}
    raw = {"metadata": metadata, "spec": {"unschedulable": True}, "status": status}

    record = parse_node(raw)

    assert (record.is_ready, record.ready_changed) == (False, "2026-05-04T11:00:00Z")
    assert (record.is_unschedulable, record.zone, record.boot_id) == (True, "z1", "b-1")
    assert record.kubelet_version == "v1.36.3"


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        (None, None),
        ([], None),
        ([{"name": ""}, {"name": "spin"}], {"", "spin"}),
        ([{"name": "spin"}, {"name": ""}], {"", "spin"}),
    ],
)
def test_node__handlers__count_in_any_order(
    listed: list[dict[str, str]] | None, expected: set[str] | None
) -> None:
    status = {"runtimeHandlers": listed}

    record = parse_node({"metadata": {"name": "n", "uid": "u"}, "status": status})

    assert record.handlers == expected
