"""WebSocket: frames with and without masks, fragments, compressed messages, and what is hostile."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.wire.errors import Malformed
from dissectors.wire.spec import Beyond, Incomplete
from dissectors.wire.websocket import MAX_MESSAGE_OCTETS, Frame, Reader, fills, frame, unmasked, upgrade

REQUEST = b"GET /ws HTTP/1.1\r\nHost: a\r\nupgrade: WebSocket\r\nSec-WebSocket-Protocol: sip\r\n\r\n"
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
HELLO = bytes.fromhex("810548656c6c6f")
MASKED_HELLO = bytes.fromhex("818537fa213d7f9f4d5158")
"""The examples of RFC 6455 section 5.7."""


def framed(payload: bytes, first: int = 0x81, key: bytes = b"") -> bytes:
    """One frame, masked where there is a key."""
    size = len(payload)
    wide = struct.pack("!BH", 126, size) if 125 < size < 65_536 else struct.pack("!BQ", 127, size)
    length = bytearray(bytes((size,)) if size < 126 else wide)
    length[0] |= 0x80 if key else 0
    return bytes((first,)) + length + key + (unmasked(payload, key) if key else payload)


def squeezed(packer: object, text: bytes) -> bytes:
    return (packer.compress(text) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]  # type: ignore[attr-defined]  # zlib names no class


def messages(octets: bytes, reader: Reader | None = None) -> list[bytes]:
    """The messages of frames, behind an upgrade."""
    reader = reader or Reader()
    reader.upgraded = True
    found = []
    while octets:
        taken = reader.take(octets)
        assert not isinstance(taken, Incomplete)
        octets = octets[taken[0] :]
        found.append(taken[1])
    return found


def test_frames_are_read_with_and_without_a_mask() -> None:
    assert frame(HELLO) == Frame(7, 0x81, b"Hello") and frame(MASKED_HELLO) == Frame(11, 0x81, b"Hello")
    for size in (0, 125, 126, 65_535, 65_536):
        for key in (b"", b"\1\2\3\4"):
            octets = framed(bytes(size), key=key)
            assert frame(octets) == Frame(len(octets), 0x81, bytes(size))


@pytest.mark.parametrize("octets", [MASKED_HELLO, framed(bytes(300)), framed(bytes(70_000), key=b"abcd")])
def test_a_part_of_a_frame_asks_for_more(octets: bytes) -> None:
    for size in (*range(min(len(octets), 20)), len(octets) - 1):
        wanted = frame(octets[:size])
        assert isinstance(wanted, Incomplete) and size < wanted.octets <= len(octets)


@pytest.mark.parametrize(
    "octets",
    [b"\x83\0", b"\xb1\0", b"\x09\0", b"\x89\x7e\0\1", b"\xc8\0", b"\x81\x7f" + bytes(4) + b"\x20\0\0\0", b"GET "],
)
def test_what_is_no_frame_is_refused(octets: bytes) -> None:
    with pytest.raises(Malformed):
        frame(octets)


def test_a_request_that_asks_for_websocket_is_told_from_others() -> None:
    assert upgrade(REQUEST + b"more") == len(REQUEST)
    assert upgrade(REQUEST[:-1]) == Incomplete(len(REQUEST))
    for octets in (b"POST / ", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"GET " + bytes(20_000)):
        with pytest.raises(Malformed):
            upgrade(octets)


def test_both_sides_switch_before_their_frames() -> None:
    for head in (REQUEST, SWITCHED):
        reader = Reader()
        assert reader.take(head[:-1]) == Incomplete(len(head))
        assert reader.take(head + HELLO) == (len(head), b"") and reader.take(HELLO) == (7, b"Hello")
    with pytest.raises(Malformed):
        Reader().take(b"HTTP/1.1 403 Forbidden\r\n\r\n")


def test_fragments_are_joined_and_control_frames_stand_between() -> None:
    octets = framed(b"He", 0x01) + framed(b"", 0x89) + framed(b"llo", 0x80) + framed(b"bye", 0x88)
    assert messages(octets) == [b"", b"", b"Hello", b""]


def test_compressed_messages_share_what_came_before() -> None:
    packer = zlib.compressobj(wbits=-15)
    texts = [b"INVITE sip:a SIP/2.0 " * 20, b"INVITE sip:b SIP/2.0 " * 20]
    octets = b"".join(framed(squeezed(packer, text), 0xC1) for text in texts)
    assert messages(octets + HELLO) == [*texts, b"Hello"]
    alone = squeezed(zlib.compressobj(wbits=-15), texts[0])
    assert messages(framed(alone[:9], 0x41) + framed(alone[9:], 0x80)) == [b"", texts[0]]
    ended = zlib.compressobj(wbits=-15)
    octets = framed(ended.compress(texts[0]) + ended.flush(), 0xC1)
    assert messages(octets * 2) == [texts[0]] * 2


def test_what_cannot_be_inflated_is_left_out_and_the_next_is_read() -> None:
    good = framed(squeezed(zlib.compressobj(wbits=-15), b"good"), 0xC1)
    assert messages(framed(b"\xff" * 20, 0xC1) + good) == [b"", b"good"]


def test_a_bomb_is_bounded() -> None:
    packer = zlib.compressobj(9, wbits=-15)
    bomb = squeezed(packer, bytes(50 * MAX_MESSAGE_OCTETS))
    reader = Reader()
    assert messages(framed(bomb, 0xC1), reader) == [b""] and reader.weight < 65_536
    halves = framed(bytes(MAX_MESSAGE_OCTETS), 0x01) + framed(b"1", 0x80)
    assert messages(halves, reader) == [b"", b""] and reader.weight == 0


@given(st.binary(max_size=200))
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    for read in (frame, upgrade, Reader().take):
        try:
            found = read(octets)
        except Malformed:
            continue
        assert not isinstance(found, Incomplete) or found.octets > len(octets)


def test_a_frame_that_is_too_large_says_where_it_ends() -> None:
    large = framed(bytes(MAX_MESSAGE_OCTETS + 1), key=b"abcd")
    assert frame(large[:14]) == frame(large) == Beyond(len(large))


def test_octets_are_frames_to_their_end_or_not() -> None:
    assert fills(framed(b"ping", 0x89) + MASKED_HELLO + HELLO)
    assert not fills(HELLO[:-1]) and not fills(HELLO + b"GET / HTTP/1.1\r\n")
