import io
import time

import pytest
from rich.console import Console

from demo.narration import Narrator


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def narrator(out: io.StringIO) -> Narrator:
    """A narrator whose clock goes on by a second each time it is looked at."""
    times = iter(range(100))
    return Narrator(Console(file=out, soft_wrap=True, width=60), clock=lambda: next(times))


def test_step__tells_its_title_and_how_long_it_took(narrator: Narrator, out: io.StringIO) -> None:
    with narrator.step("Doing it"):
        narrator.say("a detail")

    assert out.getvalue().splitlines() == [
        "    2.0 s  Doing it",
        "    3.0 s  a detail",
        "    5.0 s  done in 3.0 s",
    ]


def test_step__failing__is_not_called_done(narrator: Narrator, out: io.StringIO) -> None:
    with pytest.raises(OSError, match="no"), narrator.step("Doing it"):
        raise OSError("no")

    assert "done" not in out.getvalue()


def test_step__long_silence__gives_signs_of_life_until_it_is_over(out: io.StringIO) -> None:
    narrator = Narrator(Console(file=out, soft_wrap=True), heartbeat=0.01)

    with narrator.step("Doing it"):
        narrator.say("compiling")
        while "still at it" not in out.getvalue():
            time.sleep(0.005)

    said = out.getvalue()
    assert "still at it; the last begun was: compiling" in said
    assert said.splitlines()[-1].split("  ")[-1].startswith("done in")


def test_output__shows_what_looks_like_markup_as_it_is(
    narrator: Narrator, out: io.StringIO
) -> None:
    narrator.output("pod [a]", "[bold]hello from wasm[/]")
    narrator.command("kubectl get x -o jsonpath='{.a[0]}'")

    assert "pod [a]  [bold]hello from wasm[/]" in out.getvalue()
    assert "$ kubectl get x -o jsonpath='{.a[0]}'" in out.getvalue()


def test_failure__tells_what_was_seen__what_went_wrong__what_to_do__and_cuts_nothing(
    narrator: Narrator, out: io.StringIO
) -> None:
    long = "x" * 200

    narrator.failure("the pod failed", long, "run it again")

    said = out.getvalue()
    assert long in said
    places = [said.index(part) for part in (long, "the pod failed", "run it again")]
    assert places == sorted(places)
    assert said.index("What was seen last") < said.index("What went wrong")


def test_failure__with_nothing_seen__leaves_that_out(narrator: Narrator, out: io.StringIO) -> None:
    narrator.failure("no kind", "", "install it")

    assert "What was seen last" not in out.getvalue()


def test_farewell__can_be_copied_line_by_line(narrator: Narrator, out: io.StringIO) -> None:
    narrator.farewell("  export KUBECONFIG=/a")

    assert "\n  export KUBECONFIG=/a\n" in out.getvalue()
