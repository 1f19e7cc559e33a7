"""What a run leaves for the next one, below `state/` of our directory on the host.

Contents of files lie there under their digest, so that the bytes of before the first change stay
as long as anything of ours is on the node. The journal stands only while a change is under way.
"""

import hashlib
from typing import TypeVar

from pydantic import ValidationError

from wasmwright_installer.errors import RefusedError
from wasmwright_installer.host.files import HostFiles
from wasmwright_installer.host.state import Journal, State, Stored

Model = TypeVar("Model", bound=Stored)


def digest(content: bytes) -> str:
    """Return the name that contents are kept under."""
    return hashlib.sha256(content).hexdigest()


class StateStore:
    """The state of one host."""

    def __init__(self, files: HostFiles, folder: str) -> None:
        self._files = files
        self._folder = folder
        self._state = f"{folder}/state.json"
        self._journal = f"{folder}/journal.json"
        self._contents = f"{folder}/files"
        self._verdict = f"{folder}/switch.verdict"

    def state(self) -> State:
        """Return what the last run left; an empty state if there is none."""
        return self._load(self._state, State) or State()

    def journal(self) -> Journal | None:
        """Return the change that was under way when a run died, if there is one."""
        return self._load(self._journal, Journal)

    def _load(self, path: str, model: type[Model]) -> Model | None:
        content = self._files.read(path)
        if content is None:
            return None
        try:
            return model.model_validate_json(content)
        except ValidationError as error:
            raise RefusedError(
                f"{path} cannot be read ({error.errors()[0]['msg']}); "
                "move it away, and what wasmwright changed is found from the files' own marks",
                reason="StateUnreadable",
            ) from error

    def save(self, state: State) -> None:
        """Record what we hold; an empty state leaves no file."""
        if state == State():
            self._files.delete(self._state)
            return
        self._write(self._state, state)

    def open_journal(self, journal: Journal) -> None:
        """Announce a change, before its first write."""
        self._write(self._journal, journal)

    def close_journal(self) -> None:
        """Say that the change is complete, or undone."""
        self._files.delete(self._journal)
        self._files.delete(self.switch)
        self._files.delete(self._verdict)

    @property
    def switch(self) -> str:
        """The script of the dead man's switch."""
        return f"{self._folder}/switch.sh"

    def journal_digest(self) -> str:
        """Return what the switch knows the present change by."""
        return digest(self._files.read(self._journal) or b"")

    def put_switch(self, script: str) -> None:
        """Lay down the script; what an earlier one noted is forgotten."""
        self._files.delete(self._verdict)
        self._files.write(self.switch, script.encode(), mode=0o700)

    def verdict(self) -> str:
        """Return what the switch noted when it fired; "" = it has not."""
        return self._files.read_text(self._verdict)

    def _write(self, path: str, model: Stored) -> None:
        content = model.model_dump_json(indent=1).encode()
        if self._files.read(path) == content:
            return
        self._files.make_folders(self._folder)
        self._files.write(path, content, mode=0o600)

    def keep(self, content: bytes) -> str:
        """Keep a file's bytes and return their digest."""
        name = digest(content)
        if self._files.read(f"{self._contents}/{name}") != content:
            self._files.make_folders(self._contents)
            self._files.write(f"{self._contents}/{name}", content, mode=0o600)
        return name

    def content(self, name: str) -> bytes:
        """Return bytes that were kept.

        Raises:
            RefusedError: they are gone or were changed.
        """
        content = self._files.read(f"{self._contents}/{name}")
        if content is None or digest(content) != name:
            raise RefusedError(
                f"{self._contents}/{name} is gone or damaged, so the bytes of before cannot be had",
                reason="StateUnreadable",
            )
        return content

    def sweep(self, state: State) -> None:
        """Remove contents that nothing refers to, and what a killed run left half written."""
        needed = {file.original for file in state.files}
        for name in self._files.names(self._contents):
            if name not in needed:
                self._files.delete(f"{self._contents}/{name}")
        self._files.delete_empty_folder(self._contents)
        self._files.discard_temporary(self._journal)
        self._files.discard_temporary(self.switch)
        self._files.delete(self.switch)
        self._files.delete(self._verdict)
