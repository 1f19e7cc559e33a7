"""A predecessor's handlers become ours: between the look at the host and the decision. Pure.

From here on the configuration without us is one without the predecessor as well, so that a single
write replaces its tables by ours, and giving the node back does not bring it back.
"""

from dataclasses import replace

from wasmwright_installer.apply.probe import Observed
from wasmwright_installer.config import tables
from wasmwright_installer.config.files import without_rendered
from wasmwright_installer.config.predecessors.takeover import (
    PREDECESSORS,
    Takeover,
    left_in,
    without,
)
from wasmwright_installer.contract import NodeDocument


def take_over(observed: Observed, document: NodeDocument) -> Observed:
    """Return the host as it is to be seen when a document takes predecessors over.

    A handler that an earlier run cut out, but that the daemon still serves, counts too.

    Raises:
        RefusedError: their tables stand in a way in which they cannot be cut out.
    """
    predecessors = [PREDECESSORS[name] for name in dict.fromkeys(document.take_over)]
    rendered = observed.present.rendered
    files = without_rendered(observed.present, observed.base.tree) | dict(observed.base.sources)
    left = [each for one in predecessors for each in left_in(files, one, observed.links)]
    base = without(observed.base, predecessors, observed.links, rendered)
    served = {
        name
        for name, handler in observed.loaded.handlers.items()
        if any(one.serves(handler, observed.links) for one in predecessors)
    }
    remembered = set(observed.state.taken) & observed.loaded.handlers.keys()
    handlers = {each.handler for each in left} | served | remembered
    return replace(
        observed,
        base=base,
        takeover=Takeover(
            predecessors=tuple(predecessors),
            handlers=frozenset(handlers) - tables.declared_in(base.tree).keys(),
            places={each.handler: each.place for each in left},
        ),
    )
