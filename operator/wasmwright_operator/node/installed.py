"""The runtimes of a node after a run."""

from collections.abc import Iterator

from wasmwright_installer.contract import ApplyResult, ExitCode, RuntimeResult, RuntimeState
from wasmwright_operator.api.wasmnode import InstalledRuntime
from wasmwright_operator.node.outcome import Outcome
from wasmwright_operator.records import WasmNodeRecord


def as_told(record: WasmNodeRecord, result: ApplyResult) -> Iterator[InstalledRuntime]:
    """Yield the runtimes as a result tells of them, those only that the node was to have."""
    wanted = {entry.name for entry in record.spec.runtimes}
    for item in result.runtimes:
        if item.name in wanted:
            yield InstalledRuntime.model_validate(item.model_dump())


def left(record: WasmNodeRecord, problem: Outcome) -> Iterator[InstalledRuntime]:
    """Yield the runtimes after a failure: what was ready stays so unless the result denies it.

    A failed run changes nothing or goes back, so the older revision of a runtime is still served;
    only a roll-back that failed leaves a node of which nothing is known.
    """
    is_unknown = problem.exit_code == ExitCode.ROLLBACK_FAILED
    told = {item.name: item for item in problem.result.runtimes} if problem.result else {}
    before = {item.name: item for item in record.status.runtimes}
    entries = {entry.name: entry for entry in record.spec.runtimes}
    for name in sorted(before.keys() | entries.keys()):
        was, says = before.get(name), told.get(name)
        is_denied = says is not None and says.state is not RuntimeState.READY
        if was is not None and was.state is RuntimeState.READY and not (is_unknown or is_denied):
            yield was
        elif name in entries or (was is not None and not _is_removed(says)):
            entry = entries.get(name)
            yield InstalledRuntime(
                name=name,
                handler=entry.handler.handler if entry else was.handler if was else "",
                version=entry.version if entry else "",
                state=RuntimeState.FAILED,
                message=(says.message if says else "") or problem.reason,
            )


def _is_removed(says: RuntimeResult | None) -> bool:
    return says is not None and says.state is RuntimeState.REMOVED
