"""What a predecessor left is removed once nothing on the host uses it any more."""

from collections.abc import Mapping

from wasmwright_installer.apply.host import Host
from wasmwright_installer.apply.leftover_users import users_of
from wasmwright_installer.apply.probe import Observed
from wasmwright_installer.config.files import Base, without_rendered
from wasmwright_installer.config.predecessors.predecessor import Predecessor
from wasmwright_installer.config.predecessors.takeover import (
    PREDECESSORS,
    frozen_templates,
    left_in,
)
from wasmwright_installer.contract import LeftBehind, Leftovers, PredecessorName
from wasmwright_installer.detect.handlers import Loaded
from wasmwright_installer.host.leftovers import remove, traces

_NAMED = 8
"""How many users of a predecessor's files a result names."""


def report(host: Host, observed: Observed, base: Base) -> tuple[Leftovers, ...]:
    """Return what every predecessor left; `base` is the configuration without us alone."""
    found = (_of_one(host, observed, base, each) for each in PREDECESSORS.values())
    return tuple(each for each in found if each is not None)


def _of_one(
    host: Host, observed: Observed, base: Base, predecessor: Predecessor
) -> Leftovers | None:
    present = traces(host.files, predecessor)
    files = without_rendered(observed.present, base.tree) | dict(base.sources)
    left = left_in(files, predecessor, observed.links)
    if not (left or present.paths or present.folders):
        return None
    marked = {each.path for each in left}
    return Leftovers(
        predecessor=predecessor.name,
        handlers={each.handler: each.place for each in left},
        templates=tuple(path for path in frozen_templates(base.sources) if path in marked),
        files=(*present.links, *present.binaries),
        notes=present.notes,
        folders=present.folders,
        in_use=users_of(predecessor, host, observed, observed.loaded, observed.present.tree),
    )


def clear(
    host: Host, observed: Observed, loaded: Loaded, tree: Mapping[str, bytes]
) -> tuple[bool, tuple[str, ...]]:
    """Remove the files of everybody who was taken over, as far as nothing uses them.

    Args:
        host: where.
        observed: as the run found it.
        loaded: what the daemon serves now.
        tree: the files that the daemon reads now.

    Returns:
        Whether anything went, and a sentence for each predecessor whose files must stay for now.
    """
    went, sentences = False, []
    for name in sorted(_taken_over(observed)):
        predecessor = PREDECESSORS[name]
        found = traces(host.files, predecessor)
        if not (found.paths or found.folders):
            continue
        still = users_of(predecessor, host, observed, loaded, tree)
        if still:
            sentences.append(
                f"files of {predecessor.title} stay until nothing uses them: {', '.join(still[:3])}"
            )
            continue
        remove(host.files, found)
        went = True
    return went, tuple(sentences)


def remaining(
    host: Host, observed: Observed, loaded: Loaded, tree: Mapping[str, bytes]
) -> tuple[LeftBehind, ...]:
    """Return what is still there of every predecessor when a run has cleared up.

    Args:
        host: where.
        observed: as the run found it.
        loaded: what the daemon serves now.
        tree: the files that the daemon reads now.
    """
    files = without_rendered(observed.present, tree) | dict(observed.base.sources)
    found = []
    for name, predecessor in PREDECESSORS.items():
        left = {each.handler for each in left_in(files, predecessor, observed.links)}
        if not (left or traces(host.files, predecessor).paths):
            continue
        users: tuple[str, ...] = ()
        if name in _taken_over(observed):
            users = users_of(predecessor, host, observed, loaded, tree)
        found.append(
            LeftBehind(predecessor=name, handlers=tuple(sorted(left)), in_use=users[:_NAMED])
        )
    return tuple(found)


def _taken_over(observed: Observed) -> set[PredecessorName]:
    """Return whose files are ours to remove: by this run's document, or by that of an earlier."""
    now = {each.name for each in observed.takeover.predecessors}
    return now | {name for name in PredecessorName if name in observed.state.predecessors}
