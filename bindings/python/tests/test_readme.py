"""Every Python block of the README runs, one after another, beside a policy.wasm."""

import re
import shutil
from pathlib import Path

import pytest
from conftest import built

README = Path(__file__).parents[1] / "README.md"


def test_the_readme_runs(tmp_path: Path, cache_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(built("dist/policy.wasm"), tmp_path)
    (tmp_path / ".policy-cache").symlink_to(cache_dir)
    monkeypatch.chdir(tmp_path)
    text = README.read_text("utf-8")
    blocks = list(re.finditer(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))
    assert len(blocks) >= 5
    names: dict[str, object] = {"__name__": "readme"}
    for block in blocks:
        line = text.count("\n", 0, block.start(1))
        exec(compile("\n" * line + block[1], str(README), "exec"), names)
