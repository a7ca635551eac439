"""ERF with its clock, drops, extension headers and padding."""

from __future__ import annotations

import pytest

from dissectors.wire.captures.erf import LINKTYPE, ErfWalker
from dissectors.wire.captures.formats import enough, walker
from dissectors.wire.errors import CaptureError
from tests.capture_octets import SECOND, erf, read


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
