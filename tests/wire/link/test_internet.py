"""IP says how long a datagram is, and which fragments are none."""

from __future__ import annotations

import pytest

from dissectors.wire.link.frames import Frames
from tests.ip_frames import CARRIED6, HELLO6, ethernet, ipv4, ipv6, record, udp


def test_an_ipv6_datagram_in_one_fragment_is_not_reassembled() -> None:
    frames = Frames()
    assert list(frames.udp(record(CARRIED6["a fragment that is the whole"][1], 101))) == [HELLO6]
    assert frames.fragments.seen == 0


def test_a_payload_that_the_capture_cut_keeps_its_length() -> None:
    for link, octets in ((1, ethernet(ipv4(udp(b"x" * 100)))), (101, ipv6(udp(b"x" * 100)))):
        (found,) = Frames().udp(record(octets[:-60], link, len(octets)))
        assert (found.payload, found.length) == (b"x" * 40, 100)


@pytest.mark.parametrize(("claimed", "length"), [(0, 5), (7, 5), (9999, 5), (8, 0), (10, 2), (13, 5)])
def test_ip_says_how_long_a_datagram_is_when_udp_cannot_be_right(claimed: int, length: int) -> None:
    (found,) = Frames().udp(record(ethernet(ipv4(udp(length=claimed)) + b"trailer")))
    assert (found.payload, found.length) == (b"hello"[:length], length)
