"""The flight recorder: a file for each call that a filter names, whole, bounded, and with the same findings inside."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from dissectors import offline
from dissectors.commands.live_recorder import FlightRecorder
from dissectors.engine.engine import Engine
from dissectors.live.events import Event, RecordedEvent
from dissectors.mux.scan import Scanner
from dissectors.queries.filters import wanted
from dissectors.report import Report
from dissectors.sources.recent_frames import RecentFrames
from dissectors.wire.captures.records import Record
from dissectors.wire.inflate import LIMITS
from tests import captures
from tests.sessions import ROOT, run

DAY = ROOT / "pcaps" / "bad-day.pcap"


def recorded(*words: str, octets: bytes | None = None) -> tuple[list[dict[str, Any]], str]:
    """The events of a session about recordings, and what it says to people."""
    done = run("-", "--ndjson", *words, octets=DAY.read_bytes() if octets is None else octets)
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    return [event for event in events if event["event"] == "recorded"], done.stderr.decode()


def report_of(records: list[Record]) -> Report:
    scanner, engine = Scanner(), Engine(LIMITS)
    for batch in scanner.scan([(0, record) for record in records]):
        engine.feed(batch)
    engine.feed(scanner.finish(engine.announced()))
    return engine.report(scanner, ())


def test_each_named_call_is_in_a_file_of_its_own_with_the_finding_that_named_it(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "calls"
    events, _ = recorded("--record-on", "severity>=warning", "--record-dir", str(folder))
    whole = offline.analyze([str(DAY)])
    bad = {whole.calls[f.call].call_id for f in whole.findings if f.call is not None and f.severity != "note"}
    assert {event["call_id"] for event in events} == bad != set()
    assert {os.path.basename(event["file"]) for event in events} == set(os.listdir(folder))
    for event in events:
        alone = offline.analyze([event["file"]])
        assert event["whole"] and event["frames"] == alone.capture.frames
        assert [call.call_id for call in alone.calls] == [event["call_id"]]
        assert set(event["findings"]) <= {finding.id for finding in alone.findings}


def test_a_filter_names_calls_by_anything_else_too(tmp_path: Path) -> None:
    words = ("--record-on", "callid~day5 or outcome==cancelled", "--record-dir", str(tmp_path))
    events, _ = recorded(*words, "-Y", "loss>99")
    assert [event["number"] for event in events] == [5, 8]


def test_no_more_files_are_written_than_allowed_and_that_is_said(tmp_path: Path) -> None:
    events, said = recorded("--record-on", "call>0", "--record-dir", str(tmp_path), "--record-files", "3")
    assert len(events) == len(os.listdir(tmp_path)) == 3
    assert "no more calls are recorded: 3 files written, which --record-files allows" in said


def test_what_cannot_be_written_is_said_and_the_session_goes_on(tmp_path: Path) -> None:
    before, _ = recorded("--record-on", "call==5", "--record-dir", str(tmp_path))
    events, said = recorded("--record-on", "call==5 or call==6", "--record-dir", str(tmp_path))
    assert [event["number"] for event in events] == [6]
    assert f"{before[0]['file']}: " in said and "that call is not recorded" in said


@pytest.mark.parametrize(("words", "said"), [
    (("--record-dir", "x"), "--record-dir needs the name of a folder and --record-on FILTER"),
    (("--record-on", "call==1", "--record-dir", ""), "--record-dir needs the name of a folder and --record-on FILTER"),
    (("--record-on", "call==1", "--record-dir", "README.md/x"), "--record-dir README.md/x: not a directory"),
])
def test_what_cannot_be_recorded_is_refused_in_one_line(words: tuple[str, ...], said: str) -> None:
    done = run("-", *words, octets=DAY.read_bytes())
    assert (done.returncode, done.stdout, done.stderr.decode()) == (2, b"", f"muxshark: {said}\n")


def flight(folder: Path, text: str, seconds: float, steps: int) -> list[RecordedEvent]:
    """What is recorded of the second call of the day, longer than the ring, looked at in so many steps."""
    whole = offline.analyze([str(DAY)])
    call = next(call for call in whole.calls if call.number == 2)
    begin, end = call.start - 0.01, call.messages[-1].time + 0.01
    records = [one for one in captures.records(DAY) if begin <= one.time / 1e9 <= end]
    records = [record._replace(frame=number) for number, record in enumerate(records, 1)]
    recorder = FlightRecorder(wanted(text), str(folder), RecentFrames(seconds, 1 << 26), files=10)
    events: list[Event] = []
    for at in range(0, len(records), steps):
        recorder.frames.write(records[at : at + steps])
        report = report_of(records[: at + steps])
        events += recorder.look(report, report.capture.last or 0.0)
        recorder._wait()
    events += recorder.finish(report_of(records), end)
    recorder.close()
    assert all(isinstance(event, RecordedEvent) for event in events)
    return [event for event in events if isinstance(event, RecordedEvent)]


def test_a_call_longer_than_the_ring_is_whole_where_it_is_named_in_time(tmp_path: Path) -> None:
    (event,) = flight(tmp_path, "call==1", 4, 20)
    assert event.whole and event.frames == 487
    times = [record.time for record in captures.records(event.file)]
    assert times == sorted(times) and len(times) == 487
    assert os.listdir(tmp_path) == [os.path.basename(event.file)]


def test_a_call_that_is_named_only_at_its_end_is_what_is_held_and_says_so(tmp_path: Path) -> None:
    (event,) = flight(tmp_path, "outcome==ended", 4, 20)
    assert not event.whole and 0 < event.frames < 487


def test_a_call_that_is_over_is_written_while_the_session_goes_on(tmp_path: Path) -> None:
    records = captures.records(DAY)
    recorder = FlightRecorder(wanted("outcome==failed"), str(tmp_path), RecentFrames(600, 1 << 26), files=10)
    recorder.frames.write(records)
    report = report_of(records)
    now = (report.capture.last or 0.0) + 5
    assert list(recorder.look(report, now)) == []
    recorder._wait()
    events = recorder.look(report, now + 1)
    assert {event.call_id[:4] for event in events if isinstance(event, RecordedEvent)} >= {"day4", "day5"}
    recorder._wait()
    assert list(recorder.look(report, now + 2)) == [] == list(recorder.finish(report, now + 3))
    recorder.close()
