import pytest

from unit.operator import given
from wasmwright_operator.fleet.rendering import Renderer, render_entry
from wasmwright_operator.records.wasmnode import entry_digest


@pytest.mark.parametrize(
    ("spec", "binary"),
    [
        ({"source": given.http("amd64")}, "containerd-shim-spin-v2"),
        ({}, "containerd-shim-spin-v2"),
        ({"type": "OCIRuntime", "source": {"hostPath": {"path": "/usr/bin/crun"}}}, "crun"),
        ({"type": "OCIRuntime", "source": given.http("amd64")}, "shim.tar.gz"),
        (
            {
                "type": "OCIRuntime",
                "source": {
                    "http": {
                        "platforms": [
                            {
                                "arch": "amd64",
                                "url": "https://h/x.tgz",
                                "sha256": "0" * 64,
                                "path": "bin/youki",
                            }
                        ]
                    }
                },
            },
            "youki",
        ),
        (
            {
                "type": "OCIRuntime",
                "source": {
                    "http": {
                        "platforms": [{"arch": "amd64", "url": "https://h/%20", "sha256": "0" * 64}]
                    }
                },
            },
            "spin",
        ),
    ],
    ids=["shim-http", "shim-host", "oci-host", "oci-http", "oci-member", "oci-odd-url"],
)
def test_render_entry__binary__is_named(spec: dict[str, object], binary: str) -> None:
    assert given.entry("spin", **spec).handler.binary == binary


def test_render_entry__artifact_with_another_name__needs_no_other_configuration() -> None:
    old = given.entry(source=given.http("amd64", sha256="1" * 64))
    new = given.entry(source=given.http("amd64", sha256="2" * 64))

    assert old.handler == new.handler
    assert entry_digest(old) != entry_digest(new)


def test_render_entry__without_an_artifact_for_the_architecture__is_none() -> None:
    assert render_entry(given.runtime(source=given.http("arm64")), "amd64") is None


def test_render_entry__version__does_not_count_for_its_identity() -> None:
    old, new = given.entry(version="1"), given.entry(version="2")

    assert (old.version, new.version) == ("1", "2")
    assert entry_digest(old) == entry_digest(new)


@pytest.mark.parametrize(
    ("spec", "survive"),
    [
        ({}, False),
        ({"type": "OCIRuntime"}, True),
        ({"config": {"podsSurviveRestart": True}}, True),
        ({"type": "OCIRuntime", "config": {"podsSurviveRestart": False}}, False),
    ],
)
def test_render_entry__pods_survive_a_restart(spec: dict[str, object], *, survive: bool) -> None:
    assert given.entry(**spec).handler.pods_survive_restart is survive


def test_render_entry__configuration__is_handed_over() -> None:
    probe = {"args": ["--features"], "contains": "+WASM"}
    found = given.entry(
        source={"hostPath": {"path": "/usr/bin/crun", "probe": probe}},
        config={"options": {"A": True}, "podAnnotations": ["x/*"], "snapshotter": "s"},
    )

    assert found.source.host_path is not None
    assert found.source.host_path.probe is not None
    assert found.source.host_path.probe.contains == "+WASM"
    assert found.handler.options == {"A": True}
    assert (found.handler.pod_annotations, found.handler.snapshotter) == (("x/*",), "s")


def test_renderer__renders_once_per_architecture() -> None:
    renderer, runtime = Renderer(), given.runtime()

    assert renderer.entry(runtime, "amd64") is renderer.entry(runtime, "amd64")
