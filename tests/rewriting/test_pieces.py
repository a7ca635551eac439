"""Every format in pieces: they add up to the file, and hold the records that the reader sees."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from dissectors.offline import scanner_class
from dissectors.rewriting.pieces import FILE_START, Piece, can_be_copied, pieces, sieve_for
from dissectors.sources.capture import Capture
from dissectors.wire.captures.pcapng import MAX_READ_OCTETS
from tests import capture_octets, captures, tcp_frames
from tests.capture_octets import SAMPLES
from tests.ip_frames import ethernet, ipv4, udp
from tests.mux.test_framings import OPTIONS
from tests.stories import GOOD

COMPILED = scanner_class().build == "compiled"


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


def walked(octets: bytes, protocols: tuple[str, ...], file: type[io.BytesIO] = io.BytesIO) -> tuple[bytes, list[Piece]]:
    """All octets in their order, and the pieces that no walk took."""
    joined: list[bytes] = []
    left = []
    for piece in pieces(opened(octets, file), sieve_for(protocols), lambda each: joined.append(bytes(each))):
        joined.append(piece.octets)
        left.append(piece)
    return b"".join(joined), left


@pytest.mark.parametrize("file", [io.BytesIO, Trickle])
@pytest.mark.parametrize("name", SAMPLES)
def test_what_a_walk_takes_and_what_it_leaves_are_all_of_the_capture(name: str, file: type[io.BytesIO]) -> None:
    octets = SAMPLES[name]
    found, _ = walked(octets, ("SIP",), file)
    assert (found == octets) is can_be_copied(opened(octets))


@pytest.mark.skipif(not COMPILED, reason="nothing is compiled")
@pytest.mark.parametrize("write", [captures.story, captures.pcapng])
def test_a_walk_leaves_what_is_asked_for_and_keeps_the_numbers_of_frames(tmp_path: Path, write: type) -> None:
    path = Path(write(tmp_path / "in", GOOD))
    found, left = walked(path.read_bytes(), ("SIP",))
    records = [piece.record for piece in left if piece.record is not None]
    assert found == path.read_bytes()
    # A record across two chunks is left, too.
    asked = [each for each in captures.records(path) if b"SIP/2.0" in each.octets]
    assert set(asked) <= set(records) <= set(captures.records(path)) and len(asked) <= len(records) < len(GOOD) // 20


@pytest.mark.parametrize("file", [io.BytesIO, Trickle])
def test_nothing_is_lost_where_a_walk_takes_records_and_leaves_others_in_turns(file: type[io.BytesIO]) -> None:
    plain, asked = ethernet(ipv4(udp(b"8" * 40))), ethernet(ipv4(udp(OPTIONS)))
    octets = capture_octets.pcap([plain, asked, plain, plain, asked, plain, asked, plain])
    found, left = walked(octets, ("SIP",), file)
    assert found == octets and len([piece for piece in left if piece.record]) in (3, 8)


@pytest.mark.skipif(not COMPILED, reason="nothing is compiled")
def test_a_walk_leaves_what_is_unusual_and_segments_that_are_asked_for(tmp_path: Path) -> None:
    server = bytes((10, 0, 0, 2)), 80
    others, ours = (tcp_frames.segment((bytes((10, 0, 0, 1)), port), server, 1, b"octets") for port in (1000, 2000))
    plain, wanted = tcp_frames.frame(others), tcp_frames.frame(ours)
    fragment = ethernet(ipv4(udp(b"x" * 40), fragment=0x2000))
    path = Path(captures.pcap(tmp_path / "in", [(0, plain), (1, wanted), (2, fragment), (3, b"no packet"), (4, plain)]))
    for ends in (ours[:4], (*ours[2:4], *ours[:2])):
        left = list(pieces(opened(path.read_bytes()), sieve_for((), [ends])))
        assert [piece.record.octets for piece in left if piece.record] == [wanted, fragment, b"no packet"]
    left = list(pieces(opened(path.read_bytes()), sieve_for(())))
    assert len([piece for piece in left if piece.record]) == 5


@pytest.mark.parametrize("name", ["pcap", "pcapng"])
def test_a_walk_ends_where_a_capture_is_damaged(name: str) -> None:
    whole = capture_octets.pcap([ethernet(ipv4(udp()))] * 2) if name == "pcap" else SAMPLES["pcapng"]
    for tail in (bytes(40), whole[-9:-1]):
        assert walked(whole + tail, ())[0] == whole
