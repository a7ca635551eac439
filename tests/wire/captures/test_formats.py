"""A capture is known by how it begins, and read in any chunks, cut or damaged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.wire.captures.formats import looks_like, walker
from dissectors.wire.errors import CaptureError
from tests.capture_octets import SAMPLES, read


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


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\r", "PNG"),
        (b"PK\x03\x04", "ZIP"),
        (b"frame,file\n1,2,3", "text"),
        ("Größe …".encode()[:-1], "text"),
        ("Größe".encode("latin-1"), "no known kind"),
        ("Größe\0".encode(), "no known kind"),
        (b"", "empty"),
        (b"\0\1\2\3\xff", "00 01 02 03 ff"),
    ],
)
def test_what_is_no_capture_is_named(start: bytes, words: str) -> None:
    assert words in looks_like(start)
    with pytest.raises(CaptureError, match="not a capture"):
        walker(start)
