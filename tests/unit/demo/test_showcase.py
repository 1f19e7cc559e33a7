import pytest

from demo import shim_server
from demo.preflight import Way
from demo.showcase import showcase
from support import catalogue
from wasmwright_operator.api.wasmruntime import WasmRuntimeSpec
from wasmwright_operator.catalogue import render_spec
from workloads import light_shim


@pytest.mark.parametrize("way", list(Way), ids=str)
def test_showcase__names_and_specs_agree__and_the_api_takes_them(way: Way) -> None:
    show = showcase(way)

    specs = show.specs("http://10.0.0.1/shim.tar.gz")
    assert tuple(specs) == show.names
    for name, given in specs.items():
        known = given == {"enabled": True}
        spec = render_spec(catalogue.entry(name)) if known else given
        assert (
            WasmRuntimeSpec.model_validate(spec).model_dump(mode="json", exclude_unset=True) == spec
        )


def test_showcase__on_kind__says_why_it_shows_something_else() -> None:
    show = showcase(Way.KIND)

    assert show.served is None
    assert "no crun" in show.explanation


def test_shim_server__is_restricted_and_small_enough_for_a_config_map() -> None:
    artifact = light_shim.artifact()

    manifests = shim_server.manifests(artifact, "image")

    by_kind = {manifest["kind"]: manifest for manifest in manifests}
    assert list(by_kind) == ["Namespace", "ConfigMap", "Service", "Deployment"]
    assert len(artifact.content) < 500_000
    pod = by_kind["Deployment"]["spec"]["template"]["spec"]
    context = pod["containers"][0]["securityContext"]
    assert context["runAsNonRoot"]
    assert context["readOnlyRootFilesystem"]
    assert context["capabilities"] == {"drop": ["ALL"]}


def test_shim_server__another_artifact__restarts_it() -> None:
    first, second = (
        shim_server.manifests(light_shim.artifact(edition=edition), "image")[-1]
        for edition in (1, 2)
    )

    assert first["spec"]["template"] != second["spec"]["template"]
