"""`analyze --each --html`: a page for each capture, and one that names them."""

from __future__ import annotations

import re
from pathlib import Path
from shutil import copy

import pytest

from dissectors.cli import main
from dissectors.commands.pages import places

PCAPS = Path(__file__).resolve().parents[2] / "pcaps"
CALL, BAD = PCAPS / "facetime-2013.pcap", PCAPS / "bad-day.pcap"


def test_each_capture_has_a_page_and_the_first_page_leads_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    captures, pages = tmp_path / "in", tmp_path / "out" / "pages"
    captures.mkdir()
    (captures / "other").mkdir()
    copy(CALL, captures / "a call.pcap")
    copy(BAD, captures / "other" / "A Call.pcap")
    words = ["analyze", "--each", "--jobs", "1", "--html", str(pages), "--sort", "worst"]
    status = main([*words, str(captures), str(tmp_path / "missing.pcap")])
    out, err = capsys.readouterr()
    assert status == 2 and "missing.pcap" in out + err
    index = (pages / "index.html").read_text(encoding="utf-8")
    links = re.findall(r'<a href="([^"]+)">', index)
    assert links == ["A%20Call.pcap-2.html", "a%20call.pcap.html"], "the worst comes first"
    assert {path.name for path in pages.iterdir()} == {"index.html", "a call.pcap.html", "A Call.pcap-2.html"}
    assert "FaceTime" in (pages / "a call.pcap.html").read_text(encoding="utf-8")
    assert "not read" in index and "8.0 %" in index and "3 captures, 9 calls, 4 failed" in index
    assert out.endswith(f"\n{pages / 'index.html'}\n") and "worst finding" in out


def test_pages_that_exist_are_replaced_only_with_force(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["analyze", "--each", "--html", str(tmp_path), str(CALL)]
    assert main(words) == 0
    before = (tmp_path / "index.html").stat().st_mtime_ns
    capsys.readouterr()
    assert main(words) == 2
    assert "exists; --force replaces it" in capsys.readouterr().err
    assert (tmp_path / "index.html").stat().st_mtime_ns == before
    assert main([*words, "--force"]) == 0


def test_a_file_is_no_folder_for_pages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    there = tmp_path / "page.html"
    there.write_text("mine", encoding="utf-8")
    assert main(["analyze", "--each", "--html", str(there), str(CALL)]) == 2
    assert "with --each, --html names a folder" in capsys.readouterr().err
    assert there.read_text(encoding="utf-8") == "mine"


def test_no_capture_takes_the_place_of_the_first_page(tmp_path: Path) -> None:
    found = places(str(tmp_path), ["x/index", "y/INDEX"], force=False)
    assert sorted(Path(place).name for place in found.values()) == ["INDEX-3.html", "index-2.html"]


def test_an_anonymous_page_has_nothing_of_the_original(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # By another key, a short name may become what another one was.
    monkeypatch.setattr("dissectors.commands.page.token_bytes", lambda size: bytes(range(2, size + 2)))
    plain, page = tmp_path / "plain.html", tmp_path / "page.html"
    named = tmp_path / "alices-call.pcap"
    copy(BAD, named)
    assert main(["analyze", "--html", str(plain), str(named)]) == 0
    assert main(["analyze", "--html", str(page), "--anonymous", str(named)]) == 0
    before, after = (path.read_text(encoding="utf-8") for path in (plain, page))
    values = set(re.findall(r"\b(?:\d{1,3}\.){3}\d{1,3}\b|\b[\w.-]+@[\w.-]+|\bz9hG4bK[\w.-]+", before))
    values |= {"alices-call", "192.0.2."}
    assert len(values) > 20
    assert {value for value in values if value in after} == set()
    findings = [re.findall(r"<code>([a-z-]+)</code>", text) for text in (before, after)]
    assert findings[0] == findings[1] and len(findings[0]) > 5
    assert f"muxshark analyze --html {page.name} --anonymous capture" in after


def test_an_anonymous_page_of_one_call_is_made_of_it_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.html"
    assert main(["analyze", "--html", str(page), "--anonymous", "--call", "2", str(BAD)]) == 0
    text = page.read_text(encoding="utf-8")
    assert text.count("<tr data-outcome") == 1 and f"--html {page.name} --anonymous --call 2 capture" in text
    words = ["--force", "--anonymous", "--call", "day2-alice", "--clock", "utc"]
    assert main(["analyze", "--html", str(page), *words, str(BAD)]) == 0
    text = page.read_text(encoding="utf-8")
    assert f"--html {page.name} --anonymous --call CALL --clock utc capture" in text and "day2-alice" not in text
    assert main(["analyze", "--html", str(page), "--force", "--anonymous", "-Y", "user==alice", str(BAD)]) == 2
    assert "--anonymous takes --call, not -Y" in capsys.readouterr().err
    assert main(["analyze", "--anonymous", str(BAD)]) == 2
    assert "--anonymous goes with --html" in capsys.readouterr().err
