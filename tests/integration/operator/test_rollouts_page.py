"""The page about rollouts: each of its commands is typed, and answers what the page shows."""

import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from integration.operator.api import NODES, Raw
from integration.operator.behaviours import Behaviour, fails, succeeds, takes
from integration.operator.fleet import Fleet
from localcluster import Cluster, binaries
from support.console_page import Cue, Typed, steps

pytestmark = pytest.mark.integration

PAGE: Final = Path(__file__).parents[3] / "docs/rollouts.md"
NODE_NAMES: Final = tuple(f"node{number}" for number in range(1, 7))
PATIENCE: Final = 60
"""Seconds that one command may take, and after which it must have shown what the page shows."""
LOOKS: Final = ("kubectl get", "kubectl wait")
BINARY: Final = "/usr/local/bin/spin-"
REFUSED_BY_CONTAINERD: Final = fails(
    31,
    "RolledBack",
    "containerd did not start; the configuration of before is back and serves again",
)
IN_USE: Final = fails(40, "PodsInUse", "in use by shop/cart-0", blockingPods=["shop/cart-0"])


@dataclass
class Hosts:
    """What is true on the hosts of the nodes, and therefore how installers end there."""

    lacking: set[tuple[str, str]] = field(default_factory=set)
    """Nodes and the versions whose binary they do not have."""
    broken: str = ""
    """The version with which containerd does not start."""
    busy: str = ""
    """The node on which a pod uses what is to go."""

    def install(self, document: Raw) -> Raw:
        node = document["node"]["name"]
        for runtime in document["runtimes"]:
            version, path = runtime["version"], runtime["source"]["hostPath"]["path"]
            assert path == f"{BINARY}{version}"
            if (node, version) in self.lacking:
                return _lacks(path)(document)
            if version == self.broken:
                return REFUSED_BY_CONTAINERD(document)
        if not document["runtimes"] and node == self.busy and document["removal"] != "Force":
            return IN_USE(document)
        return succeeds(document)


@dataclass
class Play:
    """What happens on the page between the commands."""

    fleet: Fleet
    hosts: Hosts = field(default_factory=Hosts)

    def happen(self, cue: str) -> None:
        getattr(self, f"_{cue.replace(' ', '_')}")()

    def _six_nodes_join(self) -> None:
        self.fleet.add_nodes(NODE_NAMES[0], labels={"stage": "canary"})
        self.fleet.add_nodes(*NODE_NAMES[1:])

    def _two_nodes_are_cordoned(self) -> None:
        for name in ("node5", "node6"):
            self.fleet.api.merge(f"{NODES}/{name}", {"spec": {"unschedulable": True}})
        self.hosts.lacking = {("node2", "3")}

    def _the_binary_is_put_on_node2(self) -> None:
        self.hosts.lacking.clear()

    def _somebody_asks_for_version_4(self) -> None:
        self.fleet.change("spin", version="4", source={"hostPath": {"path": f"{BINARY}4"}})

    def _version_5_is_on_no_node(self) -> None:
        self.hosts.lacking = {(name, "5") for name in NODE_NAMES}

    def _the_binary_is_put_on_all_nodes(self) -> None:
        self.hosts.lacking.clear()

    def _containerd_does_not_start_with_version_6(self) -> None:
        self.hosts.broken = "6"

    def _a_pod_on_node3_uses_it(self) -> None:
        self.hosts.busy = "node3"


def test_page__each_command__answers_what_it_shows(fleet: Fleet, machines: Cluster) -> None:
    play = Play(fleet)
    fleet.kubelets.default = takes(0.3, play.hosts.install)
    for step in steps(PAGE.read_text()):
        match step:
            case Cue(name):
                play.happen(name)
            case Typed():
                _type(step, machines)
    fleet.assert_rules_held()


def _lacks(path: str) -> Behaviour:
    message = f"runtime 'spin' needs {path} on the host, where it is not"
    return fails(20, "HostBinaryMissing", f"{message}; install the package that brings it")


def _type(step: Typed, cluster: Cluster) -> None:
    """Type a command; what only looks is typed again until it shows what the page says."""
    deadline = time.monotonic() + (PATIENCE if step.command.startswith(LOOKS) else 0)
    while not step.is_answered_by(output := _output(step.command, cluster)):
        assert time.monotonic() < deadline, f"$ {step.command}\n{output}"
        time.sleep(0.2)


def _output(command: str, cluster: Cluster) -> str:
    path = f"{binaries.ensure('kubectl').parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command],
        env={**os.environ, "PATH": path, "KUBECONFIG": str(cluster.kubeconfig)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    return done.stdout
