"""Each check counts; the site is built where that is possible, and else a line says why it is not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tools import checks
from tools.checks import site
from tools.environment import Environment

ROOT = Path(__file__).resolve().parents[2]
BESIDE = {
    "mypy": 'touch "$MEETING/begun"',
    "pytest": 'until test -e "$MEETING/begun"; do sleep 0.1; done',
}
"""mypy begins while the tests run: these wait for it."""


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




@pytest.mark.skipif(sys.platform == "win32", reason="its stand-ins are scripts of a shell")
@pytest.mark.parametrize("fails", ["", "ruff", "mypy", "pytest"])
def test_each_check_counts_and_what_mypy_says_comes_behind_the_tests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], fails: str
) -> None:
    made = environment(tmp_path, "true")
    for name in ("ruff", "mypy", "pytest"):
        made.program(name).write_text(f"#!/bin/sh\n{BESIDE.get(name, '')}\necho {name}\ntest {name} != '{fails}'\n")
        made.program(name).chmod(0o755)
    monkeypatch.setenv("MEETING", str(tmp_path))
    monkeypatch.setattr(checks, "want_programs", lambda: None)
    assert checks.check(made, ["-q"]) == (1 if fails else 0)
    said = capfd.readouterr()
    assert said.out.split() == ["ruff", "pytest", "mypy"]
    assert said.err.count("passed") == (2 if fails else 3) and (not fails or f"{fails} FAILED" in said.err)
