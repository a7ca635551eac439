"""ESP in the clear is recognised by what is in it."""

from __future__ import annotations

import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.wire.link.esp import INTEGRITY_OCTETS
from dissectors.wire.link.frames import Frames
from tests.ip_frames import A6, B6, HELLO, HELLO6, IP, IP6, A, B, ethernet, ipv4, ipv6, record, udp
from tests.made import sip
from tests.tcp_frames import report


def esp(content: bytes, following: int = 17, integrity: int = 12, seed: int = 1) -> bytes:
    """ESP with NULL encryption around a content."""
    padding = -(len(content) + 2) % 4
    check = random.Random(seed).randbytes(integrity)
    trailer = bytes(range(1, padding + 1)) + bytes((padding, following))
    return struct.pack("!II", 0x1234, 7) + content + trailer + check


def tcp(payload: bytes, src: bytes = A, dst: bytes = B) -> bytes:
    """A TCP segment with its checksum."""
    segment = struct.pack("!HHIIBBHHH", 1, 2, 3, 4, 0x50, 0x18, 5, 0, 0) + payload
    around = src + dst + struct.pack("!II", len(segment), 6) + segment + bytes(len(segment) % 2)
    total = sum(struct.unpack(f"!{len(around) // 2}H", around))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return segment[:16] + struct.pack("!H", 0xFFFF - total) + segment[18:]


@pytest.mark.parametrize("integrity", INTEGRITY_OCTETS)
def test_udp_in_esp_is_read_with_every_common_check_value(integrity: int) -> None:
    frames = Frames()
    assert list(frames.udp(record(ethernet(ipv4(esp(udp(), integrity=integrity), 50))))) == [HELLO]
    assert frames.encapsulations == {"ESP": 1}
    assert list(frames.udp(record(ipv6(esp(udp(), integrity=integrity), 50), 101))) == [HELLO6]


@pytest.mark.parametrize(("payload", "src", "dst", "wrap"), [(b"hello", A, B, ipv4), (b"hi", A6, B6, ipv6)])
def test_tcp_in_esp_is_read_where_its_checksum_is_right(payload: bytes, src: bytes, dst: bytes, wrap: object) -> None:
    assert callable(wrap)
    frames, segment = Frames(), tcp(payload, src, dst)
    assert not frames.udp(record(wrap(esp(segment, 6), 50), 101))
    assert [(one.src, one.dport, one.payload, one.length) for one in frames.tcp] == [(src, 2, payload, len(payload))]
    wrong = segment[:17] + bytes((segment[17] ^ 1,)) + segment[18:]
    assert not frames.udp(record(wrap(esp(wrong, 6), 50), 101)) and not frames.tcp


def test_ip_in_esp_is_read() -> None:
    assert list(Frames().udp(record(ethernet(ipv4(esp(IP, 4), 50))))) == [HELLO]
    assert list(Frames().udp(record(ethernet(ipv4(esp(IP6, 41), 50))))) == [HELLO6]


def test_esp_behind_udp_is_read_and_ike_is_not() -> None:
    frames = Frames()
    outer, inner = frames.udp(record(ethernet(ipv4(udp(esp(udp()), 4500, 4500)))))
    assert (outer.dport, inner.payload, inner.layer) == (4500, b"hello", 1)
    assert frames.encapsulations == {"ESP": 1, "ESP in UDP": 1}
    assert len(frames.udp(record(ethernet(ipv4(udp(bytes(4) + esp(udp())[4:], 4500, 4500)))))) == 1


@pytest.mark.parametrize(
    "content",
    [udp(length=14), udp()[:7], IP[:-1]],
)
def test_what_does_not_fit_stays_closed(content: bytes) -> None:
    for following in (17, 4, 6, 41, 0):
        assert not Frames().udp(record(ethernet(ipv4(esp(content, following), 50))))


def test_a_frame_that_the_capture_cut_stays_closed() -> None:
    octets = ethernet(ipv4(esp(udp()), 50))
    assert not Frames().udp(record(octets[:-4], original=len(octets)))


def in_gtp(packet: bytes) -> bytes:
    """A packet of a phone as its base station carries it."""
    return ethernet(ipv4(udp(b"\x30\xff" + struct.pack("!HI", len(packet), 1) + packet, 2152, 2152)))


@pytest.mark.parametrize(("content", "following"), [(udp(b"x" * 1800), 17), (tcp(b"x" * 1800), 6)])
def test_esp_in_gtp_is_read_whole_and_in_fragments(content: bytes, following: int) -> None:
    sealed = esp(content, following)
    for pieces in ([sealed], [sealed[:1400], sealed[1400:]]):
        frames, at, found = Frames(), 0, []
        for piece in pieces:
            packet = bytearray(ipv4(piece, 50))
            packet[6:8] = struct.pack("!H", (0x2000 if at + len(piece) < len(sealed) else 0) | at // 8)
            at += len(piece)
            found = [one.payload for one in frames.udp(record(in_gtp(bytes(packet)))) if one.layer]
            found += [one.payload for one in frames.tcp]
        assert found == [b"x" * 1800] and frames.encapsulations["ESP"] == 1


def test_a_call_that_goes_through_esp_in_gtp_and_then_plainly_is_one_call() -> None:
    """The phone's hop is sealed, the hops of the core are not: IMS as a capture in the core has it."""
    first = "Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1", "From: <sip:a@x>;tag=1", "Call-ID: ims", "CSeq: 1 INVITE"
    invite = sip("INVITE sip:b@x SIP/2.0", *first, "To: <sip:b@x>")
    ok = sip("SIP/2.0 200 OK", *first, "To: <sip:b@x>;tag=2")
    frames = [
        in_gtp(ipv4(esp(udp(invite)), 50)), ethernet(ipv4(udp(invite, 5060, 5060))),
        ethernet(ipv4(udp(ok, 5060, 5060))), in_gtp(ipv4(esp(tcp(ok), 6), 50)),
    ]
    made = report((0, record(each, number=n, time=n * 10_000_000)) for n, each in enumerate(frames, 1))
    (call,) = made.calls
    assert [(one.place.frame, one.transport) for one in call.messages] == [*((n, "udp") for n in (1, 2, 3)), (4, "tcp")]
    assert {(seen.name, seen.count) for seen in made.capture.encapsulations} >= {("GTP", 2), ("ESP", 2)}


def test_what_the_capture_cut_is_not_called_encrypted() -> None:
    frames, sealed = Frames(), random.Random(1).randbytes(400)
    for wrapped in (ipv4(sealed, 50), ipv4(udp(sealed, 4500, 4500))):
        octets = ethernet(wrapped)
        for held in (len(octets), len(octets) - 4, 34, 42):
            frames.udp(record(octets[:held], original=len(octets)))
    assert {key: count for key, (count, _) in frames.segments.esp.items()} == {
        (B, 0, False): 1, (B, 0, True): 3, (B, 4500, False): 1, (B, 4500, True): 2,
    }


@given(st.binary(max_size=120))
def test_encrypted_octets_stay_closed_and_nothing_is_raised(octets: bytes) -> None:
    for wrapped in (ipv4(octets, 50), ipv6(octets, 50), ipv4(udp(octets, 4500, 4500))):
        Frames().udp(record(ethernet(wrapped)))
    closed = Frames()
    for seed in range(20):
        closed.udp(record(ethernet(ipv4(random.Random(octets + bytes((seed,))).randbytes(400), 50))))
    assert not closed.encapsulations and not closed.datagrams
