"""Ninth step: the proof, by what the daemon then serves, that the change is what was wanted."""

import time
from collections.abc import Callable

from wasmwright_installer.apply.activate import ActivationError
from wasmwright_installer.apply.host import Host
from wasmwright_installer.detect.handlers import Handler, Loaded, normal_handler
from wasmwright_installer.host.cri import CRIUnavailableError
from wasmwright_installer.host.state import Journal
from wasmwright_installer.layouts.layout import Activation


def prove(host: Host, journal: Journal) -> Loaded:
    """Return what the daemon serves after a change, when that is what it should serve.

    Raises:
        ActivationError: a handler of ours is missing or differs, or one of others changed.
    """
    return _served(host, journal, lambda loaded: wrong_after_change(loaded, journal))


def prove_undone(host: Host, journal: Journal) -> Loaded:
    """Return what the daemon serves after a rollback, when every handler of before is there.

    Raises:
        ActivationError: one is not.
    """
    return _served(host, journal, lambda loaded: _wrong_after_undo(loaded, journal))


def serves_as_before(host: Host, journal: Journal) -> bool:
    """Tell whether the daemon serves every handler of before right now."""
    try:
        return not _wrong_after_undo(host.cri(journal.socket).loaded(host.limits.answer), journal)
    except CRIUnavailableError:
        return False


def _served(host: Host, journal: Journal, problem_of: Callable[[Loaded], str]) -> Loaded:
    """Wait until pods can be created again, as far as they could before, and all is as it should.

    After a restart the first answer decides. A reload, or a supervisor that has to notice, takes
    effect at some later time, so there the question is asked again.
    """
    cri = host.cri(journal.socket)
    deadline = time.monotonic() + host.limits.settle
    while True:
        problem, is_ready = f"{journal.unit} is not ready after {host.limits.settle:g} s", False
        try:
            loaded = cri.loaded(host.limits.answer)
            is_ready = loaded.runtime_ready and loaded.network_ready >= journal.network_ready
            problem = problem_of(loaded) if is_ready else problem
            if not problem:
                return loaded
        except CRIUnavailableError as error:
            problem = f"{journal.unit} does not serve the CRI ({error})"
        is_final = is_ready and journal.activation is Activation.RESTART
        if is_final or time.monotonic() > deadline:
            raise ActivationError(problem)
        time.sleep(host.limits.step)


def _wrong_after_undo(loaded: Loaded, journal: Journal) -> str:
    for name, before in sorted(journal.baseline.items()):
        if loaded.handlers.get(name) not in (before, journal.foreign.get(name)):
            return f"handler {name!r} became {_shown(loaded, name)}, was {before}"
    return ""


def wrong_after_change(loaded: Loaded, journal: Journal) -> str:
    """Say what the daemon serves otherwise than it should; "" = all is well."""
    wanted = {name: normal_handler(table) for name, table in journal.next.handlers.items()}
    for name, handler in wanted.items():
        if loaded.handlers.get(name) != handler:
            return f"handler {name!r} is served as {_shown(loaded, name)}, wanted {dict(handler)}"
    for name, adopted in journal.adopted.items():
        if loaded.handlers.get(name) != adopted:
            return f"handler {name!r} of somebody else is served as {_shown(loaded, name)}"
    extra = sorted((set(journal.ours) & loaded.handlers.keys()) - wanted.keys())
    if extra:
        return f"handlers {', '.join(extra)} are still served"
    return changed_for_others(loaded, journal)


def changed_for_others(loaded: Loaded, journal: Journal) -> str:
    """Say which handler of somebody else is not served as before; "" = all are.

    What others wrote into the files before us, and nobody had loaded yet, may appear now.
    """
    for name in sorted(journal.baseline.keys() - set(journal.ours)):
        before, pending = journal.baseline[name], journal.foreign.get(name)
        if loaded.handlers.get(name) not in (before, pending):
            return f"handler {name!r} of somebody else became {_shown(loaded, name)}, was {before}"
    return ""


def _shown(loaded: Loaded, name: str) -> str:
    handler: Handler | None = loaded.handlers.get(name)
    return "absent" if handler is None else str(dict(handler))
