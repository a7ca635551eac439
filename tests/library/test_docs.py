"""Every snippet of docs/library.md runs by itself, prints what stands below it, and satisfies a strict type checker."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import dissectors
import muxshark
from tests.snippets import ROOT, printed_by, snippets

SNIPPETS = snippets("library.md")
STABLE = re.compile(r"`(\w+)(?:\(\w+\))?`")


@pytest.mark.parametrize(("code", "printed"), SNIPPETS, ids=[str(number) for number in range(1, len(SNIPPETS) + 1)])
def test_a_snippet_prints_what_the_page_says(code: str, printed: str, tmp_path: Path) -> None:
    assert printed and printed_by(code, tmp_path) == printed


def test_the_first_table_names_all_that_the_door_offers() -> None:
    page = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")
    table = page[page.index("| name |") : page.index("## The report")]
    named = [name for row in table.splitlines()[2:] for name in STABLE.findall(row.split("|")[1] if "|" in row else "")]
    assert sorted(named) == sorted(dissectors.__all__)


def test_both_names_give_the_same() -> None:
    assert muxshark.__all__ == dissectors.__all__
    for name in dissectors.__all__:
        assert getattr(muxshark, name) is getattr(dissectors, name)


def test_every_snippet_satisfies_a_strict_type_checker(tmp_path: Path) -> None:
    pytest.importorskip("mypy", reason="the type checker is of the lint extra")
    for number, (code, _) in enumerate(SNIPPETS):
        (tmp_path / f"snippet_{number}.py").write_text(code, encoding="utf-8")
    options = ["--strict", "--config-file=", f"--cache-dir={tmp_path / 'cache'}", "--follow-imports=silent"]
    command = [sys.executable, "-m", "mypy", *options, *map(str, tmp_path.glob("*.py"))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
