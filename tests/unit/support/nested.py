"""Runs of pytest inside a test, on files that the test wrote."""

import os
import subprocess
import sys
from pathlib import Path

import support


def run_pytest(folder: Path, *arguments: str) -> str:
    """Run pytest in a folder, with our plugins at hand and no configuration; return its words."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "--rootdir=.", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(Path(support.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr
