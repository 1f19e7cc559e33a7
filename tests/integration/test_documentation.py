"""What the documents tell people to type is something that works."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from localcluster import Cluster
from localcluster.errors import CommandError
from support.kube_view import wait_established
from support.waiting import eventually

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("deploy/**/*.md")])
CRDS = sorted(ROOT.glob("crds/*.yaml"))

HERE_DOCUMENT = re.compile(
    r"kubectl apply -f - <<(?P<end>\w+)\n(?P<text>.*?)\n *(?P=end)$", re.MULTILINE | re.DOTALL
)
TARGET = re.compile(r"(?:^|`)make ((?!PYTHON|ARGS)[a-z][a-z-]*)", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


def manifests() -> Iterator[object]:
    for page in PAGES:
        for number, found in enumerate(HERE_DOCUMENT.finditer(page.read_text())):
            yield pytest.param(found["text"], id=f"{page.name}-{number}")


@pytest.fixture(scope="module")
def api(control_plane: Cluster) -> Cluster:
    for crd in CRDS:
        control_plane.kubectl("apply", "--server-side", "-f", str(crd))
        wait_established(control_plane, yaml.safe_load(crd.read_text())["metadata"]["name"])
    for kind in ("wrt", "wn"):
        eventually(lambda kind=kind: _is_served(control_plane, kind), until=bool, within=60)
    return control_plane


def _is_served(cluster: Cluster, kind: str) -> bool:
    """Tell of a kind that is established whether it is there: first it is answered with 429.

    How it is described comes a moment later still.
    """
    try:
        cluster.kubectl("get", kind)
        cluster.kubectl("explain", kind)
    except CommandError:
        return False
    return True


@pytest.mark.integration
@pytest.mark.parametrize("text", list(manifests()))
def test_manifest__as_written_in_a_document__is_accepted_by_the_api_server(
    api: Cluster, text: str
) -> None:
    said = api.kubectl(
        "apply", "--dry-run=server", "--validate=strict", "-f", "-", input=_outdented(text)
    )

    assert "wasmwright.dev" in said


@pytest.mark.integration
@pytest.mark.parametrize("path", ["wrt.spec.source", "wrt.status", "wn.spec", "wn.status"])
def test_kubectl_explain__knows_the_field__and_describes_it(api: Cluster, path: str) -> None:
    assert "DESCRIPTION:\n    <empty>" not in api.kubectl("explain", path)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_document__names_only_targets_and_files_that_are_there(page: Path) -> None:
    text = page.read_text()
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)

    assert set(TARGET.findall(text)) <= set(targets)
    assert [link for link in LINK.findall(text) if not (page.parent / link).exists()] == []


def _outdented(text: str) -> str:
    lines = text.splitlines()
    indent = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
    return "\n".join(line[indent:] for line in lines)
