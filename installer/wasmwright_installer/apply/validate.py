"""Fourth step: the proof by the daemon's own executable that the planned files do no harm.

Nothing that the daemon reads is written; the staged files lie below `/run` and go again.
"""

from wasmwright_installer.apply.decide import Decision
from wasmwright_installer.apply.host import Host
from wasmwright_installer.apply.plan import Planned
from wasmwright_installer.apply.probe import Observed, dump
from wasmwright_installer.config import dump as dumps
from wasmwright_installer.config.files import FilePlan
from wasmwright_installer.config.stage import staged
from wasmwright_installer.host.lock import RUN_FOLDER

STAGE = f"{RUN_FOLDER}/stage"


def validate(
    host: Host, observed: Observed, decision: Decision, planned: Planned | None, stage: str
) -> tuple[str, ...]:
    """Let the daemon read the planned files before they are in place.

    Args:
        host: where.
        observed: what is there.
        decision: what is to be declared.
        planned: the files.
        stage: a directory of the host that goes again.

    Returns:
        What the daemon would understand otherwise than now, as dotted keys with both values.

    Raises:
        RefusedError: they would do anything else than declare our handlers.
    """
    if planned is None or not planned.files.writes:
        return ()
    after = _dump_staged(host, observed, planned.files, stage)
    ours = decision.ours | frozenset(decision.handlers)
    dumps.refuse_side_effects(planned.before, after, decision.handlers, ours)
    return dumps.differences(planned.before.document, after.document, frozenset())


def _dump_staged(host: Host, observed: Observed, plan: FilePlan, stage: str) -> dumps.Dump:
    host.files.delete_tree(stage)
    try:
        for path, content in staged(plan.tree, stage).items():
            host.files.make_folders(path.rpartition("/")[0])
            host.files.write(path, content, mode=0o600)
        return dump(host, observed.layout, observed.daemon, plan.tree, stage)
    finally:
        host.files.delete_tree(stage)
        host.files.delete_empty_folder(RUN_FOLDER)
