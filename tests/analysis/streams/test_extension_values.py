"""The elements of header extensions as they were kept."""

from __future__ import annotations

from dissectors.analysis.streams.extension_values import elements


def test_elements_end_at_padding_a_stop_or_a_cut() -> None:
    assert list(elements(bytes.fromhex("00 10 aa 51 00 07 f0 10 bb"))) == [(1, b"\xaa"), (5, b"\0\7")]
    assert list(elements(bytes.fromhex("51 00"))) == []
