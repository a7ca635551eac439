"""A tunnel is read where its header fits, and its port alone makes none."""

from __future__ import annotations

import struct

import pytest

from dissectors.wire.link.frames import DEPTH, Frames, Udp
from tests.ip_frames import HELLO, IP, SAMPLE, SFLOW, TUNNELLED, A, B, ethernet, ipv4, ipv6, record, udp


@pytest.mark.parametrize("tunnel", TUNNELLED)
def test_a_tunnel_comes_first_and_what_it_carries_is_the_next_layer(tunnel: str) -> None:
    port, payload = TUNNELLED[tunnel]
    frames = Frames()
    outer, inner = frames.udp(record(ethernet(ipv4(udp(payload, 40000, port)))))
    assert outer == Udp(0, A, B, 40000, port, payload, len(payload), 1)
    assert inner == HELLO._replace(layer=1)
    assert frames.encapsulations[tunnel.split()[0]] == 1


@pytest.mark.parametrize("port", [2152, 3544, 4341, 4342, 4789, 4790, 5247, 6081, 6343, 8472])
@pytest.mark.parametrize("payload", [b"", b"\x80\x00" + b"\1" * 60, b"INVITE sip:a@b SIP/2.0\r\n" * 3, b"\xff" * 60])
def test_a_port_alone_makes_no_tunnel(port: int, payload: bytes) -> None:
    frames = Frames()
    assert len(frames.udp(record(ethernet(ipv4(udp(payload, port, 40000)))))) == 1
    assert frames.encapsulations == {}


@pytest.mark.parametrize(
    ("port", "payload"),
    [
        (2152, b"\x30\x01" + TUNNELLED["GTP"][1][2:]),
        (2152, b"\x50" + TUNNELLED["GTP"][1][1:]),
        (3544, ipv6(ipv4(udp()), 4, length=2000)),
        (4789, b"\x08\0\0\0\0\0\1\1" + ethernet(IP)),
        (4789, b"\x09\0\0\0\0\0\1\0" + ethernet(IP)),
        (6081, b"\x41\0\x65\x58\0\0\1\0" + b"\0" * 4 + ethernet(IP)),
        (4341, b"\x80" + b"\7" * 7 + IP + b"more"),
        (4342, b"\x10\0\0\0" + IP),
        (6343, SFLOW[:3] + b"\4" + SFLOW[4:] + SAMPLE),
        (5247, b"\0\x10\0\x80" + b"\0" * 4 + ethernet(IP)),
    ],
)
def test_a_tunnels_port_with_a_header_that_does_not_fit_is_a_plain_datagram(port: int, payload: bytes) -> None:
    assert len(Frames().udp(record(ethernet(ipv4(udp(payload, 40000, port)))))) == 1


def test_every_frame_that_sflow_sampled_is_read_as_far_as_the_sample_goes() -> None:
    cut = struct.pack("!6I", 1, 16 + 48, 1, 64 + len(IP), 0, 46) + ethernet(IP)[:46].ljust(48, b"\0")
    expanded = struct.pack("!II11I", 3, 44 + len(cut), 1, 0, 1, 400, 400, 0, 0, 1, 0, 2, 1) + cut
    frames = Frames()
    found = frames.udp(record(ethernet(ipv4(udp(SFLOW + SAMPLE * 2 + expanded, 40000, 6343)))))
    assert [(one.layer, one.payload, one.length) for one in found[1:]] == [
        (1, b"hello", 5), (2, b"hello", 5), (3, b"hell", 5)
    ]
    assert frames.encapsulations["sFlow"] == 1
    endless = SFLOW + SAMPLE * 300
    assert len(frames.udp(record(ethernet(ipv4(udp(endless, 40000, 6343)))))) <= DEPTH
