"""The site is built where that is possible, and else a line says why it is not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tools.checks import site
from tools.environment import Environment

ROOT = Path(__file__).resolve().parents[2]


def environment(folder: Path, pip: str) -> Environment:
    """An environment whose Python does `pip` and nothing else."""
    made = Environment(folder / "env", ROOT)
    made.programs.mkdir(parents=True)
    made.program("python").write_text(f"#!/bin/sh\n{pip}\n", encoding="utf-8")
    made.program("python").chmod(0o755)
    return made


@pytest.mark.skipif(sys.platform == "win32", reason="its stand-in is a script of a shell")
def test_without_the_programs_for_it_the_site_is_not_built_and_a_line_says_so(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert site(environment(tmp_path, "echo 'ERROR: connection broken by nothing'; exit 1")) is None
    said = capfd.readouterr().err
    assert said.count("\n") == 1 and "the site is not built, for mkdocs-material" in said
    assert "the package index cannot be reached" in said


@pytest.mark.skipif(sys.platform == "win32", reason="its stand-in is a script of a shell")
@pytest.mark.parametrize(("status", "passed"), [(0, True), (1, False)])
def test_a_page_that_cannot_be_built_fails(tmp_path: Path, status: int, passed: bool) -> None:
    assert site(environment(tmp_path, f"test $2 = pip || exit {status}")) is passed


