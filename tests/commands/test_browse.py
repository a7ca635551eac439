"""`muxshark browse`: reading behind the screen, saving a call, and what it needs."""

from __future__ import annotations

import os
import subprocess
import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import pytest

from dissectors import offline
from dissectors.cli import parser
from dissectors.commands import browse
from dissectors.outputs.export import document
from dissectors.queries.filters import wanted
from dissectors.report import Place
from dissectors.screens.book import Snapshot
from dissectors.screens.view import View
from dissectors.wire.errors import CaptureError
from tests.command_line import on_a_screen
from tests.namespaces import MUXSHARK

ROOT = Path(__file__).resolve().parents[2]
BAD_DAY = ROOT / "pcaps" / "bad-day.pcap"
FACETIME = ROOT / "pcaps" / "facetime-2013.pcap"


def options(*words: str) -> Namespace:
    return parser("browse").parse_args(["browse", *words])


def read(*paths: Path) -> browse.Reading:
    """Captures that were read to their end."""
    named = [str(path) for path in paths]
    feed = browse.Reading(named, options(*named))
    feed.shown()
    feed.begin()
    until(lambda: feed.ended)
    return feed


def until(true: Callable[[], bool]) -> None:
    for _ in range(3000):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it never came")


@pytest.mark.parametrize("every", [1, 3, 1000])
def test_reports_on_the_way_change_nothing_of_the_last_one(every: int) -> None:
    asked = 0

    def due() -> bool:
        nonlocal asked
        asked += 1
        return not asked % every

    batches = []
    found = list(offline.growing_reports([str(FACETIME)], due=due, taken=batches.append))
    assert [whole for _, whole in found] == [False] * (len(found) - 1) + [True]
    assert list(document(found[-1][0])) == list(document(offline.analyze([str(FACETIME)], everything=True)))
    assert len(batches) and (len(found) > 1) is (every < 1000)


def test_a_capture_without_signalling_tells_of_itself_on_the_way_too() -> None:
    reports = [report for report, _ in offline.growing_reports([str(BAD_DAY)], due=lambda: True)]
    assert len(reports) > 1 and reports[0].capture.datagrams <= reports[-1].capture.datagrams


def test_captures_are_read_behind_the_screen_and_their_messages_are_held_as_written() -> None:
    feed = read(BAD_DAY)
    snapshot = feed.book.snapshot
    assert snapshot.whole and len(snapshot.entries) == 8 and not feed.trouble
    written = feed.written(Place(0, 508))
    assert written[0] == "INVITE sip:carol@example.net SIP/2.0" and "m=audio 20002 RTP/AVP 0" in written
    assert feed.written(Place(0, 1275)) != written and not feed.written(Place(0, 99_999))
    assert "1,276 frames" in "".join(part.text for part in feed.meters())


def test_a_compressed_body_is_shown_inflated() -> None:
    feed = read(FACETIME)
    call = next(iter(feed.book.snapshot.entries.values()))
    report, position = feed.book.snapshot.report_of(call.number) or (None, 0)
    assert report is not None
    message = next(each for each in report.calls[position].messages if each.body and each.body.status == "complete")
    assert "v=0" in feed.written(message.place)


def test_one_call_is_saved_with_what_split_would_write(tmp_path: Path) -> None:
    feed, path = read(BAD_DAY), tmp_path / "one.pcapng"
    assert feed.suggested([2]).startswith("0002-day2-alice")
    assert "frames saved in" in feed.save([2], str(path))
    saved = offline.analyze([str(path)])
    assert [call.call_id.partition("-")[0] for call in saved.calls] == ["day2"]
    assert sorted(stream.packets for stream in saved.streams) == [230, 250]
    assert "not saved" in feed.save([3], str(path)) and "exists" in feed.save([3], str(path))
    assert offline.analyze([str(path)]).calls == saved.calls


def test_nothing_is_saved_before_all_is_read(tmp_path: Path) -> None:
    feed = browse.Reading([str(BAD_DAY)], options(str(BAD_DAY)))
    assert "still being read" in feed.save([1], str(tmp_path / "x.pcap")) and not list(tmp_path.iterdir())


def test_a_file_that_is_no_capture_is_refused_before_anything_is_drawn(tmp_path: Path) -> None:
    path = tmp_path / "note.pcap"
    path.write_text("no capture")
    with pytest.raises(CaptureError):
        browse.Reading([str(path)], options(str(path)))


@pytest.mark.parametrize("words", [["-Y", " mos<3.6 "], ["-Ymos<3.6"]])
def test_a_filter_is_shown_as_it_was_typed_also_in_one_word_with_its_option(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[View] = []
    monkeypatch.setattr(browse, "require", lambda: None)
    monkeypatch.setattr(browse, "show", lambda feed, view, clock, call: shown.append(view))
    assert browse.run(options(*words, str(BAD_DAY))) == 0
    assert shown[0].hides == ["filter mos<3.6"] and shown[0].keep == wanted("mos<3.6")


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*MUXSHARK, "browse", *words], capture_output=True, text=True, cwd=ROOT, check=False, timeout=60,
        env={**os.environ, **environment},
    )


def test_without_textual_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(browse.inputs.Refused, match=r"pip install 'muxshark\[browse\]'"):
        browse.require()


def test_without_a_terminal_it_says_what_to_use() -> None:
    pytest.importorskip("textual")
    done = run(str(BAD_DAY))
    assert done.returncode == 2 and done.stdout == "" and "needs a terminal" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(os.name == "nt", reason="only Unix has pseudo-terminals")
def test_on_a_terminal_it_shows_the_calls_and_q_quits() -> None:
    pytest.importorskip("textual")
    import select

    child, terminal = on_a_screen("browse", str(BAD_DAY))
    shown, asked = b"", False
    while True:
        ready = select.select([terminal], [], [], 60)[0]
        assert ready, shown[-2000:]
        try:
            octets = os.read(terminal, 65536)
        except OSError:
            break
        if not octets:
            break
        shown += octets
        if b"carol@" in shown and not asked:
            asked = True
            os.write(terminal, b"q")
    assert asked and os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_call_that_was_forgotten_still_has_a_name_for_its_file() -> None:
    assert browse.name_for(Snapshot(), [7]) == "0007.pcapng"
