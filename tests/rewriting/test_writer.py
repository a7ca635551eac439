"""Records that changed, in the format that was read."""

from __future__ import annotations

import io
import struct

import pytest

from dissectors.rewriting.pieces import pieces
from dissectors.rewriting.writer import Joined, changed, unbounded
from dissectors.sources.capture import Capture
from dissectors.wire.captures.records import Record
from tests import capture_octets
from tests.capture_octets import SAMPLES

NEW = b"another frame"


def rewritten(octets: bytes, comment: str = "") -> Capture:
    """The capture with every record changed."""
    written = [
        changed(piece, NEW, len(NEW) + 5, comment) if piece.record else unbounded(piece)
        for piece in pieces(Capture("made", io.BytesIO(octets)))
    ]
    return Capture("made", io.BytesIO(b"".join(written)))


@pytest.mark.parametrize("name", [name for name in SAMPLES if "pcap" in name])
def test_a_changed_record_keeps_its_time_and_interface(name: str) -> None:
    before = list(Capture("made", io.BytesIO(SAMPLES[name])).records())
    capture = rewritten(SAMPLES[name])
    after = list(capture.records())
    assert capture.notes.corrupt is None and capture.notes.cut is None and len(after) == len(before)
    for old, new in zip(before, after, strict=True):
        assert (new.time, new.link, new.octets) == (old.time, old.link, NEW)


def test_a_comment_goes_before_those_that_are_there() -> None:
    capture = rewritten(SAMPLES["pcapng"], "made longer")
    assert len(list(capture.records())) == 8
    comments = [text for _, text in capture.notes.comments]
    assert comments.count("made longer") == 6 and comments.count("look here") == 2
    first = comments.index("look here")
    assert comments[first - 1] == "made longer"


def test_a_section_no_longer_says_how_long_it_is() -> None:
    body = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, 1234)
    (piece,) = pieces(Capture("made", io.BytesIO(capture_octets.block(0x0A0D0D0A, body))))
    assert unbounded(piece) == capture_octets.section()


def test_records_of_several_captures_have_an_interface_for_each() -> None:
    written: list[bytes] = []
    joined = Joined(written.append)
    records = [Record(1, 7, 1, b"one", 3), Record(1, 8, 101, b"three", 9), Record(2, 1 << 40, 1, b"two", 3)]
    for file, record in zip((0, 1, 0), records, strict=True):
        joined.add(record, file, f"file {file}")
    capture = Capture("made", io.BytesIO(b"".join(written)))
    found = list(capture.records())
    assert [(each.time, each.link, each.octets, each.original) for each in found] == [each[1:] for each in records]
    assert capture.notes.interfaces == ["file 0", "file 1"]
