import json
import re
import sys
from pathlib import Path

import pytest
import yaml

from unit.chart.rendering import CHART, NAMESPACE, render

CRDS = CHART.parents[1] / "crds"
PROGRAMS = ("runtimes.py", "sweep.py")
KEEP = {"helm.sh/resource-policy": "keep"}
CRUN = {"type": "OCIRuntime", "source": {"hostPath": {"path": "/usr/bin/crun"}}}
ALONE = {"catalogue": {"declare": "None"}}


def test_namespace__lets_privileged_jobs_in_and_outlives_the_release() -> None:
    namespace = render().find("Namespace", NAMESPACE)

    for mode in ("enforce", "audit", "warn"):
        assert namespace["metadata"]["labels"][f"pod-security.kubernetes.io/{mode}"] == "privileged"
    assert namespace["metadata"]["annotations"] == KEEP


def test_namespace__not_wanted__is_left_out() -> None:
    assert render({"namespace": {"create": False}}).of("Namespace") == []


def test_crds__are_those_of_the_repository_and_outlive_the_release() -> None:
    rendered = {o["metadata"]["name"]: o for o in render().of("CustomResourceDefinition")}

    originals = [yaml.safe_load(path.read_text()) for path in CRDS.glob("*.yaml")]
    assert {crd["metadata"]["name"] for crd in originals} == set(rendered)
    for original in originals:
        crd = rendered[original["metadata"]["name"]]
        assert crd["spec"] == original["spec"]
        assert crd["metadata"]["annotations"].items() >= KEEP.items()


def test_crds__not_wanted__are_left_out() -> None:
    assert render({"crds": {"install": False}}).of("CustomResourceDefinition") == []


def test_chart__holds_no_copy_of_the_crds() -> None:
    link = CHART / "files/crds"

    assert link.is_symlink()
    assert link.resolve() == CRDS
    assert not link.readlink().is_absolute()


def test_runtimes__of_the_values__are_handed_to_the_hook__but_those_set_to_null() -> None:
    release = render(ALONE | {"runtimes": {"own": CRUN, "spin": None}})

    config = release.find("ConfigMap", "wasmwright-runtimes")
    assert json.loads(config["data"]["runtimes.json"]) == {"own": CRUN}
    assert release.of("WasmRuntime") == [], "Helm would look for a kind that is not there yet"


@pytest.mark.parametrize("program", PROGRAMS)
def test_hook__holds_its_programs_to_the_byte(program: str) -> None:
    config = render().find("ConfigMap", "wasmwright-runtimes")

    assert config["data"][program] == (CHART / "files" / program).read_text()


def test_hooks__apply_after_and_remove_before__as_restricted_as_the_operator() -> None:
    release = render({"operator": {"image": {"tag": "v9"}}})

    events = {j["metadata"]["name"]: j["metadata"]["annotations"] for j in release.of("Job")}
    assert events["wasmwright-runtimes-apply"]["helm.sh/hook"] == "post-install,post-upgrade"
    assert events["wasmwright-runtimes-remove"]["helm.sh/hook"] == "pre-delete"
    sweep = events["wasmwright-runtimes-sweep"]
    assert sweep["helm.sh/hook"] == "post-delete"
    assert "hook-succeeded" in sweep["helm.sh/hook-output-log-policy"], "what is kept is told"
    for job in release.of("Job"):
        pod = job["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        assert container["image"] == "wasmwright/operator:v9"
        assert container["securityContext"] == release.operator["securityContext"]
        assert pod["securityContext"] == release.operator_pod["securityContext"]
        assert "hook-failed" in job["metadata"]["annotations"]["helm.sh/hook-output-log-policy"]


def test_hooks__what_a_job_needs__is_there_before_it() -> None:
    release = render()

    def weight(kind: str, name: str) -> int:
        annotations = release.find(kind, name)["metadata"]["annotations"]
        return int(annotations.get("helm.sh/hook-weight", "0"))

    job = weight("Job", "wasmwright-runtimes-apply")
    roles = ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")
    for kind in ("ConfigMap", "ServiceAccount", *roles):
        assert weight(kind, "wasmwright-runtimes") < job


@pytest.mark.parametrize("program", PROGRAMS)
def test_program__reads_nothing_but_the_standard_library_and_the_other(program: str) -> None:
    text = Path(CHART, "files", program).read_text()

    imports = [line.split()[1] for line in text.splitlines() if re.match("(import|from) ", line)]
    assert {name.partition(".")[0] for name in imports} <= sys.stdlib_module_names | {"runtimes"}
