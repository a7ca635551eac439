"""TCP segments: those that are read, and those of TLS, which are named by their ports."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from dissectors.wire.link.frames import Frames
from dissectors.wire.link.segments import Segments, hint
from dissectors.wire.tcp import Segment
from tests.ip_frames import A, B, ethernet, ipv4, record, udp


def tcp(payload: bytes, sport: int, dport: int) -> bytes:
    return struct.pack("!HHIIBBHHH", sport, dport, 0, 0, 0x50, 0x18, 0, 0, 0) + payload


def test_tcp_segments_that_look_like_signalling_are_named_by_the_servers_port() -> None:
    frames = Frames()
    for payload, sport, dport in (
        (b"INVITE sip:bob@example.com SIP/2.0\r\n", 40000, 5060),
        (b"SIP/2.0 200 OK\r\n", 5060, 40000),
        (b"\x16\x03\x01\2\0\1", 40001, 5061),
        (b"\x16\x03\x03\2\0\2", 5061, 40001),
        (b"GET / HTTP/1.1\r\n", 40004, 80),
        (b"", 40004, 5060),
    ):
        assert not frames.udp(record(ethernet(ipv4(tcp(payload, sport, dport), 6))))
    assert frames.tcp_seen == {(5061, "TLS"): 2}
    assert frames.segments.count == 6


def test_the_table_of_tcp_ports_is_bounded() -> None:
    segments = Segments(most=3)
    for port in range(10):
        segments.add(1, port, b"\x16\x03\x01\0\1\1")
    assert (len(segments.seen), segments.more) == (3, 7)


@given(st.binary(max_size=40))
def test_any_segment_can_be_asked_what_it_looks_like(payload: bytes) -> None:
    what, _ = hint(payload)
    assert what in ("", "TLS")


def test_a_frame_gives_its_segment() -> None:
    frames = Frames()
    octets = ethernet(ipv4(tcp(b"hello", 1, 2), 6)) + b"trailer"
    assert not frames.udp(record(octets))
    assert frames.tcp == [Segment(A, 1, B, 2, 0, 0, 0x18, b"hello", 5, 1)]
    frames.udp(record(octets[:56]))
    assert [(one.payload, one.length) for one in frames.tcp] == [(b"he", 5)]
    frames.udp(record(ethernet(ipv4(udp()))))
    assert not frames.tcp
    frames.udp(record(ethernet(ipv4(tcp(b"", 1, 2)[:19], 6))))
    assert not frames.tcp
