import json
from pathlib import Path

import pytest

from demo import chart
from imagebuild.recipe import ImageNames
from localcluster.errors import CommandError
from support.fake_programs import FakePrograms
from unit.demo.fakes import FakeCluster

_HELM = "print('v4.3.1+gabc') if sys.argv[1] == 'version' else None"


def test_install_chart__is_the_one_command_of_the_documentation(
    programs: FakePrograms, cache: Path
) -> None:
    assert not cache.exists()
    programs.add("helm", _HELM)

    chart.install_chart(FakeCluster(), {"runtimes": {"a": None}})

    call = programs.calls[-1]
    assert call.argv[1:4] == ["upgrade", "--install", "wasmwright"]
    assert call.argv[4] == str(chart.CHART)
    assert "--create-namespace" in call.argv
    assert call.argv[call.argv.index("--namespace") + 1] == "wasmwright-system"
    assert call.argv[call.argv.index("--kubeconfig") + 1] == "/kubeconfig"
    assert json.loads(call.stdin) == {"runtimes": {"a": None}}
    assert (chart.CHART / "Chart.yaml").is_file()


def test_install_chart__refused__tells_helms_words(programs: FakePrograms, cache: Path) -> None:
    assert not cache.exists()
    programs.add("helm", _HELM + "\nif sys.argv[1] == 'upgrade': sys.exit('typo in values')")

    with pytest.raises(CommandError, match="typo in values"):
        chart.install_chart(FakeCluster(), {})


def test_uninstall_chart__names_release_and_namespace(programs: FakePrograms, cache: Path) -> None:
    assert not cache.exists()
    programs.add("helm", _HELM)

    chart.uninstall_chart(FakeCluster())

    assert programs.argvs("helm")[-1][:4] == [
        "uninstall",
        "wasmwright",
        "--namespace",
        "wasmwright-system",
    ]


def test_helm_program__too_old__is_left_for_one_of_ours(
    programs: FakePrograms, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs.add("helm", "print('v3.19.0')")
    monkeypatch.setattr("localcluster.binaries.ensure", lambda name, _: Path("/ours", name))

    assert chart.helm_program() == Path("/ours/helm")


def test_image_values__name_images_that_no_node_pulls() -> None:
    values = chart.image_values(ImageNames("abc"))

    assert values == {
        part: {
            "image": {
                "repository": f"localhost/wasmwright/{part}",
                "tag": "abc",
                "pullPolicy": "IfNotPresent",
            }
        }
        for part in ("operator", "installer")
    }
