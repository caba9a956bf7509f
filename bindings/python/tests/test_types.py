"""The package, its tests and its examples satisfy the type checker."""

import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def test_mypy_strict(tmp_path: Path) -> None:
    mypy = [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path)]
    done = subprocess.run(mypy, cwd=PACKAGE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
