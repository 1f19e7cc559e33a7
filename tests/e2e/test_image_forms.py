"""In which forms an image that holds wasm runs, by which runtime, and what is said where not.

A shim of the runwasi library also reads modules that are layers; crun sees files and nothing else.
"""

import pytest

from localcluster import Node
from support.lab import Lab
from support.shapes import Shaped, wasm
from workloads import forms
from workloads.forms import Form
from workloads.modules import GREETING, Module

pytestmark = pytest.mark.e2e


@pytest.mark.shows("wasmtime", "LinuxImage", "WasmImage", "WasmLayers", "WasmArtifact")
@pytest.mark.shows("crun", "LinuxImage", "WasmImage")
def test_forms__each_by_each_runtime__runs_or_says_why_not(equipped: Lab, node: Node) -> None:
    shim = {form: hello(equipped, node, "wasmtime", form) for form in Form}
    crun = {form: hello(equipped, node, "crun", form) for form in Form}
    bare = wasm("main", Module.HELLO, forms.image(Form.ARTIFACT))
    del bare["command"]
    nameless = Shaped(equipped.cluster, node, "wasmtime", bare)

    for pod in (*shim.values(), crun[Form.LINUX], crun[Form.PLATFORM]):
        pod.wait_phase("Succeeded")
        assert GREETING in pod.log("main")
    for form in (Form.LAYERS, Form.ARTIFACT):
        crun[form].wait_phase("Failed")
        assert "invalid path" in crun[form].log("main"), "there is no file in such an image"
    assert "no command specified" in nameless.waiting("main")


def hello(equipped: Lab, node: Node, runtime: str, form: Form) -> Shaped:
    """Start a pod of one image; a command is given, since one of the forms has none of its own."""
    return Shaped(equipped.cluster, node, runtime, wasm("main", Module.HELLO, forms.image(form)))
