import json
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

import pytest

from unit.chart.conftest import FakeCluster

SPEC = {"source": {"hostPath": {"path": "/usr/bin/crun"}}}
Run = Callable[..., int]


@pytest.fixture
def run(program: ModuleType, cluster: FakeCluster, tmp_path: Path) -> Run:
    """The program as the Job runs it, for the release `wasmwright`."""

    def go(
        command: str,
        wanted: dict[str, object] | None = None,
        *options: str,
        unnamed: Sequence[str] = (),
    ) -> int:
        path, others = tmp_path / "runtimes.json", tmp_path / "unnamed.json"
        path.write_text(json.dumps(wanted or {}))
        others.write_text(json.dumps(unnamed))
        files = (f"--runtimes={path}", f"--unnamed={others}")
        argv = [command, "--release=wasmwright", *files, *options]
        return int(program.main(argv, lambda: program.Api(cluster.url, "token", None)))

    return go


def names(cluster: FakeCluster) -> list[str]:
    return sorted(cluster.runtimes)


def test_apply__creates_what_is_missing__marked_as_the_releases(
    run: Run, cluster: FakeCluster
) -> None:
    assert run("apply", {"crun": SPEC}) == 0

    crun = cluster.runtimes["crun"]
    assert crun["spec"] == SPEC
    assert crun["kind"] == "WasmRuntime"
    assert crun["metadata"]["labels"]["app.kubernetes.io/instance"] == "wasmwright"
    assert crun["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "Helm"
    (_, _, query) = cluster.requests[-1]
    assert query["fieldValidation"] == ["Strict"]
    assert cluster.token == "Bearer token"


def test_apply__a_second_time__finds_its_own_and_is_content(run: Run, cluster: FakeCluster) -> None:
    run("apply", {"crun": SPEC})

    assert run("apply", {"crun": SPEC}) == 0
    assert names(cluster) == ["crun"]


def test_apply__one_left_the_values__is_deleted__and_nobody_elses_is(
    run: Run, cluster: FakeCluster
) -> None:
    run("apply", {"crun": SPEC, "spin": SPEC})
    cluster.add("mine")
    cluster.add("theirs", by="Helm", release="other")

    assert run("apply", {"crun": SPEC}) == 0
    assert names(cluster) == ["crun", "mine", "theirs"]


@pytest.mark.parametrize(
    "labels", [{}, {"by": "Helm", "release": "other"}], ids=["user", "release"]
)
def test_apply__name_taken_by_somebody_else__leaves_that_and_says_so__and_does_the_rest(
    run: Run, cluster: FakeCluster, labels: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.add("crun", **labels)

    assert run("apply", {"crun": SPEC, "spin": SPEC}) == 1
    assert "spec" not in cluster.runtimes["crun"]
    assert "spin" in cluster.runtimes
    assert (
        "wasmruntime 'crun' exists and is not of release 'wasmwright':"
        " set runtimes.crun to null or delete that object"
    ) in capsys.readouterr().err


def test_apply__name_of_the_catalogue_taken__leaves_it_to_its_owner__and_is_content(
    run: Run, cluster: FakeCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.add("crun")

    assert run("apply", {"crun": SPEC, "spin": SPEC}, unnamed=["crun", "spin"]) == 0
    assert "spec" not in cluster.runtimes["crun"]
    assert "spin" in cluster.runtimes
    told = "wasmruntime crun: exists and is not of release 'wasmwright', left as it is"
    assert told in capsys.readouterr().out


def test_apply__spec_refused__says_the_servers_words__and_does_the_rest(
    run: Run, cluster: FakeCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.refused["crun"] = "spec.handler is immutable"

    assert run("apply", {"crun": SPEC, "spin": SPEC}) == 1
    assert names(cluster) == ["spin"]
    assert "wasmruntime 'crun' was refused: spec.handler is immutable" in capsys.readouterr().err


@pytest.mark.parametrize("status", [403, 404], ids=["role on its way", "crd on its way"])
def test_apply__kind_not_served_yet__waits_for_it(
    run: Run, cluster: FakeCluster, status: int
) -> None:
    cluster.unready, cluster.unready_status = 2, status

    assert run("apply", {"crun": SPEC}) == 0
    assert names(cluster) == ["crun"]


def test_apply__kind_never_served__gives_up_and_names_the_value(
    run: Run, cluster: FakeCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.unready = 1000

    assert run("apply", {"crun": SPEC}, "--crd-timeout=0") == 1
    assert "does not serve WasmRuntimes after 0 s (not yet)" in capsys.readouterr().err


def test_apply__server_broken__fails_at_once(
    run: Run, cluster: FakeCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.unready, cluster.unready_status = 1, 500

    assert run("apply", {"crun": SPEC}) == 1
    assert capsys.readouterr().err == "runtimes: not yet\n"


def test_remove__deletes_the_releases_and_nobody_elses(run: Run, cluster: FakeCluster) -> None:
    run("apply", {"crun": SPEC, "spin": SPEC})
    cluster.add("mine")

    assert run("remove") == 0
    assert names(cluster) == ["mine"]


def test_remove__pods_use_one__stops_and_repeats_why(
    run: Run, cluster: FakeCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    run("apply", {"crun": SPEC, "spin": SPEC})
    cluster.finalized = {"crun"}
    blocked = {"type": "DeletionBlocked", "status": "True", "message": "pod default/user uses it"}
    cluster.runtimes["crun"]["status"] = {"conditions": [blocked]}

    assert run("remove", {}, "--remove-timeout=0") == 1
    assert names(cluster) == ["crun"]
    said = capsys.readouterr().err
    assert "wasmruntime 'crun' (pod default/user uses it)" in said
    assert "helm uninstall --no-hooks" in said


def test_remove__kind_gone_already__has_nothing_to_do(run: Run, cluster: FakeCluster) -> None:
    cluster.unready = 1

    assert run("remove") == 0


def test_in_cluster__reads_the_pods_credentials(
    program: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("secret")
    (tmp_path / "ca.crt").write_text(_authority())
    monkeypatch.setattr(program, "CREDENTIALS", tmp_path)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")

    api = program.in_cluster()

    assert (api._server, api._token) == ("https://10.96.0.1:443", "secret")
    assert api._tls.verify_mode.name == "CERT_REQUIRED"


def _authority() -> str:
    import certifi

    text = Path(certifi.where()).read_text()
    end = "-----END CERTIFICATE-----\n"
    return text[text.index("-----BEGIN") : text.index(end) + len(end)]
