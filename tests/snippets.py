"""The snippets of a page: each runs by itself and prints what stands below it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def snippets(page: str) -> list[tuple[str, str]]:
    """The Python of a page in `docs`, and what the page says it prints."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```\n(?:```text\n(.*?)```\n)?", text, re.DOTALL)


def printed_by(code: str, folder: Path, before: Sequence[str] = ()) -> str:
    """What a snippet prints in a folder where nothing is but the captures; `before` comes before the command."""
    (folder / "pcaps").symlink_to(ROOT / "pcaps")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(folder), "PYTHONIOENCODING": "utf-8"}
    command = [*before, sys.executable, "-W", "error::DeprecationWarning:dissectors", "-c", code]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout
