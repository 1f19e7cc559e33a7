import os
import subprocess
import sys
from pathlib import Path

KIND = Path(__file__).parents[3] / "kind"


def test_program__runs_with_the_standard_library_alone() -> None:
    """`make demo` asks it before anything is installed."""
    done = subprocess.run(
        [sys.executable, "-S", str(KIND / "demo/preflight.py")],
        env={"PATH": "/nowhere", "PYTHONPATH": str(KIND), "HOME": os.environ["HOME"]},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.startswith("The demo cannot run here, and nothing has been changed.")
    assert "Go is missing" in done.stderr
