"""Wasm and native containers in one pod, as people run them: what works with which runtime.

A shim of the runwasi library gives native containers the environment of containerd and no way to
exec; crun runs them as it always does.
"""

import pytest

from localcluster import Node
from localcluster.errors import CommandError
from support.lab import Lab
from support.shapes import HEALTHY, Shaped, companion, environment, wasm
from support.waiting import eventually
from workloads.modules import GREETING, TICK, Module

pytestmark = pytest.mark.e2e

SPANS = {"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "a"}, {"name": "b"}]}]}]}


def test_several_wasm_containers__with_volumes_and_environment__by_both(
    equipped: Lab, node: Node
) -> None:
    equipped.kubectl("create", "configmap", "words", "--from-literal=message=from the ConfigMap")
    equipped.kubectl(
        "create", "secret", "generic", "hidden", "--from-literal=message=from the Secret"
    )
    mount = [{"name": "words", "mountPath": "/data"}]
    secret = [{"name": "hidden", "mountPath": "/data"}]
    containers = (
        wasm("config", Module.TELL, env=environment(COLOUR="blue"), volumeMounts=mount),
        wasm("secret", Module.TELL, env=environment(FRUIT="apple"), volumeMounts=secret),
        wasm("hello", Module.HELLO),
    )
    volumes = [
        {"name": "words", "configMap": {"name": "words"}},
        {"name": "hidden", "secret": {"secretName": "hidden"}},
    ]
    try:
        pods = [
            Shaped(
                *(equipped.cluster, node, runtime, *containers),
                volumes=volumes,
                restartPolicy="OnFailure",  # libcontainer at times loses a start beside another one
            )
            for runtime in ("wasmtime", "crun")
        ]
        for pod in pods:
            pod.wait_phase("Succeeded")
            assert {"COLOUR=blue", "from the ConfigMap"} <= set(pod.log("config").splitlines())
            assert {"FRUIT=apple", "from the Secret"} <= set(pod.log("secret").splitlines())
            assert "COLOUR" not in pod.log("secret")
            assert GREETING in pod.log("hello")
    finally:
        equipped.kubectl("delete", "configmap/words", "secret/hidden")


@pytest.mark.shows("crun", "mixed pods", "environment", "exec")
def test_native_sidecar__that_its_environment_configures__works_with_crun(
    equipped: Lab, node: Node
) -> None:
    first = companion("first", "tell", env=environment(COMPANION_GREETING="set up"))
    sidecar = companion(
        "sidecar",
        "serve",
        env=environment(COMPANION_LISTEN=":8080", COMPANION_GREETING="from the sidecar"),
        restartPolicy="Always",
        startupProbe=HEALTHY,
        readinessProbe=HEALTHY,
    )
    pod = Shaped(
        equipped.cluster, node, "crun", wasm("main", Module.LOOP), initContainers=[first, sidecar]
    )

    pod.wait_ready()
    assert "set up" in pod.log("first")
    assert TICK in eventually(lambda: pod.log("main"), until=lambda log: TICK in log, within=20)
    pod.tell("/v1/traces", SPANS)
    assert pod.ask("/v1/traces") == "2"
    assert "from the sidecar" in pod.exec("sidecar", "/companion", "tell")


@pytest.mark.shows("wasmtime", "mixed pods", "environment", "exec")
def test_native_sidecar__by_a_shim__has_no_environment_and_no_exec(
    equipped: Lab, node: Node
) -> None:
    lost = companion("sidecar", "serve", env=environment(COMPANION_LISTEN=":8080"))
    told = companion(
        "sidecar", "serve", "--listen=:8080", restartPolicy="Always", startupProbe=HEALTHY
    )
    by_environment = Shaped(equipped.cluster, node, "wasmtime", wasm("main", Module.HELLO), lost)
    by_flag = Shaped(
        equipped.cluster, node, "wasmtime", wasm("main", Module.LOOP), initContainers=[told]
    )

    by_environment.wait_phase("Failed")
    assert "COMPANION_LISTEN is not set" in by_environment.log("sidecar")
    assert GREETING in by_environment.log("main")
    by_flag.wait_ready()
    assert by_flag.ask("/healthz") == "ok"
    with pytest.raises(CommandError, match="Exec is not supported"):
        by_flag.exec("sidecar", "/companion", "tell")


@pytest.mark.parametrize("runtime", ["wasmtime", "crun"])
def test_wasm__as_init_container_and_sidecar_of_a_native_app__runs_beside_it(
    equipped: Lab, node: Node, runtime: str
) -> None:
    before = wasm("before", Module.HELLO)
    beside = wasm("beside", Module.LOOP, restartPolicy="Always")
    app = companion("app", "serve", "--listen=:8080", readinessProbe=HEALTHY)

    pod = Shaped(equipped.cluster, node, runtime, app, initContainers=[before, beside])

    pod.wait_ready()
    assert GREETING in pod.log("before")
    assert TICK in eventually(lambda: pod.log("beside"), until=lambda log: TICK in log, within=20)
    assert pod.ask("/healthz") == "ok"


@pytest.mark.shows("crun", "metrics")
def test_usage__of_a_pod_of_crun__is_told_by_the_kubelet(equipped: Lab, node: Node) -> None:
    pod = Shaped(equipped.cluster, node, "crun", wasm("main", Module.LOOP))

    used = eventually(lambda: pod.usage("main"), until=bool, within=60)

    assert used["memory"]["workingSetBytes"] > 0
    assert used["cpu"]["usageCoreNanoSeconds"] > 0
