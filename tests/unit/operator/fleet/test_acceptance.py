import pytest

from unit.operator import given
from wasmwright_operator.fleet.acceptance import judge_runtimes

OLD, NEW = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        ({"handler": "h"}, {"handler": "h"}, "HandlerConflict"),
        (
            {"runtimeClasses": [{"name": "c"}]},
            {"runtimeClasses": [{"name": "b"}, {"name": "c"}]},
            "RuntimeClassConflict",
        ),
        ({}, {"runtimeClasses": [{"name": "older"}]}, "RuntimeClassConflict"),
        ({}, {}, "Valid"),
    ],
    ids=["handler", "class", "default-class", "none"],
)
def test_judge_runtimes__conflict__the_older_one_wins(
    first: dict[str, object], second: dict[str, object], reason: str
) -> None:
    verdicts = judge_runtimes(
        [
            given.runtime("newer", created=NEW, **second),
            given.runtime("older", created=OLD, **first),
        ]
    )

    assert verdicts["older"].is_accepted
    assert verdicts["newer"].reason == reason
    assert verdicts["newer"].is_accepted == (reason == "Valid")


def test_judge_runtimes__conflict__names_the_winner() -> None:
    verdicts = judge_runtimes(
        [given.runtime("a", handler="h"), given.runtime("b", created=NEW, handler="h")]
    )

    assert "WasmRuntime 'a'" in verdicts["b"].message


def test_judge_runtimes__a_loser__takes_no_names_itself() -> None:
    verdicts = judge_runtimes(
        [
            given.runtime("a", created="1", handler="h"),
            given.runtime("b", created="2", handler="h", runtimeClasses=[{"name": "c"}]),
            given.runtime("c", created="3"),
        ]
    )

    assert verdicts["c"].is_accepted


def test_judge_runtimes__unreadable_spec__is_refused_with_the_field() -> None:
    verdict = judge_runtimes([given.runtime(config={"options": {"A": [1]}})])["spin"]

    assert (verdict.is_accepted, verdict.reason) == (False, "InvalidSpec")
    assert "spec.config.options.A" in verdict.message
