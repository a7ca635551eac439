"""`muxshark live --browse`: the session in a thread, the screen in front, and nothing that waits for a terminal."""

from __future__ import annotations

import os
import select
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from dissectors import offline
from dissectors.cli import parser
from dissectors.commands import live_browse
from dissectors.commands.inputs import Refused
from dissectors.commands.live_browse import Shared, Watching
from dissectors.commands.live_options import settle
from dissectors.commands.originals import Originals
from dissectors.live.session import Session
from dissectors.report import Place
from dissectors.sources.recent_frames import Held, RecentFrames
from dissectors.wire.captures.records import Record
from dissectors.wire.inflate import LIMITS
from tests.command_line import on_a_screen
from tests.sessions import ROOT, fed

BAD_DAY = ROOT / "pcaps" / "bad-day.pcap"
unix = pytest.mark.skipif(os.name == "nt", reason="only Unix has pseudo-terminals")


@contextmanager
def watched(octets: bytes) -> Iterator[Watching]:
    """A session over these octets that looked at all of them and is over."""
    originals, frames = Originals(LIMITS), Shared(RecentFrames(600.0, 64 << 20))
    with fed(octets) as pipe:
        session = Session(pipe, recorder=frames, taken=originals.take)
        feed = Watching(session, originals, frames, "standard input", "local")
        session.watch = feed.look
        feed.begin()
        feed.wait()
        feed.left()
        yield feed


def test_a_session_gives_its_calls_messages_and_findings_to_the_screen() -> None:
    with watched(BAD_DAY.read_bytes()) as feed:
        snapshot = feed.book.snapshot
        assert len(snapshot.entries) == 8 and feed.ended
        assert {each.id for each in snapshot.findings} >= {"stream-loss", "media-one-way"}
        assert feed.written(Place(0, 508))[0] == "INVITE sip:carol@example.net SIP/2.0"
        assert "1,276 seen" in "".join(part.text for part in feed.meters())


def test_a_call_is_saved_from_the_frames_that_are_held(tmp_path: Path) -> None:
    path = tmp_path / "call.pcapng"
    with watched(BAD_DAY.read_bytes()) as feed:
        assert feed.save([2], str(path)).endswith(f"frames saved in {path}")
        assert "exists" in feed.save([3], str(path))
    saved = offline.analyze([str(path)])
    assert [call.call_id.partition("-")[0] for call in saved.calls] == ["day2"]
    assert sorted(stream.packets for stream in saved.streams) == [230, 250]


def held(number: int) -> RecentFrames:
    """So many frames."""
    frames = RecentFrames(60.0, 1 << 20)
    frames.write([Record(at, at, 1, bytes(60), 60) for at in range(1, number + 1)])
    return frames


def asking(shared: Shared, number: int) -> tuple[ThreadPoolExecutor, list[Future[Held | None]]]:
    """So many who ask at once, and are heard."""
    threads = ThreadPoolExecutor(number)
    futures = [threads.submit(shared.held) for _ in range(number)]
    while shared._asked.qsize() < number:
        time.sleep(0.001)
    return threads, futures


def test_each_who_asks_before_one_look_gets_the_frames() -> None:
    shared = Shared(held(3))
    threads, futures = asking(shared, 4)
    shared.look(offline.analyze([str(BAD_DAY)]), 0.0)
    assert [future.result().last for future in futures if future.result()] == [3] * 4
    threads.shutdown()


def test_frames_that_come_too_late_for_one_are_not_given_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    report = offline.analyze([str(BAD_DAY)])
    shared = Shared(held(3))
    monkeypatch.setattr(live_browse, "HELD_SECONDS", 0.01)
    assert shared.held() is None
    monkeypatch.setattr(live_browse, "HELD_SECONDS", 30.0)
    shared.look(report, 0.0)
    shared.frames.write([Record(4, 4, 1, bytes(60), 60)])
    threads, (future,) = asking(shared, 1)
    shared.look(report, 0.0)
    found = future.result()
    assert found is not None and found.last == 4
    threads.shutdown()


def test_who_asks_when_a_session_ends_or_has_ended_need_not_wait() -> None:
    shared = Shared(held(3))
    threads, (future,) = asking(shared, 1)
    shared.finish(offline.analyze([str(BAD_DAY)]), 0.0)
    for found in (future.result(), shared.held()):
        assert found is not None and found.last == 3
    threads.shutdown()


def test_the_end_waits_for_a_call_that_is_being_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_browse, "STALLED_SECONDS", 0.01)
    ended: list[int] = []
    monkeypatch.setattr(live_browse.os, "_exit", ended.append)
    with fed(BAD_DAY.read_bytes()) as pipe:
        feed = Watching(Session(pipe), Originals(LIMITS), Shared(held(1)), "-", "local")
        feed._saving.acquire()
        leaving = threading.Thread(target=feed._leave)
        leaving.start()
        leaving.join(0.2)
        assert leaving.is_alive() and not ended
        feed.left()
        feed._saving.release()
        leaving.join()
        assert not ended
        feed._left.clear()
        feed._leave()
        assert ended == [141]


def test_what_goes_wrong_in_the_session_is_raised_where_it_is_waited_for() -> None:
    with fed(BAD_DAY.read_bytes()) as pipe:
        session = Session(pipe)
        feed = Watching(session, Originals(LIMITS), Shared(RecentFrames(1.0, 1 << 20)), "-", "local")

        def fail(_: object) -> None:
            raise OSError("no more")

        session.watch = fail
        feed.begin()
        with pytest.raises(OSError, match="no more"):
            feed.wait()
        feed.left()


@pytest.mark.parametrize("words", [["--log"], ["--ndjson"], ["--json"], ["-w", "-"]])
def test_the_screen_needs_the_terminal_for_itself(words: list[str]) -> None:
    options = parser("live").parse_args(["live", "--browse", *words, "-"])
    with pytest.raises(Refused, match="needs the terminal for itself"):
        settle(options)


def on_a_terminal(*words: str) -> tuple[int, int, int]:
    """`live --browse` on a terminal of its own, with a pipe to feed it: process, terminal, pipe."""
    out, into = os.pipe()
    os.set_inheritable(out, True)
    child, terminal = on_a_screen("live", "--browse", *words, "-", input=out)
    os.close(out)
    return child, terminal, into


def until_it_says(terminal: int, text: bytes) -> bytes:
    """What the terminal got, up to this."""
    shown = b""
    while text not in shown:
        assert select.select([terminal], [], [], 60)[0], shown[-2000:]
        try:
            octets = os.read(terminal, 65536)
        except OSError:
            octets = b""
        assert octets, shown[-2000:]
        shown += octets
    return shown


@unix
def test_keys_come_from_the_terminal_while_frames_come_through_a_pipe_and_q_ends_with_the_report() -> None:
    pytest.importorskip("textual")
    child, terminal, pipe = on_a_terminal()
    os.write(pipe, BAD_DAY.read_bytes()[:60_000])
    until_it_says(terminal, b"1 call")
    os.write(terminal, b"q")
    until_it_says(terminal, b"one call")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    os.close(pipe)
    os.close(terminal)


@unix
def test_a_terminal_that_takes_nothing_holds_up_neither_the_recording_nor_the_end(tmp_path: Path) -> None:
    pytest.importorskip("textual")
    kept = tmp_path / "kept.pcapng"
    child, terminal, pipe = on_a_terminal("-w", str(kept))
    octets = BAD_DAY.read_bytes()
    os.write(pipe, octets[:60_000])
    until_it_says(terminal, b"1 call")
    for at in range(60_000, len(octets), 10_000):
        os.write(pipe, octets[at : at + 10_000])
        # Each key draws the whole screen again; nobody reads.
        with suppress(OSError):
            os.write(terminal, b"zzz")
        time.sleep(0.05)
    os.kill(child, signal.SIGTERM)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) in (0, 141)
    os.close(pipe)
    os.close(terminal)
    assert offline.analyze([str(kept)]).capture.frames == 1276
