"""A length that cannot be true ends the reading in every format."""

from __future__ import annotations

import struct

from dissectors.wire.captures.formats import walker
from dissectors.wire.captures.records import MAX_RECORD_OCTETS
from tests.capture_octets import block, enhanced, interface, pcap, pcapng, read, section, snoop


def test_a_length_that_cannot_be_true_stops_the_reading_there() -> None:
    good = pcap([b"abc", b"def"])
    records, notes = read(good + struct.pack("<IIII", 0, 0, MAX_RECORD_OCTETS + 1, 5) + b"rest" * 9)
    assert len(records) == 2
    assert notes.corrupt == (len(good), f"a record claims {MAX_RECORD_OCTETS + 1} bytes")
    for total in (0, 4, 8, 0x7FFFFFFC):
        records, notes = read(pcapng() + struct.pack("<II", 6, total) + b"\0" * 64)
        assert len(records) == 4
        assert notes.corrupt == (len(pcapng()), f"a block claims {total} bytes")
    _, notes = read(section() + block(9, b"abcd")[:-4] + b"\1\0\0\0")
    assert notes.corrupt == (len(section()), "a block's two lengths differ")
    start = section() + interface()
    records, notes = read(start + enhanced(b"abcd")[:-4] + struct.pack("<I", 40))
    assert (records, notes.corrupt) == ([], (len(start), "a block's two lengths differ"))
    _, notes = read(snoop([b"abc"]) + struct.pack("!6I", 9, 9, 0, 0, 0, 0))
    assert notes.corrupt is not None


def test_nothing_is_read_behind_a_corrupt_length() -> None:
    reading = walker(b"\xd4\xc3\xb2\xa1")
    assert list(reading.feed(pcap([]) + struct.pack("<IIII", 0, 0, 1 << 30, 5))) == []
    assert list(reading.feed(pcap([b"abc"])[24:])) == []
    assert reading.finish() is False
