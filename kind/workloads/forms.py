"""The forms in which people publish wasm as images, each with the same module in it."""

from enum import StrEnum
from pathlib import Path
from platform import machine
from typing import Final

from localcluster import oci
from localcluster.oci import Part
from workloads.images import keep
from workloads.modules import Module, compile_module, file_name

_COMPONENT_LAYER: Final = "application/vnd.bytecodealliance.wasm.component.layer.v0+wasm"
_ARTIFACT_CONFIG: Final = "application/vnd.wasm.config.v0+json"
_ARTIFACT_LAYER: Final = "application/wasm"


class Form(StrEnum):
    """How an image says that it holds wasm."""

    LINUX = "linux"
    """It does not: an image for Linux with a file in it."""
    PLATFORM = "platform"
    """By its platform; the module is a file."""
    LAYERS = "layers"
    """By the media type of its layers, which are modules and no file systems."""
    ARTIFACT = "artifact"
    """By a configuration of its own, as the wasm working group of the CNCF describes it."""


def image(form: Form) -> str:
    """Return the name of the image."""
    return f"localhost/wasmwright/hello-{form}:1"


def ensure(form: Form) -> Path:
    """Return the archive of the image."""
    config, layer = _parts(form)
    return keep(
        image(form),
        (config.content, layer.content, layer.media_type.encode()),
        lambda target: oci.write_parts(target, image(form), config, (layer,)),
    )


def _parts(form: Form) -> tuple[Part, Part]:
    module, entrypoint = compile_module(Module.HELLO), (file_name(Module.HELLO),)
    files = oci.files_layer({file_name(Module.HELLO): module})
    match form:
        case Form.LINUX:
            processor = oci.architecture(machine())
            return oci.image_config("linux", processor, entrypoint, (files,)), files
        case Form.PLATFORM:
            return oci.image_config("wasip1", "wasm", entrypoint, (files,)), files
        case Form.LAYERS:
            config = oci.image_config("wasip1", "wasm", entrypoint, ())
            return config, Part(_COMPONENT_LAYER, module)
        case Form.ARTIFACT:
            layer = Part(_ARTIFACT_LAYER, module)
            told = {"architecture": "wasm", "os": "wasip1", "layerDigests": [oci.digest(layer)]}
            return Part(_ARTIFACT_CONFIG, oci.encode(told)), layer
