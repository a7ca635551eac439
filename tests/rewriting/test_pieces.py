"""Every format in pieces: they add up to the file, and hold the records that the reader sees."""

from __future__ import annotations

import io

import pytest

from dissectors.rewriting.pieces import FILE_START, can_be_copied, pieces
from dissectors.sources.capture import Capture
from dissectors.wire.captures.pcapng import MAX_READ_OCTETS
from tests import capture_octets
from tests.capture_octets import SAMPLES


class Trickle(io.BytesIO):
    """A file that gives a few octets at a time."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(7, size or 7) if self.tell() else 4096)


def opened(octets: bytes, file: type[io.BytesIO] = io.BytesIO) -> Capture:
    return Capture("made", file(octets))


@pytest.mark.parametrize("file", [io.BytesIO, Trickle])
@pytest.mark.parametrize("name", SAMPLES)
def test_the_pieces_of_a_capture_are_all_of_it(name: str, file: type[io.BytesIO]) -> None:
    octets = SAMPLES[name]
    capture = opened(octets, file)
    found = list(pieces(capture))
    assert [piece.record for piece in found if piece.record] == list(opened(octets).records())
    assert (b"".join(piece.octets for piece in found) == octets) is can_be_copied(capture)


def test_a_piece_is_one_record_with_its_header() -> None:
    header, first, *_ = pieces(opened(SAMPLES["pcap big-endian"]))
    assert (header.kind, len(header.octets), header.order) == (FILE_START, 24, ">")
    assert first.octets.endswith(b"one") and len(first.octets) == 16 + 3


def test_a_long_block_comes_in_parts() -> None:
    long = capture_octets.block(11, bytes(MAX_READ_OCTETS + 8))
    octets = capture_octets.section() + capture_octets.interface() + long + capture_octets.enhanced(b"behind")
    found = list(pieces(opened(octets)))
    assert b"".join(piece.octets for piece in found) == octets and None in [piece.kind for piece in found]
    assert [piece.record.octets for piece in found if piece.record] == [b"behind"]


@pytest.mark.parametrize("name", ["pcap", "pcapng"])
def test_what_is_behind_damage_is_no_piece(name: str) -> None:
    whole = capture_octets.pcap([b"one"]) if name == "pcap" else SAMPLES["pcapng"]
    for tail in (bytes(40), whole[-9:-1]):
        assert b"".join(piece.octets for piece in pieces(opened(whole + tail))) == whole
