"""Errors of ICMP say which datagrams did not arrive; what they quote is none of the frame."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.wire.link import icmp
from dissectors.wire.link.frames import Frames
from dissectors.wire.link.icmp_errors import IcmpError
from tests.icmp import PORT, PORT6, PROHIBITED, TOO_BIG, TOO_BIG6, message
from tests.ip_frames import A6, B6, A, B, ethernet, ipv4, ipv6, record, udp

ERROR = IcmpError(4, 3, 3, A, 17, A, 16402, B, 16403)
"""As `ip_frames` has it, from A to B: there the host itself answers, whose packet it is."""

ERROR6 = IcmpError(6, 1, 4, A6, 17, A6, 16402, B6, 16403)
HOP_BY_HOP, ROUTING, FRAGMENT = b"\x2b\0" + bytes(6), b"\x2c\1" + bytes(14), b"\x11\0\0\0\0\0\0\1"


def back(octets: bytes) -> bytes:
    """The packet from B to A, in place of A to B."""
    return octets.replace(A + B, B + A, 1).replace(A6 + B6, B6 + A6, 1)


def quoting(quoted: bytes, error: tuple[int, int] = PORT, mtu: int = 0) -> bytes:
    """A frame from B to A with an error."""
    return ethernet(back(ipv4(message(quoted, error, mtu), 1)))


def quoting6(quoted: bytes, error: tuple[int, int] = PORT6, mtu: int = 0) -> bytes:
    return ethernet(back(ipv6(message(quoted, error, mtu), 58)), 0x86DD)


def told(octets: bytes, link: int = 1) -> tuple[dict[IcmpError, int], Frames]:
    """The errors of a frame with the size that each names."""
    frames = Frames()
    assert not frames.udp(record(octets, link)) and not frames.tcp and not frames.datagrams
    return {error: said.mtu for error, said in frames.errors.found.items()}, frames


def test_an_error_says_which_datagram_did_not_arrive_and_who_says_so() -> None:
    found, frames = told(quoting(ipv4(udp())))
    assert found == {ERROR._replace(by=B): 0} and not frames.encapsulations and not frames.not_ip
    (error,) = found
    assert icmp.name_of(error) == "port unreachable" and not icmp.is_too_big(error)


def test_eight_octets_behind_the_header_are_enough_and_so_are_the_ports() -> None:
    for kept in (8, 4):
        assert told(quoting(ipv4(udp())[: 20 + kept]))[0]
    assert not told(quoting(ipv4(udp())[:23]))[0]


def test_tcp_is_quoted_too_and_nothing_else() -> None:
    assert [error.protocol for error in told(quoting(ipv4(udp(), 6)))[0]] == [6]
    assert not told(quoting(ipv4(udp(), 1)))[0]


@pytest.mark.parametrize(
    ("error", "name"),
    [(PROHIBITED, "communication administratively prohibited"), ((11, 0), "time to live exceeded in transit"),
     ((3, 1), "host unreachable"), ((3, 99), "unreachable with code 99"), (TOO_BIG, "fragmentation needed")],
)
def test_codes_have_the_names_of_the_rfcs(error: tuple[int, int], name: str) -> None:
    (found,) = told(quoting(ipv4(udp()), error))[0]
    assert icmp.name_of(found) == name and icmp.is_too_big(found) == (error == TOO_BIG)


@pytest.mark.parametrize("kind", [0, 4, 5, 8, 12])
def test_other_messages_are_passed_over(kind: int) -> None:
    assert not told(quoting(ipv4(udp()), (kind, 3)))[0]
    assert not told(quoting6(ipv6(udp()), (128 + kind, 0)))[0]


def test_the_size_that_would_fit_is_told_in_both_versions() -> None:
    assert [*told(quoting(ipv4(udp()), TOO_BIG, 1400))[0].values()] == [1400]
    assert [*told(quoting6(ipv6(udp()), TOO_BIG6, 1280))[0].values()] == [1280]
    assert [*told(quoting(ipv4(udp()), PORT, 1400))[0].values()] == [0]


def test_extension_headers_of_a_quoted_packet_are_stepped_over() -> None:
    assert [*told(quoting6(ipv6(udp())))[0]] == [ERROR6._replace(by=B6)]
    assert [*told(quoting6(ipv6(HOP_BY_HOP + ROUTING + FRAGMENT + udp(), 0)))[0]] == [ERROR6._replace(by=B6)]
    assert not told(quoting6(ipv6(b"\x00\0" + bytes(6) + HOP_BY_HOP * 20 + udp(), 0)))[0]
    assert not told(quoting6(ipv6(b"\x3c\xff" + bytes(6) + udp(), 0)))[0]


def test_a_later_fragment_has_no_ports() -> None:
    assert not told(quoting(ipv4(udp(), fragment=0x2001)))[0]
    assert told(quoting(ipv4(udp(), fragment=0x2000)))[0]
    assert not told(quoting6(ipv6(b"\x11\0\0\x09\0\0\0\1" + udp(), 44)))[0]


def test_an_error_about_what_its_receiver_did_not_send_is_none() -> None:
    assert not told(quoting(back(ipv4(udp()))))[0] and not told(quoting6(back(ipv6(udp()))))[0]


def test_it_is_read_behind_a_tag_and_in_a_tunnel() -> None:
    inner = back(ipv4(message(ipv4(udp())), 1))
    assert told(ethernet(b"\0\5\x08\0" + inner, 0x8100))[0] and told(ethernet(ipv4(inner, 4)))[0]


@pytest.mark.parametrize("octets", [quoting(ipv4(udp(), options=bytes(8))), quoting6(ipv6(ROUTING + FRAGMENT, 43))])
def test_a_frame_may_be_cut_anywhere(octets: bytes) -> None:
    for size in range(len(octets)):
        Frames().udp(record(octets[:size], original=len(octets)))


@given(st.binary(max_size=80), st.sampled_from((1, 3, 2, 11)), st.integers(0, 255))
def test_anything_may_be_quoted(quoted: bytes, kind: int, code: int) -> None:
    for octets in (quoting(quoted, (kind, code)), quoting6(quoted, (kind, code)), quoting6(b"\x60" + quoted)):
        frames = Frames()
        assert not frames.udp(record(octets))
        assert all(icmp.name_of(error) for error in frames.errors.found)


def test_a_short_header_of_ip_within_is_none() -> None:
    assert not told(quoting(struct.pack("!B", 0x44) + ipv4(udp())[1:]))[0]
