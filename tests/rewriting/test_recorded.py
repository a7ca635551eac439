"""Calls cut out of frames that are still held: each frame once, over any number of cuts, and of this call alone."""

from __future__ import annotations

import os
from pathlib import Path

from dissectors import offline
from dissectors.queries.owned import Owned, owned
from dissectors.rewriting.recorded import Cut, Recording, united
from dissectors.sources.recent_frames import RecentFrames
from dissectors.wire.captures.records import Record
from tests import captures
from tests.sessions import ROOT

DAY = str(ROOT / "pcaps" / "bad-day.pcap")


def of_calls() -> list[Owned]:
    """What is of each call of the day."""
    report = offline.analyze([DAY])
    return [owned(report, [number]) for number in range(len(report.calls))]


def cut(ring: RecentFrames, recording: Recording, mine: Owned, *others: Owned) -> None:
    one = Cut(ring.held(), [recording], [mine, *others], None)
    one.gentle = False
    one.write()


def plain(records: list[Record]) -> list[tuple[int, bytes]]:
    return [(record.time, record.octets) for record in records]


def test_a_call_that_is_cut_many_times_has_each_frame_once(tmp_path: Path) -> None:
    ring, path = RecentFrames(600, 1 << 26), tmp_path / "call.pcapng"
    recording, whole = Recording(str(path), "eth0"), of_calls()
    records = captures.records(DAY)
    for at in range(0, len(records), 150):
        ring.write(records[at : at + 150])
        cut(ring, recording, whole[1], whole[0], *whole[2:])
        assert not path.exists()
    recording.finish()
    assert recording.whole and recording.frames == 487
    first, last = whole[1].first, whole[1].last
    assert plain(captures.records(path)) == [one for one in plain(records) if first - 1 <= one[0] <= last + 1]
    assert os.listdir(tmp_path) == ["call.pcapng"]


def test_a_call_whose_first_frames_are_gone_is_not_whole(tmp_path: Path) -> None:
    whole, records = of_calls(), captures.records(DAY)
    inside = next(n for n, record in enumerate(records) if record.time > whole[1].first + 2_000_000_000)
    ring = RecentFrames(8, 1 << 26)
    ring.write(records[:inside])
    recording = Recording(str(tmp_path / "call.pcapng"))
    cut(ring, recording, whole[1])
    assert recording.whole and recording.frames
    later = RecentFrames(2, 1 << 26)
    later.write(records[: inside + 300])
    late = Recording(str(tmp_path / "late.pcapng"))
    cut(later, late, whole[1])
    late.finish()
    assert not late.whole and 0 < late.frames < 487
    recording.discard()
    assert os.listdir(tmp_path) == ["late.pcapng"]


def test_media_of_an_earlier_call_on_the_same_ports_stay_out(tmp_path: Path) -> None:
    records, mine = captures.records(DAY), of_calls()[1]
    before = 60_000_000_000
    used = [
        record._replace(time=record.time - before) for record in records if mine.first <= record.time <= mine.last
    ]
    renamed = [
        record._replace(octets=record.octets[:50] + b"\x12\x34\x56\x78" + record.octets[54:]) for record in used
    ]
    # All in one chunk: those that are far are not even looked at.
    ring = RecentFrames(60_000, 1 << 26)
    ring.write(renamed + records)
    shifted = {(file, frame + len(renamed)) for file, frame in mine.places}
    recording = Recording(str(tmp_path / "call.pcapng"))
    later = Owned(set(), mine.sources, mine.ends, mine.pairs, mine.first, mine.last)
    cut(ring, recording, united(Owned(shifted), later))
    recording.discard()
    assert recording.frames == 487


def test_a_file_that_is_there_is_no_reason_to_end_and_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "call.pcapng"
    path.write_text("precious")
    ring, recording = RecentFrames(600, 1 << 26), Recording(str(path))
    ring.write(captures.records(DAY))
    cut(ring, recording, of_calls()[1])
    recording.finish()
    assert "call.pcapng" in recording.problem and path.read_text() == "precious"
