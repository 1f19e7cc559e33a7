import pytest

from demo import preflight
from demo.preflight import Machine, Way, judge
from support.fake_programs import FakePrograms

KIND = Machine(has_kind=True, docker_answers=True, helm="v4.3.1+gabc", go="")
NOTHING = Machine(
    has_kind=False, docker_answers=False, local_problems=("this is not Linux: use Linux",)
)


@pytest.mark.parametrize(
    ("machine", "way"),
    [
        pytest.param(KIND, Way.KIND, id="docker and kind"),
        pytest.param(
            Machine(has_kind=True, docker_answers=True, go="go1.26.8"), Way.KIND, id="go for helm"
        ),
        pytest.param(
            Machine(has_kind=True, docker_answers=True, helm="v3.19.0", go="go1.25.1"),
            Way.LOCAL,
            id="kind but no helm",
        ),
        pytest.param(Machine(has_kind=True, docker_answers=False), Way.LOCAL, id="no daemon"),
        pytest.param(Machine(has_kind=False, docker_answers=True), Way.LOCAL, id="no kind"),
        pytest.param(NOTHING, None, id="neither"),
    ],
)
def test_judge__takes_kind_where_it_works__and_else_the_local_cluster(
    machine: Machine, way: Way | None
) -> None:
    assert judge(machine).way is way


def test_judge__neither_way__tells_what_to_do_for_both() -> None:
    said = preflight.explain(judge(NOTHING).problems)

    assert "nothing has been changed" in said
    assert "kind: no Docker daemon answers; start one" in said
    assert "kind: kind is not on the PATH; install it" in said
    assert "local cluster: this is not Linux: use Linux" in said


def test_judge__kind_without_helm_and_go__says_so_where_that_is_all_there_is() -> None:
    machine = Machine(has_kind=True, docker_answers=True, local_problems=("not root",))

    assert judge(machine).problems[0] == (
        "kind: neither Helm 4 nor Go 1.26 to compile it with; install one of them"
    )


def test_look__asks_the_programs_themselves(
    programs: FakePrograms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("localcluster.preflight.problems", lambda: ("no cgroups",))
    programs.add("docker", "print('28.0.1')")
    programs.add("kind")
    programs.add("helm", "print('v4.3.1+gabc')")
    programs.add("go", "print('go1.26.8')")

    assert preflight.look() == Machine(
        has_kind=True,
        docker_answers=True,
        helm="v4.3.1+gabc",
        go="go1.26.8",
        local_problems=("no cgroups",),
    )


def test_look__docker_without_a_daemon__does_not_answer(
    programs: FakePrograms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("localcluster.preflight.problems", tuple)
    programs.add("docker", "print('Client: 28'); sys.exit('cannot connect to the daemon')")

    assert not preflight.look().docker_answers


@pytest.mark.parametrize(("machine", "code"), [(KIND, 0), (NOTHING, 1)], ids=["open", "closed"])
def test_main__tells_by_its_exit_code(
    machine: Machine, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(preflight, "look", lambda: machine)

    assert preflight.main() == code
    assert ("The demo cannot run here" in capsys.readouterr().err) == bool(code)
