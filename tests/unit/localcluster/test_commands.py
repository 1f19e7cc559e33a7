import subprocess
from pathlib import Path

import pytest

from localcluster import commands
from localcluster.errors import CommandError, NotReadyError
from localcluster.waiting import Condition, wait_for

STARTER = Path(commands.__file__).with_name("node.sh")


def test_run__program_that_works__is_its_output() -> None:
    assert commands.run("cat", input="text") == "text"


def test_run__additional_environment__is_added() -> None:
    assert commands.run("sh", "-c", "echo $A ${PATH:+kept}", env={"A": "b"}) == "b kept\n"


def test_run__program_that_fails__is_quoted() -> None:
    with pytest.raises(CommandError, match=r"`sh -c .*` ended with exit code 3: no luck") as caught:
        commands.run("sh", "-c", "echo no luck >&2; exit 3")
    assert (caught.value.code, caught.value.stderr) == (3, "no luck\n")


def test_run__silent_failure__says_that_nothing_was_said() -> None:
    with pytest.raises(CommandError, match="exit code 1: it printed nothing"):
        commands.run("false")


def test_run__unchecked_failure__is_its_output() -> None:
    assert commands.run("sh", "-c", "echo out; exit 1", check=False) == "out\n"


def test_run_fed__file__is_standard_input(tmp_path: Path) -> None:
    (tmp_path / "in").write_text("text")
    commands.run_fed("sh", "-c", f"cat > {tmp_path}/out", file=tmp_path / "in")
    assert (tmp_path / "out").read_text() == "text"


def test_run_fed__program_that_fails__is_quoted() -> None:
    with pytest.raises(CommandError, match="no luck"):
        commands.run_fed("sh", "-c", "echo no luck >&2; exit 1", file=Path("/dev/null"))


def test_run_logged__failure__quotes_the_end_of_the_log(tmp_path: Path) -> None:
    script = "seq 100; echo the reason; exit 1"
    with pytest.raises(CommandError, match=r"(?s)\n99\n100\nthe reason$") as caught:
        commands.run_logged(("sh", "-c", script), log=tmp_path / "log")
    assert "\n50\n" not in str(caught.value)


def test_tail__no_log__says_so(tmp_path: Path) -> None:
    assert commands.tail(tmp_path / "none").endswith("does not exist")


def wait(is_ready: Condition, *, alive: bool = True, timeout: float = 5) -> None:
    wait_for(
        is_ready, lambda: alive, what="etcd", evidence=lambda: "panic: no disk", timeout=timeout
    )


def test_wait_for__ready_at_last__returns() -> None:
    answers = iter([False, False, True])
    wait(lambda: next(answers))
    assert next(answers, None) is None


def test_wait_for__died__quotes_the_evidence() -> None:
    with pytest.raises(NotReadyError, match=r"(?s)etcd ended before.*panic: no disk"):
        wait(lambda: False, alive=False)


def test_wait_for__never_ready__says_how_long_it_waited_and_quotes_the_evidence() -> None:
    with pytest.raises(NotReadyError, match=r"(?s)etcd was not ready within 0 s.*panic: no disk"):
        wait(lambda: False, timeout=0)


def test_node_sh__is_a_posix_shell_script() -> None:
    subprocess.run(["sh", "-n", STARTER], check=True)
