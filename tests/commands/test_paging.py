"""Long reports go through a pager, on a terminal that has one."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from dissectors.commands.paging import page, pager
from tests.command_line import CALL, PLAIN, on_a_terminal, run
from tests.pages import Terminal


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"MUXSHARK_PAGER": "sort -r", "PAGER": "false"}, ["sort", "-r"]), ({"PAGER": "sort"}, ["sort"]),
        ({"MUXSHARK_PAGER": "", "PAGER": "sort"}, []), ({"PAGER": "cat"}, []), ({"PAGER": "no-such-program"}, []),
        ({"PAGER": "sort 'x"}, []), ({"PAGER": "sort", "TERM": "dumb"}, []),
    ],
)
def test_the_pager_is_that_of_the_environment(
    environment: dict[str, str], words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MUXSHARK_PAGER", "PAGER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm", **environment}.items():
        monkeypatch.setenv(name, value)
    assert pager(Terminal()) == words
    assert pager(io.StringIO()) == []


def test_a_pager_gets_everything_and_may_leave_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "kept"
    copy = f"import sys; open({str(kept)!r}, 'wb').write(sys.stdin.buffer.read())"
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("MUXSHARK_PAGER", f'{sys.executable} -c "{copy}"')
    page(["a → b\n", "c\n"], Terminal())
    assert kept.read_text(encoding="utf-8") == "a → b\nc\n"
    monkeypatch.setenv("MUXSHARK_PAGER", f'{sys.executable} -c ""')
    page((f"{n} {'x' * 100}\n" for n in range(100_000)), Terminal())


def test_on_a_terminal_the_report_goes_through_the_pager_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PLAIN, "MUXSHARK_PAGER", "sed s/FaceTime/PAGED/g")
    assert b"PAGED" in on_a_terminal(["analyze", CALL])
    assert b"PAGED" not in on_a_terminal(["analyze", "--no-pager", CALL])


def test_colours_can_be_asked_for_and_refused() -> None:
    assert b"\x1b[" in run("analyze", "--color=always", CALL).stdout
    assert b"\x1b[" in run("analyze", "--colour", "always", CALL, NO_COLOR="1").stdout
    assert b"\x1b[" not in run("analyze", "--color=auto", CALL).stdout
    assert b"\x1b[3" not in on_a_terminal(["analyze", "--no-pager", "--color=never", CALL])
