"""pcap in both byte orders, with all its units and its odd relatives."""

from __future__ import annotations

import pytest

from dissectors.wire.captures.records import Record
from tests.capture_octets import DATA, SECOND, pcap, read


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


def test_the_modified_pcap_format_of_old_linux_is_read() -> None:
    records, notes = read((DATA / "pcap-parser__assets_modified-format.pcap").read_bytes())
    assert [(record.time, len(record.octets)) for record in records] == [(1712763541734807000, 98)]
    assert notes.format == "pcap, little-endian, modified"


def test_times_beyond_2038_are_read_unsigned() -> None:
    records, _ = read((DATA / "tcpdump__time_2106_max.pcap").read_bytes())
    assert records[0].time // SECOND == 0xFFFFFFFF
