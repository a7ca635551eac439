"""snoop with its padding and drops."""

from __future__ import annotations

from tests.capture_octets import SECOND, read, snoop


def test_snoop_is_read_with_its_padding_and_drops() -> None:
    records, notes = read(snoop([b"abcde", b"f"]))
    assert [(record.time, record.link, record.octets) for record in records] == [
        (1000 * SECOND + 7000, 1, b"abcde"),
        (1001 * SECOND + 7000, 1, b"f"),
    ]
    assert notes.drops == 3
