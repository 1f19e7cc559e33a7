import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from unit.installer.documents import artifacts, crun, document, shim
from unit.installer.fake_host.containerd_node import MAIN_V2, MAIN_V3, make_node
from unit.installer.fake_host.node import FakeNode
from wasmwright_installer import cli, screen
from wasmwright_installer.apply import host as ports
from wasmwright_installer.apply.explain import explain_plan, explain_status
from wasmwright_installer.apply.run import apply
from wasmwright_installer.contract import (
    ApplyResult,
    ExitCode,
    HostStatus,
    NodeDocument,
    PlanReport,
)


@pytest.fixture(params=[("1.7.24", MAIN_V2), ("2.4.2", MAIN_V3)], ids=["1.7", "2.4"])
def node(request: pytest.FixtureRequest, tmp_path: Path) -> FakeNode:
    return make_node(tmp_path / "host", *request.param)


@pytest.fixture
def wi(node: FakeNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The command line on the played host, with its termination log in a file of the test."""
    monkeypatch.setattr(ports, "real_host", lambda *_: node.host)
    log = tmp_path / "termination-log"
    log.touch()
    monkeypatch.setattr("wasmwright_installer.report.TERMINATION_LOG", str(log))

    def invoke(*arguments: str, text: str | None = None) -> Result:
        return CliRunner().invoke(cli.main, arguments, input=text)

    return invoke


def saved(tmp_path: Path, wanted: NodeDocument) -> str:
    path = tmp_path / "document.json"
    path.write_text(wanted.model_dump_json())
    return str(path)


def test_apply__then_remove__print_results_and_write_the_termination_log(
    wi: Callable[..., Result], tmp_path: Path
) -> None:
    wanted = document(shim("light"), crun())
    folder = str(artifacts(tmp_path / "artifacts", *wanted.runtimes))
    done = wi("apply", "--document", saved(tmp_path, wanted), "--artifacts", folder)
    result = ApplyResult.model_validate_json(done.stdout)
    assert (done.exit_code, result.reason, result.restarted) == (0, "Ready", True)
    assert result.plugin_table.startswith("io.containerd.")
    log = tmp_path / "termination-log"
    assert ApplyResult.model_validate_json(log.read_text()) == result
    done = wi("remove")
    assert (done.exit_code, json.loads(done.stdout)["reason"]) == (0, "Removed")


def test_apply__document_on_stdin__is_read(wi: Callable[..., Result]) -> None:
    done = wi("apply", "--document", "-", text=document(crun()).model_dump_json())
    assert done.exit_code == 0


@pytest.mark.parametrize(
    ("text", "reason", "match"),
    [
        ("no json", "Invalid", "Invalid JSON"),
        ('{"runtimes": [{"name": "Spin"}]}', "Invalid", "runtimes.0.name in -"),
        ('{"unknown": 1}', "Invalid", "unknown in -: Extra inputs"),
        (
            json.dumps({"runtimes": [json.loads(crun().model_dump_json())] * 2}),
            "Invalid",
            "both use handler 'crun'",
        ),
    ],
)
def test_apply__bad_document__ends_with_12(
    wi: Callable[..., Result], text: str, reason: str, match: str
) -> None:
    done = wi("apply", "--document", "-", text=text)
    result = ApplyResult.model_validate_json(done.stdout)
    assert (done.exit_code, result.reason) == (ExitCode.BAD_DOCUMENT, reason)
    assert match in result.message


def test_apply__no_such_document__ends_with_12(wi: Callable[..., Result]) -> None:
    done = wi("apply", "--document", "/none/here.json")
    assert (done.exit_code, json.loads(done.stdout)["reason"]) == (12, "Unreadable")


def test_apply__in_use__ends_with_40_and_the_pods(
    wi: Callable[..., Result], node: FakeNode, tmp_path: Path
) -> None:
    node.add_pod("s1", "/usr/local/bin/containerd-shim-spin-v2", "shop/cart")
    wanted = document(shim("light")).model_copy(update={"hash": "abc"})
    done = wi("apply", "--document", saved(tmp_path, wanted))
    result = ApplyResult.model_validate_json((tmp_path / "termination-log").read_text())
    assert (done.exit_code, result.blocking_pods, result.hash) == (40, ("shop/cart",), "abc")


def test_apply__defect__ends_with_70_and_a_traceback(
    wi: Callable[..., Result], node: FakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr(node.daemon, "status", broken)
    done = wi("apply", "--document", "-", text="{}")
    assert (done.exit_code, json.loads(done.stdout)["reason"]) == (70, "Bug")
    assert "Traceback" in done.stderr


def test_fetch__nothing_to_download__leaves_a_manifest(
    wi: Callable[..., Result], tmp_path: Path
) -> None:
    into = tmp_path / "into"
    done = wi("fetch", "--document", saved(tmp_path, document(crun())), "--into", str(into))
    assert (done.exit_code, json.loads(done.stdout)["reason"]) == (0, "Fetched")
    assert (into / "manifest.json").exists()


def test_plan__install__shows_files_handlers_and_the_restart(
    wi: Callable[..., Result], node: FakeNode, tmp_path: Path
) -> None:
    before = node.tree()
    wanted = document(shim("light"), crun())
    done = wi("plan", "--document", saved(tmp_path, wanted))
    plan = PlanReport.model_validate_json(done.stdout)
    assert (done.exit_code, plan.restart, plan.handlers_added) == (0, True, ("crun", "light"))
    assert "handlers crun, light are not served as wanted" in plan.why
    diff = "".join(file.diff for file in plan.files)
    assert '+  runtime_type = "/opt/wasmwright/bin/light/containerd-shim-light-v1"\n' in diff
    assert sorted(plan.links) == [
        "/opt/wasmwright/bin/crun/crun",
        "/opt/wasmwright/bin/light/containerd-shim-light-v1",
    ]
    assert node.tree() == before


def test_plan__pods_in_the_way__are_shown_and_nothing_is_refused(
    node: FakeNode,
) -> None:
    node.add_pod("s1", "/usr/local/bin/containerd-shim-spin-v2", "shop/cart")
    assert explain_plan(node.host, document(shim("light"))).pods_lost == ("shop/cart",)


def test_plan__give_back__shows_what_goes(node: FakeNode, tmp_path: Path) -> None:
    wanted = document(shim("light"))
    apply(node.host, wanted, artifacts(tmp_path / "artifacts", *wanted.runtimes))
    node.add_pod("s1", "/opt/wasmwright/bin/light/containerd-shim-light-v1", "shop/cart")
    plan = explain_plan(node.host, document())
    assert (plan.restart, plan.handlers_removed) == (True, ("light",))
    assert plan.runtimes_in_use == {"light": ("shop/cart",)}
    assert plan.obsolete_links == ("/opt/wasmwright/bin/light/containerd-shim-light-v1",)


def test_plan__refused__ends_with_the_code(wi: Callable[..., Result], node: FakeNode) -> None:
    node.put("/etc/os-release", b"ID=talos\n")
    done = wi("plan", "--document", "-", text="{}")
    assert (done.exit_code, json.loads(done.stdout)["reason"]) == (10, "ImmutableOS")


def test_status__installed__tells_whose_each_handler_is(
    wi: Callable[..., Result], node: FakeNode, tmp_path: Path
) -> None:
    late = shim("late").handler
    wanted = document(shim("light"), declared=(late,))
    apply(node.host, wanted, artifacts(tmp_path / "artifacts", *wanted.runtimes))
    status = HostStatus.model_validate_json(wi("status").stdout)
    owners = {name: (each.ours, each.installed) for name, each in status.handlers.items()}
    assert owners == {"runc": (False, True), "light": (True, True), "late": (True, False)}
    assert (status.runtimes, status.drift, status.unfinished) == ({"light": "light 1.0"}, (), False)


def test_status__somebody_was_there__tells_the_drift(node: FakeNode, tmp_path: Path) -> None:
    wanted = document(shim("light"))
    apply(node.host, wanted, artifacts(tmp_path / "artifacts", *wanted.runtimes))
    main = "/etc/containerd/config.toml"
    node.put(main, node.read(main) + b"# edited\n")
    node.daemon.loaded.pop("light")
    (node.root / "opt/wasmwright/bin/light/containerd-shim-light-v1").unlink()
    drift = explain_status(node.host).drift
    assert drift == (
        f"{main} was edited by somebody else",
        "handler light is not served as it was declared",
        "/opt/wasmwright/bin/light/containerd-shim-light-v1 of handler light is gone",
    )


def test_status__file_of_ours_is_gone__is_drift(node: FakeNode, tmp_path: Path) -> None:
    wanted = document(shim("light"))
    apply(node.host, wanted, artifacts(tmp_path / "artifacts", *wanted.runtimes))
    (node.root / "etc/containerd/config.toml").unlink()
    assert "/etc/containerd/config.toml is gone" in explain_status(node.host).drift


def shown(model: object) -> str:
    console = Console(file=io.StringIO(), width=200)
    screen.show(model, console)  # type: ignore[arg-type]  # any model
    text = console.file
    assert isinstance(text, io.StringIO)
    return text.getvalue()


def test_show__plan_status_and_result__say_all_that_people_need(
    node: FakeNode, tmp_path: Path
) -> None:
    wanted = document(shim("light"))
    plan = shown(explain_plan(node.host, wanted))
    assert "+  runtime_type =" in plan
    assert "containerd restarts: handlers light are not served as wanted" in plan
    folder = artifacts(tmp_path / "artifacts", *wanted.runtimes)
    result = shown(apply(node.host, wanted, folder))
    assert "Ready: 1 runtime ready" in result
    assert "light 1.0 handler light: ready" in result
    assert "ms without answer" in result
    assert "no restart" in shown(explain_plan(node.host, wanted))
    status = shown(explain_status(node.host))
    assert "wasmwright" in status
    assert "containerd.service" in status


def test_show__failure_in_use__names_every_pod_on_a_line() -> None:
    result = ApplyResult(
        exit_code=ExitCode.IN_USE, reason="RuntimeInUse", message="m", blocking_pods=("a/b", "c/d")
    )
    assert shown(result).splitlines()[1:] == ["pods in the way  a/b", "                 c/d"]


def test_show__text_with_brackets__is_not_taken_for_markup() -> None:
    result = ApplyResult(exit_code=ExitCode.BUG, reason="Bug", message="[red]x[/red]")
    assert "[red]x[/red]" in shown(result)


def test_apply__text_output__is_for_people(wi: Callable[..., Result]) -> None:
    done = wi("apply", "--document", "-", "--output", "text", text="{}")
    assert done.stdout.startswith("Removed: nothing of wasmwright is left")
