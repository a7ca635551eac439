"""How long a message is on a stream, and what the first octets of a connection say."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.mux.framings import GIVEN_UP, READERS, RFC4571, RTSP, SIP, SNIFFERS, STUN, Framed, sniff, sniffers
from dissectors.protocols import sip, stun, turn
from dissectors.wire.errors import Malformed
from dissectors.wire.spec import Beyond, Incomplete
from tests import made

OPTIONS = made.sip("OPTIONS sip:a@example.com SIP/2.0", "Call-ID: 1", body=b"hello")


def framed(*datagrams: bytes) -> bytes:
    """Datagrams as RFC 4571 has them."""
    return b"".join(struct.pack("!H", len(each)) + each for each in datagrams)


def test_sip_ends_by_its_content_length() -> None:
    assert READERS[SIP](OPTIONS + OPTIONS) == Framed(len(OPTIONS), 0)
    short = OPTIONS.replace(b"Content-Length: 5", b"l : 5")
    assert READERS[SIP](short) == Framed(len(short), 0)


def test_sip_without_a_content_length_has_no_body() -> None:
    octets = OPTIONS.replace(b"Content-Length: 5\r\n", b"")
    assert READERS[SIP](octets) == Framed(len(octets) - 5, 0)


@pytest.mark.parametrize("octets", [OPTIONS, made.sip("SIP/2.0 200 OK", "Call-ID: 1", body=b"hello")])
def test_a_part_of_a_message_asks_for_more(octets: bytes) -> None:
    for size in range(1, len(octets)):
        wanted = READERS[SIP](octets[:size])
        assert isinstance(wanted, Incomplete) and size < wanted.octets <= len(octets)


@pytest.mark.parametrize(
    "octets",
    [
        b"GET / HTTP/1.1\r\n", b"\x16\x03\x01\0\5hello", b"{\r\n", b"SIP/2.0 9\r\n", b"a" * 80,
        OPTIONS.replace(b": 5", b": 99999999"), b"OPTIONS sip:a SIP/2.0\r\n" + b"a: b\r\n" * 20_000,
    ],
)
def test_what_is_no_sip_is_refused(octets: bytes) -> None:
    with pytest.raises(Malformed):
        sip.SPEC.frame(octets)  # type: ignore[misc]  # it has one


def test_a_message_that_is_too_large_says_where_it_ends() -> None:
    large = OPTIONS.replace(b": 5", b": 2000000")
    assert READERS[SIP](large) == Beyond(len(large) - 5 + 2_000_000)


def test_stun_and_channel_data_are_told_apart_and_padded() -> None:
    binding, data = made.stun(attributes=bytes(8)), made.channel_data(b"hello")
    assert READERS[STUN](binding + data) == Framed(28, 0)
    assert READERS[STUN](data) == Incomplete(12)
    assert READERS[STUN](data + bytes(3)) == Framed(12, 0)
    for octets in (b"\0\1\0\3", b"\0\1\0\0nope", b"\xff\xff"):
        with pytest.raises(Malformed):
            READERS[STUN](octets)
    assert stun.SPEC.frame is not None and turn.SPEC.frame is not None
    assert stun.SPEC.frame(b"") == Incomplete(20) and turn.SPEC.frame(b"") == Incomplete(4)


def test_a_datagram_stands_behind_its_length() -> None:
    assert READERS[RFC4571](framed(b"12345", b"1")) == Framed(7, 2)
    assert READERS[RFC4571](b"\0") == Incomplete(2)
    assert READERS[RFC4571](b"\0\5" + b"12") == Incomplete(7)


@pytest.mark.parametrize(
    ("octets", "framing"),
    [
        (OPTIONS, SIP), (OPTIONS[:60], SIP), (b"SIP/2.0 200 OK\r\n", SIP), (made.stun(), STUN),
        (framed(made.stun()), RFC4571), (framed(made.rtcp()), RFC4571), (framed(made.rtp(1), made.rtp(2)), RFC4571),
        (b"GET / HTTP/1.1\r\n\r\n", ""), (b"\x16\x03\x01\2\0\1\0\1\xfc\3\3", "TLS"),
        (b"\x16\x03\x03\2\0\2\0\1\xfc\3\3", "TLS"),
        (b"\x16\x03\x03\2\0\x0b\0\1\xfc\3\3", ""), (made.channel_data(b"data"), ""),
        (framed(made.rtp(1), made.rtp(700)), ""), (framed(b"hello"), ""), (b"\0\x20" + bytes(32), ""),
    ],
)
def test_the_first_octets_decide(octets: bytes, framing: str) -> None:
    assert sniff(octets) == framing


def test_one_datagram_of_rtp_is_too_little_to_decide() -> None:
    assert isinstance(sniff(framed(made.rtp(1))), Incomplete)


@given(st.binary(max_size=80))
def test_any_octets_decide_or_ask_for_more(octets: bytes) -> None:
    found = sniff(octets)
    assert found in ("", *READERS) and found != GIVEN_UP if isinstance(found, str) else found.octets > len(octets)


def interleaved(channel: int, payload: bytes) -> bytes:
    return struct.pack("!cBH", b"$", channel, len(payload)) + payload


def test_rtsp_is_its_messages_and_what_stands_between_them() -> None:
    asked = b"DESCRIBE rtsp://a/b RTSP/1.0\r\nCSeq: 2\r\n\r\n"
    told = b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: 5\r\n\r\nhello"
    for octets in (asked, told):
        assert READERS[RTSP](octets + b"$") == Framed(len(octets), len(octets)) and sniff(octets) == RTSP
        for size in range(1, len(octets)):
            wanted = READERS[RTSP](octets[:size])
            assert isinstance(wanted, Incomplete) and size < wanted.octets <= len(octets)
    sound = interleaved(0, made.rtp(1))
    assert READERS[RTSP](sound + sound) == Framed(len(sound), 4)
    assert isinstance(READERS[RTSP](sound[:3]), Incomplete) and isinstance(READERS[RTSP](sound[:9]), Incomplete)
    assert sniff(sound + sound) == sniff(interleaved(1, made.rtcp()) + sound) == RTSP
    for octets in (interleaved(0, b"hello") * 2, interleaved(99, made.rtp(1)) * 2, sound + b"x"):
        assert sniff(octets) == ""
    with pytest.raises(Malformed):
        READERS[RTSP](b"hello\r\n\r\n")


BEGINNINGS = (
    OPTIONS, made.sip("SIP/2.0 200 OK", "Call-ID: 1"), b"GET /chat HTTP/1.1\r\nUpgrade: websocket\r\n\r\n",
    b"POST /whip HTTP/1.1\r\nContent-Type: application/sdp\r\n\r\n", b"\x16\x03\x01\0\x40\1\0\0\x3c\3\3",
    b"OPTIONS rtsp://a/b RTSP/1.0\r\n\r\n", b"RTSP/1.0 200 OK\r\n\r\n", b"$\0\0\x0c" + bytes(12), b"\x81\2{}",
    b"MSRP a786hjs2 SEND\r\n", b"HEP3\0\x40", b"\1\x10\2\x11", b"\xc2\2{}", b"", b"\n", b"\r\n", bytes(40),
)


@pytest.mark.parametrize("first", range(256))
def test_who_is_not_asked_of_a_first_octet_rejects_all_that_begins_with_it(first: int) -> None:
    asked = [name for name, _ in sniffers(first)]
    assert asked == [name for name in SNIFFERS if name in asked]
    for name in SNIFFERS.keys() - set(asked):
        for beginning in BEGINNINGS:
            for octets in {bytes((first,)) + beginning[1:], bytes((first,)) + beginning, bytes((first,))}:
                for size in (1, 2, 3, 6, len(octets)):
                    with pytest.raises(Malformed):
                        SNIFFERS[name](octets[:size])


@given(st.binary(min_size=1, max_size=60))
def test_any_octets_are_sniffed_as_if_all_were_asked(octets: bytes) -> None:
    found: list[object] = []
    for name, reader in SNIFFERS.items():
        try:
            told = reader(octets)
        except Malformed:
            continue
        found.append(told.octets if isinstance(told, Incomplete) else name)
    names = [each for each in found if isinstance(each, str)]
    wanted = [each for each in found if isinstance(each, int)]
    told_all = names[0] if names else Incomplete(min(wanted)) if wanted else ""
    assert sniff(octets) == told_all
