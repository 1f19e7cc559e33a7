"""The page about moving over: each of its commands is typed, on nodes that others provisioned."""

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from localcluster import binaries
from support import installer_pod, predecessors, shims
from support.console_page import Cue, Typed, steps
from support.kube_view import get, items, wait_established
from support.lab import Install, Lab
from support.waiting import eventually
from wasmwright_installer.contract import NodeDocument, PredecessorName
from workloads import pods, real_shim, runtimes
from workloads.modules import Module

pytestmark = pytest.mark.e2e

PAGE: Final = Path(__file__).parents[2] / "docs/migration.md"
PATIENCE: Final = 90
"""Seconds that one command may take, and after which it must have shown what the page shows."""
LOOKS: Final = ("kubectl get", "kubectl wait")
SHIM: Final = "wasmtime-v1"
VERSION: Final = re.compile(r"containerd://\S+")
NAMESPACES: Final = ("kwasm", "rcm")


@dataclass
class Play:
    """What happens on the page between the commands."""

    lab: Lab
    folder: Path

    def happen(self, cue: str) -> None:
        getattr(self, f"_{cue.replace(' ', '_').replace('-', '_').lower()}")()

    def _kwasm_provisioned_node1_and_a_pod_runs_with_its_crun(self) -> None:
        node = self.lab.nodes[0]
        predecessors.leave_kwasm(node)
        predecessors.install_operator(
            self.lab.cluster, "kwasm-operator", "kwasm-operator", self.folder / "kwasm"
        )
        job = f"{node.name}-provision-kwasm"
        self._apply(_provisioning_job(job))
        self._apply(_runtime_class(runtimes.CRUN))
        self.lab.kubectl("annotate", "node", node.name, "kwasm.sh/kwasm-node=true")
        self.lab.kubectl("label", "node", node.name, f"kwasm.sh/kwasm-provisioned={node.name}")
        cart = pods.wasm_pod(
            "cart",
            module=Module.LOOP,
            runtime_class=runtimes.CRUN,
            node=node.name,
            annotations=runtimes.POD_ANNOTATIONS[runtimes.CRUN],
        )
        self._apply(cart)
        self._wait_running(1)

    def _runtime_class_manager_provisioned_both_nodes_and_a_shop_runs_on_them(self) -> None:
        assert not (self.lab.nodes[0].root / "opt/kwasm").exists()
        predecessors.install_operator(
            self.lab.cluster, "rcm", "runtime-class-manager", self.folder / "rcm"
        )
        self._apply(shims.crd())
        wait_established(self.lab.cluster, f"shims.{shims.GROUP}")
        self._apply(shims.shim(SHIM, SHIM, {"wasm": "true"}))
        found = json.loads(self.lab.kubectl("get", "shim", SHIM, "--output=json"))
        self._apply(shims.runtime_class(found))
        for node in self.lab.nodes:
            predecessors.leave_rcm(node, SHIM)
            self.lab.kubectl("label", "node", node.name, "wasm=true", f"{SHIM}=provisioned")
        self._apply(_shop())
        self._wait_running(len(self.lab.nodes))

    def _the_shop_closes(self) -> None:
        self._wait_running(len(self.lab.nodes))
        for node in self.lab.nodes:
            assert not (node.root / "opt/rcm").exists()
        self.lab.kubectl("delete", "deployment", "shop", "--timeout=60s")

    def _apply(self, manifest: shims.Manifest) -> None:
        self.lab.cluster.kubectl("apply", "-f", "-", input=json.dumps(manifest))

    def _wait_running(self, count: int) -> None:
        eventually(
            lambda: [it["status"].get("phase") for it in items(self.lab.cluster, "pod")],
            until=lambda phases: phases == ["Running"] * count,
            within=PATIENCE,
        )


@pytest.fixture
def play(lab: Lab, install: Install, tmp_path: Path) -> Iterator[Play]:
    """Two nodes that get back what they had, whatever happens."""
    found = [(node, (node.root / predecessors.MAIN).read_bytes()) for node in lab.nodes]
    install(compat={"kwasm": {"runtimes": []}})
    yield Play(lab, tmp_path)
    lab.clean()
    for name in NAMESPACES:
        lab.kubectl("delete", "namespace", name, "--ignore-not-found", "--wait=false")
    if get(lab.cluster, "crd", f"shims.{shims.GROUP}"):
        lab.kubectl("patch", "shim", SHIM, "--type=merge", "-p", '{"metadata":{"finalizers":[]}}')
        lab.kubectl("delete", "crd", f"shims.{shims.GROUP}")
    lab.kubectl("delete", "runtimeclass", runtimes.CRUN, SHIM, "--ignore-not-found")
    lab.kubectl("label", "node", "--all", "wasm-", f"{SHIM}-", "kwasm.sh/kwasm-provisioned-")
    keys = ("take-over", "reinstall")
    lab.kubectl("annotate", "node", "--all", *(f"wasmwright.dev/{key}-" for key in keys))
    for node, main in found:
        if (node.root / predecessors.MAIN).read_bytes() != main:
            nothing = NodeDocument(take_over=tuple(PredecessorName))
            installer_pod.apply(lab.cluster, node, nothing)


def test_page__each_command__answers_what_it_shows_and_nothing_of_theirs_is_left(
    play: Play,
) -> None:
    nodes = play.lab.nodes
    before = [(node.root / predecessors.MAIN).read_bytes() for node in nodes]
    for step in steps(_page(play.lab)):
        match step:
            case Cue(name):
                play.happen(name)
            case Typed():
                _type(step, play.lab)
    after = [(node.root / predecessors.MAIN).read_bytes() for node in nodes]
    assert after == before
    for node in nodes:
        assert not (node.root / "opt/wasmwright").exists()
        links = [*(node.root / "usr/bin").glob("containerd-shim-wasmtime*")]
        assert links == []


def _page(lab: Lab) -> str:
    """Return the page with a download that is there, and versions that are those of any node."""
    artifact = real_shim.artifact()
    text = PAGE.read_text()
    text = re.sub(r"https://downloads\.example\.org/\S+", lab.artifacts.publish(artifact), text)
    text = re.sub(r"sha256: [0-9a-f]{64}", f"sha256: {artifact.sha256}", text)
    return VERSION.sub("containerd", text)


def _type(step: Typed, lab: Lab) -> None:
    """Type a command; what only looks is typed again until it shows what the page says."""
    deadline = time.monotonic() + (PATIENCE if step.command.startswith(LOOKS) else 0)
    while not step.is_answered_by(output := _output(step.command, lab)):
        assert time.monotonic() < deadline, f"$ {step.command}\n{output}"
        time.sleep(0.2)


def _output(command: str, lab: Lab) -> str:
    """Return what a command prints; nodes are called node1 and node2, as on the page."""
    folders = (str(binaries.ensure(name).parent) for name in ("kubectl", "helm"))
    path = ":".join((*folders, os.environ["PATH"]))
    names = {f"node{number}": node.name for number, node in enumerate(lab.nodes, 1)}
    for name, real in names.items():
        command = re.sub(rf"\b{name}\b", real, command)
    done = subprocess.run(
        ["bash", "-c", command],
        env={**os.environ, "PATH": path, "KUBECONFIG": str(lab.cluster.kubeconfig)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    output = VERSION.sub("containerd", done.stdout)
    for name, real in names.items():
        output = output.replace(real, name)
    return output


def _provisioning_job(name: str) -> shims.Manifest:
    container = {"name": "kwasm-provision", "image": "kwasm-node-installer"}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": "kwasm", "labels": {"kwasm.sh/job": "true"}},
        "spec": {
            "suspend": True,
            "template": {"spec": {"restartPolicy": "Never", "containers": [container]}},
        },
    }


def _runtime_class(name: str) -> shims.Manifest:
    """Return a RuntimeClass as KWasm's users make it by hand."""
    return {
        "apiVersion": "node.k8s.io/v1",
        "kind": "RuntimeClass",
        "metadata": {"name": name},
        "handler": name,
    }


def _shop() -> shims.Manifest:
    """Return a Deployment with one pod for each node, which may all run on one."""
    pod = pods.wasm_pod("shop", module=Module.LOOP, runtime_class=SHIM, node="")
    labels = {"app": "shop"}
    spec = {**pod["spec"], "restartPolicy": "Always"}
    del spec["nodeSelector"]
    spec["topologySpreadConstraints"] = [
        {
            "maxSkew": 1,
            "topologyKey": "kubernetes.io/hostname",
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": labels},
        }
    ]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "shop"},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }
