"""pcapng: sections, interfaces, clocks, options and blocks that nobody knows."""

from __future__ import annotations

import struct

import pytest

from dissectors.wire.captures.formats import walker
from dissectors.wire.captures.pcapng import PcapngWalker, resolution
from dissectors.wire.captures.records import MAX_NOTES, Record
from tests.capture_octets import DATA, SECOND, block, enhanced, interface, option, pcapng, read, section


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


def test_statistics_names_and_comments_of_a_big_endian_pcapng_become_notes() -> None:
    records, notes = read((DATA / "gopacket__pcapgo_tests_be_test014.pcapng").read_bytes())
    assert records == []
    assert notes.interfaces == ["eth0", "null1", "silly ethernet interface 2"]
    assert (0, "test014 ISB") in notes.comments
    assert notes.drops == 30


def test_keys_of_tls_are_handed_on_at_their_place() -> None:
    secrets = b"KSLT" + (5).to_bytes(4, "little") + b"lines\0\0\0"
    others = b"KHSS" + (5).to_bytes(4, "little") + b"other\0\0\0"
    short = b"KSLT" + (500).to_bytes(4, "little") + b"lines\0\0\0"
    octets = section() + interface() + enhanced(b"one") + block(10, secrets) + enhanced(b"two")
    walker, taken = PcapngWalker(), []
    walker.notes.secrets = lambda found: taken.append((found, walker.notes.packets))
    assert len(list(walker.feed(octets + block(10, others) + block(10, short)))) == 2
    assert taken == [(b"lines", 1)]
