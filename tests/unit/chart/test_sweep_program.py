"""What is taken away after an uninstall, and what stays."""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from unit.chart.conftest import served
from unit.chart.rendering import CHART
from wasmwright_operator import names
from wasmwright_operator.election.elector import NAME as LEASE

OURS = {names.MANAGED_BY: names.MANAGED_BY_VALUE}
WASM_NODES = "/apis/wasmwright.dev/v1alpha1/wasmnodes"
RUNTIMES = "/apis/wasmwright.dev/v1alpha1/wasmruntimes"
JOBS = "/apis/batch/v1/namespaces/ns/jobs"
REVISIONS = "/apis/apps/v1/namespaces/ns/controllerrevisions"
LEDGER = f"/api/v1/namespaces/ns/configmaps/{names.LEDGER}"
LEASES = f"/apis/coordination.k8s.io/v1/namespaces/ns/leases/{LEASE}"

COMPLETE = {"conditions": [{"type": "Complete", "status": "True"}]}
FAILED = {"conditions": [{"type": "Failed", "status": "True"}]}
SUSPENDED = {"conditions": [{"type": "Suspended", "status": "True"}]}


class Leavings:
    """What an operator left in the API, by path."""

    def __init__(self) -> None:
        self.url = self.token = ""
        self.held: dict[str, dict[str, Any]] = {LEDGER: {}, LEASES: {}}
        self.absent: set[str] = set()
        """Collections of kinds that are gone."""
        self.errors: list[int] = []
        """How the next requests are answered."""
        self.meanwhile: Callable[[], None] = lambda: None
        """What somebody does between our looks and our deletions."""

    def add(self, collection: str, name: str, **body: Any) -> None:
        version = str(len(self.held))
        metadata = {"name": name, "resourceVersion": version, "labels": body.pop("labels", {})}
        self.held[f"{collection}/{name}"] = {"metadata": metadata, **body}

    def answer(self, method: str, target: str, body: Any) -> tuple[int, Any]:
        parts = urlsplit(target)
        if self.errors:
            return self.errors.pop(0), {"message": "not now"}
        if parts.path in self.absent:
            return 404, {"message": "no such kind"}
        if method == "GET":
            return 200, self._page(parts.path, parse_qs(parts.query))
        self.meanwhile()
        return self._delete(parts.path, body)

    def _page(self, collection: str, query: dict[str, list[str]]) -> dict[str, Any]:
        selector = query.get("labelSelector", [""])[0]
        wanted = dict(part.split("=") for part in selector.split(",") if part)
        found = sorted(
            (path, it)
            for path, it in self.held.items()
            if path.rpartition("/")[0] == collection
            and wanted.items() <= it["metadata"]["labels"].items()
        )
        left = [each for each in found if each[0] > query.get("continue", [""])[0]]
        page = left[: int(query["limit"][0])]
        after = page[-1][0] if len(left) > len(page) else ""
        return {"items": [it for _, it in page], "metadata": {"continue": after}}

    def _delete(self, path: str, options: dict[str, Any]) -> tuple[int, Any]:
        assert options["propagationPolicy"] == "Background"
        if path not in self.held:
            return 404, {"message": "not found"}
        version = options.get("preconditions", {}).get("resourceVersion")
        if version is not None and version != self.held[path]["metadata"]["resourceVersion"]:
            return 409, {"message": "it is another one now"}
        del self.held[path]
        return 200, {}


@pytest.fixture
def leavings() -> Iterator[Leavings]:
    fake = Leavings()
    with served(fake):
        yield fake


Sweep = Callable[..., int]


@pytest.fixture
def sweep(program: ModuleType, leavings: Leavings, monkeypatch: pytest.MonkeyPatch) -> Sweep:
    """The program as the Job runs it."""
    monkeypatch.setitem(sys.modules, "runtimes", program)
    spec = importlib.util.spec_from_file_location("sweep_program", CHART / "files/sweep.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def go(*options: str) -> int:
        api = program.Api(leavings.url, "token", None)
        return int(module.main(["--namespace=ns", *options], lambda: api, lambda _: None))

    return go


def test_sweep__takes_away_what_is_ours_and_over(sweep: Sweep, leavings: Leavings) -> None:
    leavings.add(WASM_NODES, "n1", spec={"refused": [{"name": "spin"}]})
    leavings.add(JOBS, "done", labels=OURS, status=COMPLETE)
    leavings.add(JOBS, "failed", labels=OURS, status=FAILED)
    leavings.add(JOBS, "theirs", status=COMPLETE)
    leavings.add(REVISIONS, "spin-1", labels={**OURS, names.RUNTIME: "spin"})
    leavings.add(REVISIONS, "a-daemon-set")

    assert sweep() == 0
    assert leavings.held.keys() == {f"{JOBS}/theirs", f"{REVISIONS}/a-daemon-set"}
    assert sweep() == 0, "and finds nothing the second time"


@pytest.mark.parametrize(
    "wasm_node",
    [
        {"spec": {"runtimes": [{"name": "spin"}]}},
        {"spec": {}, "status": {"runtimes": [{"name": "spin", "state": "failed"}]}},
        {"spec": {}, "status": {"lastError": {"reason": "JobRefused"}}},
        {
            "spec": {"hash": "b", "attempt": 2},
            "status": {"concludedHash": "a", "concludedAttempt": 1},
        },
        {"spec": {"hash": "a", "attempt": 1}},
    ],
    ids=["has-it", "has-some-of-it", "could-not-be-cleaned", "was-being-cleaned", "first-run"],
)
def test_sweep__node_that_may_have_something__is_kept_and_named(
    sweep: Sweep,
    leavings: Leavings,
    wasm_node: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    leavings.add(WASM_NODES, "n1", **wasm_node)

    assert sweep() == 0
    assert leavings.held.keys() == {f"{WASM_NODES}/n1"}
    assert "wasmnode n1: kept" in capsys.readouterr().out


def test_sweep__node_that_changes_under_our_eyes__is_looked_at_again(
    sweep: Sweep, leavings: Leavings
) -> None:
    leavings.add(WASM_NODES, "n1", spec={})
    leavings.meanwhile = lambda: leavings.add(WASM_NODES, "n1", spec={"runtimes": ["spin"]})

    assert sweep() == 0
    assert f"{WASM_NODES}/n1" in leavings.held


@pytest.mark.parametrize("status", [{}, {"active": 1}, SUSPENDED])
def test_sweep__job_that_has_not_ended__may_end(
    sweep: Sweep, leavings: Leavings, status: dict[str, Any]
) -> None:
    leavings.add(JOBS, "now", labels=OURS, status=status)

    assert sweep() == 0
    assert leavings.held.keys() == {f"{JOBS}/now"}


def test_sweep__wasm_runtimes_of_users__keep_their_revisions(
    sweep: Sweep, leavings: Leavings
) -> None:
    leavings.add(RUNTIMES, "mine")
    for name in ("mine", "spin"):
        leavings.add(REVISIONS, f"{name}-1", labels={**OURS, names.RUNTIME: name})

    assert sweep() == 0
    assert leavings.held.keys() == {f"{RUNTIMES}/mine", f"{REVISIONS}/mine-1"}


def test_sweep__more_than_a_page__deletes_all(
    sweep: Sweep, leavings: Leavings, program: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "PAGE", 3)
    for number in range(10):
        leavings.add(WASM_NODES, f"n{number}", spec={})

    assert sweep() == 0
    assert leavings.held == {}


def test_sweep__kinds_gone_already__is_no_error(sweep: Sweep, leavings: Leavings) -> None:
    leavings.absent = {WASM_NODES, RUNTIMES}

    assert sweep() == 0
    assert leavings.held == {}


@pytest.mark.parametrize("place", range(8))
@pytest.mark.parametrize("status", [403, 429, 500])
def test_sweep__refused_for_a_moment__begins_again_and_takes_no_more_than_it_should(
    sweep: Sweep, leavings: Leavings, place: int, status: int
) -> None:
    """A right that is on its way must not look like a kind that is gone."""
    leavings.add(RUNTIMES, "mine")
    leavings.add(WASM_NODES, "n1", spec={})
    leavings.add(REVISIONS, "mine-1", labels={**OURS, names.RUNTIME: "mine"})
    answers, count = leavings.answer, iter(range(1000))

    def answer(method: str, target: str, body: Any) -> tuple[int, Any]:
        if next(count) == place:
            leavings.errors = [status]
        return answers(method, target, body)

    leavings.answer = answer  # type: ignore[method-assign]

    assert sweep() == 0
    assert leavings.held.keys() == {f"{RUNTIMES}/mine", f"{REVISIONS}/mine-1"}


def test_sweep__never_allowed__gives_up_with_the_servers_words(
    sweep: Sweep, leavings: Leavings, capsys: pytest.CaptureFixture[str]
) -> None:
    leavings.errors = [403] * 1000

    assert sweep("--timeout=0") == 1
    assert capsys.readouterr().err == "sweep: not now\n"
