"""What `down` leaves behind: nothing, whatever happened before."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from integration.localcluster import traces
from localcluster import Cluster, ClusterSpec, Node, lifecycle
from localcluster.flavours import PAUSE_IMAGE

pytestmark = pytest.mark.e2e

IMPORT_ROOT = Path(lifecycle.__file__).parents[1]
STEPS = ("laying the network", "starting etcd", "starting node", "the control plane is ready")


def run_pods(cluster: Cluster) -> None:
    """Run a pod on each node and wait until they run."""
    for node in cluster.nodes:
        cluster.kubectl(
            *("run", f"on-{node.name}", f"--image={PAUSE_IMAGE}", "--image-pull-policy=Never"),
            f'--overrides={{"spec":{{"nodeName":"{node.name}"}}}}',
        )
    cluster.kubectl("wait", "--for=condition=Ready", "pod", "--all", "--timeout=60s")


def test_down__nodes_with_pods__leaves_no_trace(spec: ClusterSpec) -> None:
    before, elsewhere = traces.look(spec.name), traces.look("elsewhere")
    cluster = Cluster.up(spec)
    run_pods(cluster)
    assert traces.look("elsewhere").left_behind(elsewhere) == {}, "it is no trace of another one"
    assert {"processes", "links", "routes", "groups", "files"} <= set(
        traces.look(spec.name).left_behind(before)
    )
    cluster.down()
    assert traces.look(spec.name).left_behind(before) == {}


def start_up(spec: ClusterSpec) -> "subprocess.Popen[str]":
    nodes = [argument for flavour in spec.nodes for argument in ("--node", flavour)]
    return subprocess.Popen(
        [sys.executable, "-m", "localcluster", "up", "--name", spec.name, *nodes],
        stdout=subprocess.PIPE,
        text=True,
        cwd=IMPORT_ROOT,
    )


def kill_at(step: str, spec: ClusterSpec) -> None:
    """Start `up` in a process of its own and kill it when it says that it has come to `step`."""
    with start_up(spec) as process:
        assert process.stdout is not None
        reached = any(step in line for line in process.stdout)
        process.kill()
    assert reached, f"`up` ended before {step!r}"
    assert process.returncode == -9


@pytest.mark.parametrize("step", STEPS)
def test_down__up_was_killed__leaves_no_trace(step: str, spec: ClusterSpec) -> None:
    before = traces.look(spec.name)
    kill_at(step, spec)
    assert lifecycle.down(spec.name)
    assert traces.look(spec.name).left_behind(before) == {}


def test_up__after_it_was_killed__finishes_what_was_begun(spec: ClusterSpec) -> None:
    kill_at("starting node", spec)
    cluster = Cluster.up(spec)
    run_pods(cluster)


def eventually_stopped(node: Node) -> None:
    deadline = time.monotonic() + 10
    while node.is_running():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_up__node_was_killed__starts_it_again_on_its_disk(spec: ClusterSpec) -> None:
    cluster = Cluster.up(spec)
    node = cluster.nodes[0]
    node.exec("tee", "/etc/probe", input="text")
    os.kill(int(node.root.parent.name), signal.SIGKILL)
    eventually_stopped(node)
    again = Cluster.up(spec).nodes[0]
    assert again.exec("cat", "/etc/probe") == "text"
