"""Capture formats: octets in, records out, however they are cut."""
from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.wire.captures.erf import LINKTYPE, ErfWalker
from dissectors.wire.captures.formats import enough, looks_like, walker
from dissectors.wire.captures.pcapng import resolution
from dissectors.wire.captures.records import MAX_NOTES, MAX_RECORD_OCTETS, Notes, Record
from dissectors.wire.errors import CaptureError

DATA = Path(__file__).resolve().parents[2] / "data" / "captures"
SECOND = 1_000_000_000
ERF_FRACTION = b"\0\0\0\x80"


def pcap(frames: list[bytes], order: str = "<", magic: int = 0xA1B2C3D4, link: int = 1, fraction: int = 7) -> bytes:
    out = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link)
    extra = b"\0" * 8 if magic == 0xA1B2CD34 else b""
    for number, frame in enumerate(frames):
        out += struct.pack(order + "IIII", 1000 + number, fraction, len(frame), len(frame) + 1) + extra + frame
    return out


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += b"\0" * (-len(body) % 4)
    size = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + size + body + size


def option(code: int, value: bytes, order: str = "<") -> bytes:
    return struct.pack(order + "HH", code, len(value)) + value + b"\0" * (-len(value) % 4)


def section(order: str = "<", options: bytes = b"") -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1) + options, order)


def interface(link: int = 1, options: bytes = b"", order: str = "<", snaplen: int = 0) -> bytes:
    return block(1, struct.pack(order + "HHI", link, 0, snaplen) + options, order)


def enhanced(frame: bytes, ticks: int = 0, number: int = 0, options: bytes = b"", order: str = "<") -> bytes:
    head = struct.pack(order + "5I", number, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame))
    return block(6, head + frame + b"\0" * (-len(frame) % 4) + options, order)


def snoop(frames: list[bytes]) -> bytes:
    out = b"snoop\0\0\0" + struct.pack("!II", 2, 4)
    for number, frame in enumerate(frames):
        padded = frame + b"\0" * (-len(frame) % 4)
        out += struct.pack("!6I", len(frame), len(frame), 24 + len(padded), 3, 1000 + number, 7) + padded
    return out


def erf(frames: list[bytes], kind: int = 2, extensions: int = 0) -> bytes:
    out = b""
    for number, frame in enumerate(frames):
        heads = bytes((kind | 0x80 * bool(extensions), 4))
        more = b"".join(bytes((0x80 * (left > 0) | 3,)) + bytes(7) for left in reversed(range(extensions)))
        before = {2: 2, 5: 4, 4: 4}.get(kind, 0)
        body = more + bytes(before) + frame
        body += bytes(-len(body) % 8)
        time = (1000 + number << 32) + (1 << 31)
        out += struct.pack("<Q", time) + heads + struct.pack("!HHH", 16 + len(body), 1, len(frame) + 4) + body
    return out


def pcapng(order: str = "<") -> bytes:
    return (
        section(order)
        + interface(1, option(2, b"eth0", order), order)
        + interface(101, option(9, b"\x09", order) + option(14, struct.pack(order + "q", 5), order), order)
        + enhanced(b"first", 1_000_000, 0, b"", order)
        + block(10, b"a key nobody asked for", order)
        + enhanced(b"second", 7, 1, option(1, b"look here", order) + b"\0\0\0\0", order)
        + block(3, struct.pack(order + "I", 5) + b"third", order)
        + block(2, struct.pack(order + "HHIIII", 0, 0, 0, 2_000_000, 4, 9) + b"four", order)
        + block(5, struct.pack(order + "III", 0, 0, 0) + option(5, struct.pack(order + "Q", 42), order), order)
    )


SAMPLES = {
    "pcap": pcap([b"one", b"", b"three" * 50]),
    "pcap big-endian": pcap([b"one", b"", b"three" * 50], ">"),
    "pcap nanoseconds": pcap([b"one", b"", b"three" * 50], "<", 0xA1B23C4D),
    "pcap modified": pcap([b"one", b"", b"three" * 50], "<", 0xA1B2CD34),
    "pcapng": pcapng() + pcapng(">"),
    "snoop": snoop([b"one", b"", b"three" * 50]),
    "erf": erf([b"one", b"", b"three" * 50]),
}


def read(octets: bytes, sizes: list[int] | None = None) -> tuple[list[Record], Notes]:
    """All records of a capture that is fed whole, or in chunks of these sizes over and over."""
    reading = ErfWalker() if octets.startswith(ERF_FRACTION) else walker(octets[: enough(octets)])
    records: list[Record] = []
    at, turn = 0, 0
    while at < len(octets):
        size = sizes[turn % len(sizes)] if sizes else len(octets)
        records += reading.feed(octets[at : at + size])
        at, turn = at + size, turn + 1
    reading.finish()
    return records, reading.notes


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(("magic", "time"), [(0xA1B2C3D4, 7000), (0xA1B23C4D, 7), (0xA1B2CD34, 7000)])
def test_pcap_is_read_in_both_byte_orders_and_all_units(order: str, magic: int, time: int) -> None:
    records, notes = read(pcap([b"abc", b"defg"], order, magic, 113))
    assert records == [
        Record(1, 1000 * SECOND + time, 113, b"abc", 4),
        Record(2, 1001 * SECOND + time, 113, b"defg", 5),
    ]
    assert (notes.packets, notes.links, notes.cut, notes.corrupt) == (2, {113: 2}, None, None)
    assert ("little" if order == "<" else "big") in notes.format


@pytest.mark.parametrize("order", "<>")
def test_pcapng_interfaces_have_their_own_link_type_clock_and_offset(order: str) -> None:
    records, notes = read(pcapng(order))
    assert records == [
        Record(1, SECOND, 1, b"first", 5),
        Record(2, 5 * SECOND + 7, 101, b"second", 6),
        Record(3, 5 * SECOND + 7, 1, b"third", 5),
        Record(4, 2 * SECOND, 1, b"four", 9),
    ]
    assert notes.comments == [(2, "look here")]
    assert notes.interfaces == ["eth0", ""]
    assert (notes.drops, notes.links, notes.corrupt, notes.cut) == (42, {1: 3, 101: 1}, None, None)


def test_a_new_section_forgets_the_interfaces_and_may_change_the_byte_order() -> None:
    records, notes = read(pcapng("<") + pcapng(">"))
    assert [record.frame for record in records] == list(range(1, 9))
    assert records[0].octets == records[4].octets
    assert notes.format == "pcapng, both byte orders"
    assert notes.drops == 84
    _, notes = read(pcapng() + section() + enhanced(b"orphan"))
    assert notes.corrupt is not None and "never described" in notes.corrupt[1]


def test_timestamp_resolution_is_a_power_of_ten_or_of_two() -> None:
    assert resolution(6) == (1000, 1)
    assert resolution(9) == (1, 1)
    assert resolution(12) == (1, 1000)
    times, over = resolution(0x80 | 10)
    assert 1024 * times // over == SECOND
    records, _ = read(section() + interface(1, option(9, b"\x8a")) + enhanced(b"x", 1536))
    assert records[0].time == SECOND + SECOND // 2


def test_an_interfaces_offset_counts_in_seconds() -> None:
    records, _ = read(section() + interface(1, option(14, struct.pack("<q", -2))) + enhanced(b"x", 5_000_000))
    assert records[0].time == 3 * SECOND


def test_a_block_length_that_forgot_its_padding_is_rounded_up() -> None:
    forgetful = struct.pack("<II", 9, 14) + b"ab\0\0" + struct.pack("<I", 14)
    records, notes = read(section() + interface() + forgetful + enhanced(b"after"))
    assert [record.octets for record in records] == [b"after"]
    assert notes.corrupt is None


def test_comments_and_interface_names_are_bounded() -> None:
    comments = b"".join(option(1, b"again") for _ in range(MAX_NOTES + 5))
    _, notes = read(section("<", comments) + interface(1, option(2, b"e")) * (MAX_NOTES + 3))
    assert (len(notes.comments), notes.comments_more) == (MAX_NOTES, 5)
    assert (len(notes.interfaces), notes.interfaces_more) == (MAX_NOTES, 3)


def test_snoop_is_read_with_its_padding_and_drops() -> None:
    records, notes = read(snoop([b"abcde", b"f"]))
    assert [(record.time, record.link, record.octets) for record in records] == [
        (1000 * SECOND + 7000, 1, b"abcde"),
        (1001 * SECOND + 7000, 1, b"f"),
    ]
    assert notes.drops == 3


@pytest.mark.parametrize("extensions", [0, 2])
def test_erf_is_read_with_its_clock_drops_and_extension_headers(extensions: int) -> None:
    frame = bytes(12) + b"\x08\0" + b"payload"
    octets = erf([frame, frame], extensions=extensions)
    records, notes = read(octets)
    assert [(record.time, record.link) for record in records] == [
        (1000 * SECOND + SECOND // 2, LINKTYPE),
        (1001 * SECOND + SECOND // 2, LINKTYPE),
    ]
    assert (notes.drops, notes.packets, notes.format) == (2, 2, "ERF")
    assert isinstance(walker(octets[: enough(octets)]), ErfWalker)


def test_erf_is_believed_only_when_a_second_record_follows_where_the_first_one_ends() -> None:
    good = erf([b"one", b"two"])
    assert isinstance(walker(good[: len(good) // 2]), ErfWalker)
    for bad in (good[:-1][: 16 + 8 + 15], good[:24] + b"\0" * 8 + b"\x7f" + good[33:], good[:16]):
        with pytest.raises(CaptureError):
            walker(bad)


def test_padding_records_of_erf_are_no_frames() -> None:
    records, notes = read(erf([b"one"]) + erf([b""], kind=48) + erf([b"two"]))
    assert [record.frame for record in records] == [1, 2]
    assert notes.packets == 2


@pytest.mark.parametrize("name", SAMPLES)
@given(sizes=st.lists(st.integers(1, 70), min_size=1, max_size=8))
def test_any_chunking_gives_the_same_records(name: str, sizes: list[int]) -> None:
    assert read(SAMPLES[name], sizes) == read(SAMPLES[name])


@pytest.mark.parametrize("name", SAMPLES)
def test_every_cut_gives_the_records_that_were_whole_and_says_where(name: str) -> None:
    octets = SAMPLES[name]
    whole, _ = read(octets)
    ends = set()
    for cut in range(16, len(octets)):
        records, notes = read(octets[:cut])
        assert records == whole[: len(records)]
        assert notes.corrupt is None
        assert notes.cut is None or notes.cut < cut
        if notes.cut is None:
            ends.add(cut)
    assert len(ends) >= len(whole) - 1


@pytest.mark.parametrize("name", SAMPLES)
@given(data=st.data())
def test_damage_ends_in_records_and_never_in_an_exception(name: str, data: st.DataObject) -> None:
    octets = bytearray(SAMPLES[name])
    for at in data.draw(st.lists(st.integers(4, len(octets) - 1), max_size=6)):
        octets[at] = data.draw(st.integers(0, 255))
    records, _ = read(bytes(octets) if name != "snoop" else b"snoop\0\0\0" + bytes(octets[8:]))
    assert sum(len(record.octets) for record in records) <= len(octets)


@given(st.sampled_from(sorted(SAMPLES)), st.binary(max_size=300), st.lists(st.integers(1, 40), min_size=1, max_size=4))
def test_any_octets_behind_a_magic_are_the_same_in_any_chunking(name: str, octets: bytes, sizes: list[int]) -> None:
    octets = SAMPLES[name][:40] + octets
    whole, in_pieces = read(octets), read(octets, sizes)
    assert in_pieces[0] == whole[0]
    assert in_pieces[1].corrupt == whole[1].corrupt


def test_a_length_that_cannot_be_true_stops_the_reading_there() -> None:
    good = pcap([b"abc", b"def"])
    records, notes = read(good + struct.pack("<IIII", 0, 0, MAX_RECORD_OCTETS + 1, 5) + b"rest" * 9)
    assert len(records) == 2
    assert notes.corrupt == (len(good), f"a record claims {MAX_RECORD_OCTETS + 1} octets")
    for total in (0, 4, 8, 0x7FFFFFFC):
        records, notes = read(pcapng() + struct.pack("<II", 6, total) + b"\0" * 64)
        assert len(records) == 4
        assert notes.corrupt == (len(pcapng()), f"a block claims {total} octets")
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


def test_a_huge_unknown_block_is_stepped_over_without_being_held() -> None:
    size = 64 << 20
    reading = walker(b"\x0a\x0d\x0d\x0a")
    assert list(reading.feed(section() + interface() + struct.pack("<II", 0x99, size))) == []
    chunk = b"\0" * (1 << 20)
    for _ in range((size - 8) // len(chunk)):
        assert list(reading.feed(chunk)) == []
    rest = (size - 8) % len(chunk)
    assert [record.octets for record in reading.feed(chunk[:rest] + enhanced(b"after"))] == [b"after"]
    assert reading.finish() is False


def test_the_modified_pcap_format_of_old_linux_is_read() -> None:
    records, notes = read((DATA / "pcap-parser__assets_modified-format.pcap").read_bytes())
    assert [(record.time, len(record.octets)) for record in records] == [(1712763541734807000, 98)]
    assert notes.format == "pcap, little-endian, modified"


def test_times_beyond_2038_are_read_unsigned() -> None:
    records, _ = read((DATA / "tcpdump__time_2106_max.pcap").read_bytes())
    assert records[0].time // SECOND == 0xFFFFFFFF


def test_statistics_names_and_comments_of_a_big_endian_pcapng_become_notes() -> None:
    records, notes = read((DATA / "gopacket__pcapgo_tests_be_test014.pcapng").read_bytes())
    assert records == []
    assert notes.interfaces == ["eth0", "null1", "silly ethernet interface 2"]
    assert (0, "test014 ISB") in notes.comments
    assert notes.drops == 30


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\r", "PNG"),
        (b"PK\x03\x04", "ZIP"),
        (b"frame,file\n1,2,3", "text"),
        (b"", "empty"),
        (b"\0\1\2\3\xff", "00 01 02 03 ff"),
    ],
)
def test_what_is_no_capture_is_named(start: bytes, words: str) -> None:
    assert words in looks_like(start)
    with pytest.raises(CaptureError, match="not a capture"):
        walker(start)
