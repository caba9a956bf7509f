"""The program for Python in docs/bindings.md prints what the page shows."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from conftest import ROOT, built


def test_the_page_shows_what_the_program_prints(tmp_path: Path, cache_dir: Path) -> None:
    page = (ROOT / "docs/bindings.md").read_text("utf-8")
    event, printed, program = (
        re.findall(rf"^```{language}\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)[0]
        for language in ("json", "text", "python")
    )
    (tmp_path / "event.json").write_text(event.strip())
    (tmp_path / "program.py").write_text(program)
    (tmp_path / "cache").symlink_to(cache_dir)
    shutil.copy(built("dist/policy.wasm"), tmp_path)
    ran = subprocess.run([sys.executable, "program.py"], cwd=tmp_path, stdout=subprocess.PIPE, text=True, check=True)
    assert ran.stdout == printed
