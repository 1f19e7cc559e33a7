import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasmwright_installer import report
from wasmwright_installer.contract import (
    TERMINATION_LOG_LIMIT,
    ApplyResult,
    ExitCode,
    RuntimeResult,
    RuntimeState,
)
from wasmwright_installer.errors import InUseError, RefusedError

texts = st.lists(st.text(max_size=1500), max_size=60).map(tuple)


@given(
    message=st.text(max_size=9000),
    handlers=texts,
    warnings=texts,
    pods=texts,
    count=st.integers(0, 60),
)
def test_shortened__any_result__is_valid_and_fits(
    message: str,
    handlers: tuple[str, ...],
    warnings: tuple[str, ...],
    pods: tuple[str, ...],
    count: int,
) -> None:
    runtime = RuntimeResult(
        name="spin", handler="spin", digest="0" * 64, state=RuntimeState.READY, message=message
    )
    result = ApplyResult(
        exit_code=ExitCode.IN_USE,
        reason="RuntimeInUse",
        message=message,
        hash="a" * 64,
        handlers=handlers,
        warnings=warnings,
        blocking_pods=pods,
        runtimes=(runtime,) * count,
    )
    text = report.shortened(result)
    assert len(text.encode()) <= TERMINATION_LOG_LIMIT
    read = ApplyResult.model_validate_json(text)
    assert (read.exit_code, read.reason, read.hash) == (40, "RuntimeInUse", "a" * 64)


def test_shortened__small_result__is_whole() -> None:
    result = ApplyResult(exit_code=ExitCode.DONE, reason="Ready", message="1 runtime ready")
    assert report.shortened(result) == result.model_dump_json()


def test_shortened__many_warnings__keeps_the_pods_first_names() -> None:
    pods = tuple(f"shop/cart-{number}" for number in range(30))
    result = ApplyResult(
        exit_code=ExitCode.IN_USE,
        reason="RuntimeInUse",
        message="m",
        blocking_pods=pods,
        warnings=("w" * 400,) * 30,
    )
    assert json.loads(report.shortened(result))["blockingPods"][0] == "shop/cart-0"


def test_failure__error__gives_code_reason_and_pods() -> None:
    error = InUseError("m", reason="RuntimeInUse", pods=("a/b",))
    result = report.failure(error, "h")
    assert (result.exit_code, result.reason, result.message) == (40, "RuntimeInUse", "m")
    assert (result.blocking_pods, result.hash) == (("a/b",), "h")
    assert report.failure(RefusedError("m", reason="R")).blocking_pods == ()


def test_bug__exception__is_named() -> None:
    result = report.bug(KeyError("x"))
    assert (result.exit_code, result.message[:13]) == (70, "KeyError: 'x'")


@pytest.mark.parametrize("exists", [True, False])
def test_write_termination_log__no_path__writes_only_where_the_kubelet_made_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, exists: bool
) -> None:
    log = tmp_path / "log"
    monkeypatch.setattr(report, "TERMINATION_LOG", str(log))
    if exists:
        log.touch()
    result = ApplyResult(exit_code=ExitCode.DONE, reason="R", message="m")
    report.write_termination_log(result, None)
    assert log.exists() is exists
    assert not exists or ApplyResult.model_validate_json(log.read_text()) == result


def test_write_termination_log__path__is_written(tmp_path: Path) -> None:
    result = ApplyResult(exit_code=ExitCode.DONE, reason="R", message="m")
    report.write_termination_log(result, tmp_path / "log")
    assert ApplyResult.model_validate_json((tmp_path / "log").read_text()) == result
