"""Frames rebuilt: behind every link layer, in every tunnel, with lengths and checksums that fit."""

from __future__ import annotations

import struct

import dpkt
import pytest

from dissectors.rewriting.packets import adjust, changed_sum, merged, ways, with_payload, with_ports
from dissectors.wire.captures.records import Record
from dissectors.wire.link.frames import Frames
from tests.ip_frames import CARRIED, IP, IP6, ethernet, ipv4, record, udp

LONGER = bytes(range(256)) * 3
SEALED = [name for name, (_, octets) in CARRIED.items() if "MACsec" in name or "ESP" in name or "sFlow" in name]
FIXED = ("PPI", "NFLOG", "NFLOG, big-endian", "authentication header")


def found(one: Record) -> list[tuple[int, int, bytes, int]]:
    return [(each.sport, each.dport, each.payload, each.length) for each in Frames().udp(one)]


@pytest.mark.parametrize("name", CARRIED)
@pytest.mark.parametrize("payload", [LONGER, b"a", b""])
def test_the_payload_is_another_one_in_whatever_it_lies(name: str, payload: bytes) -> None:
    link, octets = CARRIED[name]
    before = record(octets, link)
    there = ways(before)
    assert [way.udp[:7] for way in there] == [each[:7] for each in Frames().udp(before)]
    after = with_payload(before, there[-1], payload)
    if after is None:
        assert name in (*SEALED, *FIXED) or there[-1].udp.payload != b"hello"
        return
    assert found(after)[-1] == (*found(before)[-1][:2], payload, len(payload))
    assert after.original == len(after.octets)


@pytest.mark.parametrize(("kind", "packet"), [(0x0800, IP), (0x86DD, IP6)])
def test_checksums_and_lengths_are_those_that_dpkt_computes(kind: int, packet: bytes) -> None:
    before = record(ethernet(packet, kind))
    after = with_payload(before, ways(before)[0], LONGER)
    assert after is not None
    ip = dpkt.ethernet.Ethernet(after.octets).data
    assert ip.data.ulen == 8 + len(LONGER) == len(ip.data)
    sums = ip.data.sum, getattr(ip, "sum", 0)
    ip.data.sum = 0
    if kind == 0x0800:
        ip.sum = 0
        assert ip.len == len(ip)
    else:
        assert ip.plen == 8 + len(LONGER)
    bytes(ip)
    assert (ip.data.sum, getattr(ip, "sum", 0)) == sums


@pytest.mark.parametrize("inner", [IP, ipv4(struct.pack("!HHHH", 0x8000, 0x0800, 0, 0) + IP, 47)])
def test_the_sum_of_a_tunnel_is_over_what_it_carries_now(inner: bytes) -> None:
    tunnel = struct.pack("!HHHH", 0x8000, 0x0800, 0xDEAD, 0) + inner
    before = record(ethernet(ipv4(tunnel, 47)) + b"trailer")
    way = ways(before)[0]
    for after in (with_payload(before, way, LONGER), with_ports(before, way, 5060, 5062)):
        assert after is not None
        whole = after.octets[34:].removesuffix(b"trailer")
        assert dpkt.dpkt.in_cksum(whole) == 0
        if inner != IP:
            assert dpkt.dpkt.in_cksum(whole[8 + 20 :]) == 0


def test_a_packet_is_never_longer_than_ip_allows() -> None:
    before = record(ethernet(IP))
    assert with_payload(before, ways(before)[0], bytes(65507)) is not None
    assert with_payload(before, ways(before)[0], bytes(65508)) is None


def test_a_short_frame_of_ethernet_is_padded_as_it_was() -> None:
    before = record(ethernet(IP) + bytes(60 - len(ethernet(IP))))
    after = with_payload(before, ways(before)[0], b"x")
    assert after is not None and len(after.octets) == 60 and found(after)[0][2] == b"x"


def test_ports_change_and_the_sum_stays_as_right_as_it_was() -> None:
    before = with_payload(record(ethernet(IP)), ways(record(ethernet(IP)))[0], b"hello")
    assert before is not None
    after = with_ports(before, ways(before)[0], 5060, 5062)
    again = with_payload(after, ways(after)[0], b"hello")
    assert found(after) == [(5060, 5062, b"hello", 5)] and again is not None and again.octets == after.octets
    without = with_ports(record(ethernet(IP)), ways(record(ethernet(IP)))[0], 1, 2)
    assert without.octets[40:42] == b"\0\0"


def test_ports_change_in_what_the_capture_cut() -> None:
    before = record(ethernet(IP)[:38], original=len(ethernet(IP)))
    with pytest.raises(IndexError):
        ways(before)[0]
    before = record(ethernet(IP)[:43], original=len(ethernet(IP)))
    after = with_ports(before, ways(before)[0], 1, 2)
    assert (after.original, len(after.octets)) == (before.original, 43) and found(after)[0][:2] == (1, 2)


@pytest.mark.parametrize("version", [4, 6])
def test_the_last_fragment_becomes_the_whole_packet(version: int) -> None:
    datagram = udp(b"x" * 40)
    if version == 4:
        parts = [ethernet(ipv4(datagram[:24], fragment=0x2000)), ethernet(ipv4(datagram[24:], fragment=3))]
    else:
        heads = [struct.pack("!BBHI", 17, 0, offset, 9) for offset in (1, 24)]
        bodies = [heads[0] + datagram[:24], heads[1] + datagram[24:]]
        parts = [
            ethernet(struct.pack("!IHBB", 6 << 28, len(body), 44, 64) + bytes(15) + b"\1" + bytes(15) + b"\2" + body,
                     0x86DD)
            for body in bodies
        ]
    frames = Frames()
    assert not frames.udp(record(parts[0]))
    (whole,) = frames.udp(record(parts[1]))
    after = merged(record(parts[1]), whole._replace(sport=7), LONGER)
    assert after is not None and found(after) == [(7, whole.dport, LONGER, len(LONGER))]


@pytest.mark.parametrize(("udp_sum", "after"), [(True, b"\0\0"), (False, b"\x12\x34")])
def test_a_sum_of_zero_means_none_in_udp_alone(udp_sum: bool, after: bytes) -> None:
    octets = bytearray(2)
    adjust(octets, 0, b"\x12\x34", b"\0\0", udp_sum)
    assert octets == after


def test_a_sum_follows_words_that_change() -> None:
    one, two = b"\x12\x34\xff\xff\x00\x01", b"\xab\xcd\x00\x00\xff\xfe"
    rest = b"\x77\x77\x10\x01"
    assert changed_sum(dpkt.dpkt.in_cksum(one + rest), one, two) == dpkt.dpkt.in_cksum(two + rest)
