"""Run the script of the dead man's switch in a directory, with a systemctl that is played."""

import os
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from wasmwright_installer.rescue.script import Rescue, Step

SHELL = shutil.which("dash") or "sh"
"""The smallest shell that nodes have."""

_SYSTEMCTL = """\
#!/bin/sh
echo "$*" >>{log}
case $1 in
show) echo "ActiveState=$(cat {state})" ;;
restart) {restart} ;;
esac
"""
_IMPATIENT_SLEEP = "#!/bin/sh\nexec {sleep} 0.02\n"
_TOLD_MV = '#!/bin/sh\necho "$*" >>{log}\nexec {mv} "$@"\n'


@dataclass
class Programs:
    """The programs that the script finds first."""

    folder: Path

    def put(self, *, state: str = "active", restart: str = ":") -> None:
        """Play systemd: the unit's state, and what a restart does, in shell."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "state").write_text(state)
        log, state_file = self.folder / "systemctl.log", self.folder / "state"
        self._add("systemctl", _SYSTEMCTL.format(log=log, state=state_file, restart=restart))
        self._add("sleep", _IMPATIENT_SLEEP.format(sleep=shutil.which("sleep")))
        self._add("sync", "#!/bin/sh\n")
        self._add("mv", _TOLD_MV.format(log=self.folder / "mv.log", mv=shutil.which("mv")))

    def _add(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o755)

    def run(self, script: str) -> None:
        """Run the script to its end."""
        path = f"{self.folder}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            [SHELL, "-c", script],
            env={"PATH": path},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def log(self, name: str) -> list[str]:
        """Return how a program was called."""
        log = self.folder / f"{name}.log"
        return log.read_text().splitlines() if log.exists() else []

    @property
    def changes(self) -> list[str]:
        """What systemctl was told to do."""
        return [call for call in self.log("systemctl") if not call.startswith("show")]


def below(root: Path, rescue: Rescue) -> Rescue:
    """Return the same rescue for a host whose `/` is a directory."""

    def moved(step: Step) -> Step:
        return replace(step, path=f"{root}{step.path}")

    return replace(
        rescue,
        state=f"{root}{rescue.state}",
        lock=f"{root}{rescue.lock}",
        proc=f"{root}{rescue.proc}",
        files=tuple(moved(step) for step in rescue.files),
        links=tuple(moved(step) for step in rescue.links),
        folders=tuple(f"{root}{folder}" for folder in rescue.folders),
    )
