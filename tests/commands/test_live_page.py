"""`live --html`: the page while the session runs, and at its end."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from dissectors.commands import live_page
from dissectors.commands.inputs import Refused
from dissectors.commands.live_page import PageFile
from dissectors.report import Report
from tests import reports
from tests.sessions import CALL, run, session


def test_a_session_leaves_a_page_of_all_of_it(tmp_path: Path) -> None:
    page = tmp_path / "live.html"
    done = run("--log", "--html", str(page), "-", octets=CALL.read_bytes())
    assert done.returncode == 0, done.stderr
    assert "FaceTime" in page.read_text(encoding="utf-8") and [*tmp_path.iterdir()] == [page]


def test_each_version_takes_the_place_of_the_one_before_when_it_is_due(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, _ = session(CALL.read_bytes())
    asked: list[Report] = []

    def report() -> Report:
        asked.append(told.report())
        return asked[-1]

    monkeypatch.setattr(live_page, "PAGE_SECONDS", 0.0)
    page = PageFile(str(tmp_path / "live.html"), "utc", report)
    for _ in range(3):
        page.look()
    assert len(asked) == 1, "where a page takes long, the next one waits for long"
    page._due = time.monotonic()
    page.look()
    assert len(asked) == 2 and page.problem == ""


def test_what_is_no_page_of_ours_stays(tmp_path: Path) -> None:
    there = tmp_path / "notes.html"
    there.write_text("<p>mine</p>", encoding="utf-8")
    with pytest.raises(Refused, match="exists, and is no page of muxshark"):
        PageFile(str(there), "utc", reports.report)
    with pytest.raises(Refused, match="is a directory"):
        PageFile(str(tmp_path), "utc", reports.report)
    with pytest.raises(Refused, match="no such file or directory"):
        PageFile(str(tmp_path / "none" / "live.html"), "utc", reports.report)
    assert there.read_text(encoding="utf-8") == "<p>mine</p>"


def test_a_page_that_cannot_be_written_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    page = PageFile(str(folder / "live.html"), "utc", reports.report)
    (folder / "live.html").unlink()
    folder.rmdir()
    page.write()
    assert page.problem == "no such file or directory" and not folder.exists()
