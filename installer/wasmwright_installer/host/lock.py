"""One run at a time: an flock on the host, which dies with the process that holds it."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator

from wasmwright_installer.errors import LockedError
from wasmwright_installer.host.files import HostFiles
from wasmwright_installer.host.write_errors import explained

RUN_FOLDER = "/run/wasmwright"
"""Lock and staged files; forgotten at boot."""

LOCK = f"{RUN_FOLDER}/lock"

_STEP = 0.05


@contextlib.contextmanager
def node_lock(files: HostFiles, wait: float) -> Iterator[None]:
    """Hold the node for the length of a `with` block.

    Raises:
        LockedError: another run still held it after `wait` seconds.
        RefusedError: the host's /run cannot be written.
    """
    files.make_folders(RUN_FOLDER)
    place = files.local(LOCK)
    with explained(files.root, LOCK, place):
        descriptor = os.open(place, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _acquire(descriptor, wait)
        yield
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, wait: float) -> None:
    deadline = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise LockedError(
                    f"another run has held {LOCK} for {wait:g} s; "
                    "wait until it has ended and run again",
                    reason="Locked",
                ) from None
            time.sleep(_STEP)
        else:
            return
