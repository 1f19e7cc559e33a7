"""What must hold at every instant of a history, whatever was done to the cluster."""

from collections import Counter
from collections.abc import Iterator

from integration.operator.history import History
from integration.operator.moment import Moment, run_of, tested_runtime


def violations(history: History) -> list[str]:
    """Return a sentence for each rule that was broken, and when."""
    found = [*_repeated(history, "jobs"), *_repeated(history, "pods")]
    for moment in history.moments():
        found.extend(f"at {moment.version}: {said}" for said in _over_budget(moment))
        found.extend(f"at {moment.version}: {said}" for said in _crowded(moment))
    return list(dict.fromkeys(found))


def most(history: History, runtime: str) -> tuple[int, int]:
    """Return how many WasmNodes were in flight, and how many installers ran, at the most."""
    pairs = [(m.in_flight()[runtime], m.installers()[runtime]) for m in history.moments()]
    return max(pair[0] for pair in pairs), max(pair[1] for pair in pairs)


def _repeated(history: History, resource: str) -> Iterator[str]:
    """Yield the runs for which there was more than one Job, installer, or test of a runtime."""
    created = history.created(resource)
    runs = Counter((run, tested_runtime(raw)) for raw in created if (run := run_of(raw)))
    for (run, tested), count in runs.items():
        if count > 1:
            yield f"{count} {resource} for run {'/'.join(run)}{tested and f', test of {tested}'}"


def _over_budget(moment: Moment) -> Iterator[str]:
    in_flight, installers = moment.in_flight(), moment.installers()
    for runtime, allowed in moment.budgets().items():
        if in_flight[runtime] > allowed:
            yield f"{in_flight[runtime]} nodes in flight for {runtime}, {allowed} allowed"
        if installers[runtime] > allowed:
            yield f"{installers[runtime]} installers for {runtime}, {allowed} allowed"


def _crowded(moment: Moment) -> Iterator[str]:
    """Yield the nodes on which two installers may be at work."""
    nodes = Counter(pod["spec"]["nodeName"] for pod in moment.live_pods())
    yield from (f"{count} installers on node {name}" for name, count in nodes.items() if count > 1)
