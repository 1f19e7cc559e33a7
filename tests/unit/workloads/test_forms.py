import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from localcluster import oci
from workloads import forms
from workloads.forms import Form
from workloads.modules import Module, compile_module


def blob(tar: tarfile.TarFile, digest: str) -> bytes:
    member = tar.extractfile(f"blobs/sha256/{digest.removeprefix('sha256:')}")
    assert member is not None
    return member.read()


@pytest.fixture
def parts(request: pytest.FixtureRequest, cache: Path) -> tuple[Any, Any, bytes]:
    """The manifest, the configuration and the layer of an image."""
    archive = forms.ensure(request.param)
    assert archive.is_relative_to(cache)
    (image,) = oci.images(archive)
    with tarfile.open(archive) as tar:
        manifest = json.loads(blob(tar, image.digest))
        config = json.loads(blob(tar, manifest["config"]["digest"]))
        return manifest, config, blob(tar, manifest["layers"][0]["digest"])


@pytest.mark.parametrize("parts", [Form.PLATFORM], indirect=True)
def test_platform__is_a_file_system_for_wasm(parts: tuple[Any, Any, bytes]) -> None:
    manifest, config, layer = parts

    assert (config["os"], config["architecture"]) == ("wasip1", "wasm")
    assert manifest["layers"][0]["mediaType"].endswith("tar")
    assert compile_module(Module.HELLO) in layer


@pytest.mark.parametrize("parts", [Form.LAYERS], indirect=True)
def test_layers__are_modules__and_no_file_system(parts: tuple[Any, Any, bytes]) -> None:
    _manifest, config, layer = parts

    assert config["rootfs"]["diff_ids"] == []
    assert config["config"]["Entrypoint"] == ["/hello.wasm"]
    assert layer == compile_module(Module.HELLO)


@pytest.mark.parametrize("parts", [Form.ARTIFACT], indirect=True)
def test_artifact__names_its_module_and_no_command(parts: tuple[Any, Any, bytes]) -> None:
    manifest, config, _layer = parts

    assert manifest["config"]["mediaType"] == "application/vnd.wasm.config.v0+json"
    assert config["layerDigests"] == [manifest["layers"][0]["digest"]]
    assert "config" not in config


@pytest.mark.usefixtures("cache")
def test_forms__have_images_of_their_own() -> None:
    assert len({forms.ensure(form) for form in Form}) == len(Form)
    assert all(oci.images(forms.ensure(form))[0].name == forms.image(form) for form in Form)
