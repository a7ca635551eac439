"""From frames to UDP datagrams: link layers, IP, fragments, tunnels."""
from __future__ import annotations

import csv
import ipaddress
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.wire.captures.formats import walker
from dissectors.wire.captures.records import Record
from dissectors.wire.link.fragments import FRAGMENT_TIMEOUT_NS, Fragments
from dissectors.wire.link.frames import DEPTH, READERS, Frames, Udp
from dissectors.wire.link.headers import LINK
from dissectors.wire.link.segments import Segments, hint

DATA = Path(__file__).resolve().parents[2] / "data" / "captures"
EXPECTED: dict[str, list[tuple[object, ...]]] = {}
with open(DATA / "expected.csv", newline="") as file:
    for name, frame, layer, src, sport, dst, dport, length in list(csv.reader(file))[1:]:
        row = (int(frame), int(layer), src, int(sport), dst, int(dport), int(length))
        EXPECTED.setdefault(name, []).append(row)

A, B = b"\x0a\0\0\1", b"\x0a\0\0\2"
A6, B6 = b"\xfd" + b"\0" * 14 + b"\1", b"\xfd" + b"\0" * 14 + b"\2"


def udp(payload: bytes = b"hello", sport: int = 16402, dport: int = 16403, length: int | None = None) -> bytes:
    return struct.pack("!HHHH", sport, dport, 8 + len(payload) if length is None else length, 0) + payload


def ipv4(
    payload: bytes, protocol: int = 17, fragment: int = 0, ident: int = 1, options: bytes = b"", total: int = -1
) -> bytes:
    header = 20 + len(options)
    size = header + len(payload) if total < 0 else total
    first = 0x40 | header // 4
    return struct.pack("!BBHHHBBH4s4s", first, 0, size, ident, fragment, 64, protocol, 0, A, B) + options + payload


def ipv6(payload: bytes, following: int = 17, length: int | None = None) -> bytes:
    size = len(payload) if length is None else length
    return struct.pack("!IHBB", 6 << 28, size, following, 64) + A6 + B6 + payload


def ethernet(payload: bytes, kind: int = 0x0800) -> bytes:
    return b"\2" * 6 + b"\4" * 6 + struct.pack("!H", kind) + payload


def record(octets: bytes, link: int = 1, original: int | None = None, time: int = 0, number: int = 1) -> Record:
    return Record(number, time, link, octets, len(octets) if original is None else original)


HELLO = Udp(0, A, B, 16402, 16403, b"hello", 5)
HELLO6 = Udp(0, A6, B6, 16402, 16403, b"hello", 5)
IP, IP6 = ipv4(udp()), ipv6(udp())
SNAP = b"\xaa\xaa\x03\0\0\0"
DATA_FRAME = b"\x08\x01" + b"\0" * 22

CARRIED = {
    "Ethernet": (1, ethernet(IP)),
    "Ethernet with a trailer": (1, ethernet(IP) + b"\0" * 9),
    "Ethernet with LLC and SNAP": (1, ethernet(SNAP + b"\x08\0" + IP, 8 + len(IP))),
    "VLAN": (1, ethernet(b"\0\5\x08\0" + IP, 0x8100)),
    "QinQ": (1, ethernet(b"\0\5\x81\0\0\6\x08\0" + IP, 0x88A8)),
    "MPLS": (1, ethernet(b"\0\1\0\x40\0\2\1\x40" + IP, 0x8847)),
    "Ethernet over MPLS": (1, ethernet(b"\0\1\1\x40" + b"\0\0\0\0" + ethernet(IP), 0x8847)),
    "PPPoE": (1, ethernet(b"\x11\0\0\1" + struct.pack("!H", len(IP) + 2) + b"\0\x21" + IP, 0x8864)),
    "provider backbone": (1, ethernet(b"\0\0\0\1" + ethernet(IP), 0x88E7)),
    "NULL, little-endian": (0, b"\2\0\0\0" + IP),
    "NULL, big-endian": (0, b"\0\0\0\2" + IP),
    "LOOP": (108, b"\0\0\0\2" + IP),
    "PPP": (9, b"\0\x21" + IP),
    "PPP with address and control": (50, b"\xff\x03\0\x21" + IP),
    "PPP with a compressed protocol": (9, b"\x21" + IP),
    "Cisco HDLC": (50, b"\x0f\0\x08\0" + IP),
    "RAW": (101, IP),
    "RAW of BSD": (12, IP),
    "RAW of OpenBSD": (14, IP),
    "IPV4": (228, IP),
    "SLL": (113, b"\0\0\0\1\0\6" + b"\0" * 8 + b"\x08\0" + IP),
    "SLL2": (276, b"\x08\0" + b"\0" * 18 + IP),
    "802.11": (105, DATA_FRAME + SNAP + b"\x08\0" + IP),
    "802.11 QoS between access points": (105, b"\x88\x03" + b"\0" * 30 + SNAP + b"\x08\0" + IP),
    "radiotap": (127, b"\0\0\x09\0\2\0\0\0\0" + DATA_FRAME + SNAP + b"\x08\0" + IP),
    "radiotap, padded": (127, b"\0\0\x09\0\2\0\0\0\x20" + b"\x88\x01" + b"\0" * 26 + SNAP + b"\x08\0" + IP),
    "PPI": (192, b"\0\0\x08\0\1\0\0\0" + ethernet(IP)),
    "NFLOG": (239, b"\2\0\0\0" + b"\6\0\1\0\7\7\0\0" + struct.pack("<HH", 4 + len(IP), 9) + IP),
    "NFLOG, big-endian": (239, b"\2\0\0\0" + b"\0\6\0\1\7\7\0\0" + struct.pack(">HH", 4 + len(IP), 9) + IP),
    "PFLOG": (117, b"\x3d" + b"\0" * 63 + IP),
    "IPv4 options": (1, ethernet(ipv4(udp(), options=b"\x94\4\0\0"))),
    "segmentation offload": (1, ethernet(ipv4(udp(), total=0))),
    "IPv4 in IPv4": (1, ethernet(ipv4(IP, 4))),
    "GRE": (1, ethernet(ipv4(b"\0\0\x08\0" + IP, 47))),
    "GRE with checksum, key and sequence": (1, ethernet(ipv4(b"\xb0\0\x08\0" + b"\0" * 12 + IP, 47))),
    "PPTP": (1, ethernet(ipv4(b"\x30\x81\x88\x0b" + b"\0" * 12 + b"\xff\x03\0\x21" + IP, 47))),
    "ERSPAN I": (1, ethernet(ipv4(b"\0\0\x88\xbe" + ethernet(IP), 47))),
    "ERSPAN II": (1, ethernet(ipv4(b"\x10\0\x88\xbe" + b"\0" * 12 + ethernet(IP), 47))),
    "ERSPAN III": (1, ethernet(ipv4(b"\x10\0\x22\xeb" + b"\0" * 16 + ethernet(IP), 47))),
    "authentication header": (1, ethernet(ipv4(b"\x11\4\0\0" + b"\0" * 20 + udp(), 51))),
    "EtherIP": (1, ethernet(ipv4(b"\x30\0" + ethernet(IP), 97))),
}

CARRIED6 = {
    "Ethernet": (1, ethernet(IP6, 0x86DD)),
    "an EtherType that lies": (1, ethernet(IP6, 0x0800)),
    "NULL of macOS": (0, b"\x1e\0\0\0" + IP6),
    "NULL of FreeBSD": (0, b"\x1c\0\0\0" + IP6),
    "RAW": (101, IP6),
    "IPV6": (229, IP6),
    "PPP": (9, b"\0\x57" + IP6),
    "IPv6 in IPv4": (1, ethernet(ipv4(IP6, 41))),
    "hop-by-hop, routing and destination headers": (
        101, ipv6(b"\x2b\0" + b"\0" * 6 + b"\x3c\1" + b"\0" * 14 + b"\x11\0" + b"\0" * 6 + udp(), 0)
    ),
    "a fragment that is the whole": (101, ipv6(b"\x11\0\0\0\0\0\0\1" + udp(), 44)),
    "a jumbo payload": (101, ipv6(udp(length=0), length=0)),
}

SFLOW = struct.pack("!II4s4I", 5, 1, A, 0, 7, 99, 1)
RAW = struct.pack("!6I", 1, 16 + 60, 1, 64 + len(IP), 0, 60) + ethernet(IP).ljust(60, b"\0")
SAMPLE = struct.pack("!II8I", 1, 32 + len(RAW), 1, 1, 400, 400, 0, 1, 2, 1) + RAW

TUNNELLED = {
    "VXLAN": (4789, b"\x08\0\0\0\0\0\1\0" + ethernet(IP)),
    "VXLAN of Linux": (8472, b"\x08\0\0\0\0\0\1\0" + ethernet(IP)),
    "Geneve": (6081, b"\1\0\x65\x58\0\0\1\0" + b"\0" * 4 + ethernet(IP)),
    "Geneve without Ethernet": (6081, b"\0\0\x08\0\0\0\1\0" + IP),
    "GTP": (2152, b"\x30\xff" + struct.pack("!HI", len(IP), 1) + IP),
    "GTP with an extension header": (
        2152, b"\x34\xff" + struct.pack("!HI", len(IP) + 8, 1) + b"\0\0\0\x85\1\0\0\0" + IP
    ),
    "Teredo": (3544, ipv6(ipv4(udp()), 4)),
    "Teredo with its indications": (3544, b"\0\1\0\0" + b"\0" * 9 + b"\0\0" + b"\1" * 6 + ipv6(ipv4(udp()), 4)),
    "LISP": (4341, b"\x80" + b"\7" * 7 + IP),
    "LISP control": (4342, b"\x80\0\0\0" + IP),
    "sFlow": (6343, SFLOW + SAMPLE),
    "CAPWAP": (5247, b"\0\x10\0\0" + b"\0" * 4 + ethernet(IP)),
    "CAPWAP with swapped 802.11": (5247, b"\0\x10\x01\0" + b"\0" * 4 + b"\1\x08" + b"\0" * 22 + SNAP + b"\x08\0" + IP),
}


@pytest.mark.parametrize("carrier", CARRIED)
def test_ipv4_is_found_behind(carrier: str) -> None:
    link, octets = CARRIED[carrier]
    frames = Frames()
    assert list(frames.udp(record(octets, link))) == [HELLO]
    assert (frames.frames, frames.datagrams, frames.not_ip) == (1, 1, 0)


@pytest.mark.parametrize("carrier", CARRIED6)
def test_ipv6_is_found_behind(carrier: str) -> None:
    link, octets = CARRIED6[carrier]
    assert list(Frames().udp(record(octets, link))) == [HELLO6]


@pytest.mark.parametrize("tunnel", TUNNELLED)
def test_a_tunnel_comes_first_and_what_it_carries_is_the_next_layer(tunnel: str) -> None:
    port, payload = TUNNELLED[tunnel]
    frames = Frames()
    outer, inner = frames.udp(record(ethernet(ipv4(udp(payload, 40000, port)))))
    assert outer == Udp(0, A, B, 40000, port, payload, len(payload))
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


@pytest.mark.parametrize("extensions", [b"", b"\x83" + bytes(7) + b"\3" + bytes(7)])
@pytest.mark.parametrize(
    ("kind", "octets"),
    [(2, b"\0\0" + ethernet(IP)), (1, b"\xff\x03\0\x21" + IP), (5, b"\0\0\0\1" + b"\x0f\0\x08\0" + IP),
     (4, b"\0\0\0\0" + SNAP + b"\x08\0" + IP), (22, IP)],
)
def test_ip_is_found_in_records_of_erf(kind: int, octets: bytes, extensions: bytes) -> None:
    body = extensions + octets + b"\xee" * 5
    head = bytes((kind | 0x80 * bool(extensions), 4)) + struct.pack("!HHH", 16 + len(body), 0, len(octets) + 4)
    assert list(Frames().udp(record(bytes(8) + head + body, 197))) == [HELLO]


def test_an_ipv6_datagram_in_one_fragment_is_not_reassembled() -> None:
    frames = Frames()
    assert list(frames.udp(record(CARRIED6["a fragment that is the whole"][1], 101))) == [HELLO6]
    assert frames.fragments.seen == 0


@pytest.mark.parametrize("carrier", CARRIED)
@given(data=st.data())
def test_reading_in_one_step_and_walking_agree(carrier: str, data: st.DataObject) -> None:
    link, octets = CARRIED[carrier]
    for at in data.draw(st.lists(st.integers(0, len(octets) - 1), max_size=2)):
        octets = octets[:at] + data.draw(st.binary(min_size=1, max_size=1)) + octets[at + 1 :]
    sample = record(octets[: data.draw(st.integers(len(octets) - 12, len(octets)))], link, len(octets))
    one_step, walking = Frames(), Frames()
    assert list(one_step.udp(sample)) == list(walking._walk(sample))
    assert one_step.datagrams == walking.datagrams


def test_a_payload_that_the_capture_cut_keeps_its_length() -> None:
    for link, octets in ((1, ethernet(ipv4(udp(b"x" * 100)))), (101, ipv6(udp(b"x" * 100)))):
        (found,) = Frames().udp(record(octets[:-60], link, len(octets)))
        assert (found.payload, found.length) == (b"x" * 40, 100)


@pytest.mark.parametrize(("claimed", "length"), [(0, 5), (7, 5), (9999, 5), (8, 0), (10, 2), (13, 5)])
def test_ip_says_how_long_a_datagram_is_when_udp_cannot_be_right(claimed: int, length: int) -> None:
    (found,) = Frames().udp(record(ethernet(ipv4(udp(length=claimed)) + b"trailer")))
    assert (found.payload, found.length) == (b"hello"[:length], length)


def fragments4(datagram: bytes, sizes: list[int], ident: int = 1) -> list[bytes]:
    frames, at = [], 0
    for size in sizes:
        last = at + size >= len(datagram)
        fragment = at // 8 | (0 if last else 0x2000)
        frames.append(ethernet(ipv4(datagram[at : at + size], fragment=fragment, ident=ident)))
        at += size
    return frames


@given(st.permutations(range(4)))
def test_ipv4_fragments_are_put_together_in_any_order(order: list[int]) -> None:
    payload = bytes(range(100))
    pieces = fragments4(udp(payload), [24, 32, 40, 99])
    frames = Frames()
    found = [list(frames.udp(record(pieces[place], number=n))) for n, place in enumerate(order, 1)]
    assert found[:3] == [[], [], []]
    assert found[3] == [Udp(0, A, B, 16402, 16403, payload, 100)]
    assert (frames.fragments.reassembled, frames.fragments.incomplete, frames.fragments.overlaps) == (1, 0, 0)


def test_ipv6_fragments_are_put_together() -> None:
    datagram = udp(bytes(100))
    first = ipv6(b"\x11\0\0\1\0\0\0\7" + datagram[:64], 44)
    second = ipv6(b"\x11\0\0\x40\0\0\0\7" + datagram[64:], 44)
    frames = Frames()
    assert not frames.udp(record(second, 101))
    assert frames.udp(record(first, 101))[0].payload == bytes(100)


def test_of_overlapping_fragments_the_first_octets_stay() -> None:
    fragments = Fragments()
    assert fragments.add("key", 8, b"B" * 8, False, 0) is None
    assert fragments.add("key", 0, b"a" * 24, False, 0) is None
    assert fragments.add("key", 16, b"c" * 16, True, 0) == b"a" * 8 + b"B" * 8 + b"a" * 8 + b"c" * 8
    assert fragments.overlaps == 2


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(1, 40)), max_size=12))
def test_reassembly_agrees_with_painting_only_blank_octets(pieces: list[tuple[int, int]]) -> None:
    fragments = Fragments()
    canvas: list[int | None] = [None] * 200
    for number, (unit, size) in enumerate(pieces):
        assert fragments.add(1, unit * 8, bytes([number]) * size, False, 0) is None
        for at in range(unit * 8, unit * 8 + size):
            canvas[at] = number if canvas[at] is None else canvas[at]
    blank = [at for at in range(200) if canvas[at] is None]
    whole = None
    for at in blank:
        whole = fragments.add(1, at, b"\xff", at == 199, 0)
    assert whole == bytes(255 if number is None else number for number in canvas)


def test_what_never_becomes_whole_is_counted_and_forgotten_in_time() -> None:
    first, second = fragments4(udp(bytes(100)), [64, 99])
    frames = Frames()
    assert not frames.udp(record(first))
    assert (frames.fragments.waiting, frames.fragments.incomplete) == (1, 1)
    assert not frames.udp(record(second, time=FRAGMENT_TIMEOUT_NS + 1))
    assert (frames.fragments.forgotten, frames.fragments.incomplete) == (1, 2)


def test_reassembly_is_bounded_in_datagrams_and_in_octets() -> None:
    fragments = Fragments(octets=100_000, most=50)
    for key in range(200):
        fragments.add(key, 0, b"x" * 8, False, 0)
    assert (fragments.waiting, fragments.forgotten) == (50, 150)
    for key in range(300, 320):
        fragments.add(key, 0, b"x" * 30_000, False, 0)
    assert fragments.waiting == 3
    for offset in range(0, 65_000, 16):
        fragments.add("tiny", offset, b"x" * 8, False, 0)
    assert fragments.waiting == 1 and fragments.forgotten > 218


def test_fragments_that_cannot_be_true_are_refused() -> None:
    fragments = Fragments()
    fragments.add(1, 65_528, b"x" * 16, False, 0)
    fragments.add(1, 0, b"", False, 0)
    assert (fragments.refused, fragments.waiting) == (2, 0)
    fragments.add(1, 8, b"x" * 8, True, 0)
    fragments.add(1, 16, b"x" * 8, False, 0)
    assert fragments.refused == 3
    fragments.add(2, 16, b"x" * 8, False, 0)
    fragments.add(2, 8, b"x" * 8, True, 0)
    assert fragments.refused == 4
    assert fragments.add(1, 0, b"x" * 8, False, 0) == b"x" * 16


def test_a_fragment_that_runs_on_behind_the_known_end_counts_as_far_as_it_fits() -> None:
    fragments = Fragments()
    fragments.add(1, 0, b"a" * 8, False, 0)
    fragments.add(1, 24, b"c" * 8, True, 0)
    assert fragments.add(1, 0, b"b" * 40, False, 0) == b"a" * 8 + b"b" * 16 + b"c" * 8
    assert (fragments.refused, fragments.overlaps) == (0, 2)


def test_a_first_fragment_that_the_capture_cut_is_read_as_a_cut_datagram() -> None:
    first = fragments4(udp(bytes(2000)), [1480, 999])[0]
    frames = Frames()
    (found,) = frames.udp(record(first[:100], original=len(first)))
    assert (len(found.payload), found.length) == (100 - 42, 2000)
    assert frames.fragments.cut == 1


def test_nesting_without_end_is_given_up() -> None:
    nested = IP
    for _ in range(DEPTH):
        nested = ipv4(nested, 4)
    frames = Frames()
    assert list(frames.udp(record(ethernet(nested)))) == []
    assert frames.too_deep == 1
    assert list(frames.udp(record(ethernet(b"\0\0\x81\0" * 20_000, 0x8100)))) == []


def test_what_is_not_read_is_counted() -> None:
    frames = Frames()
    frames.udp(record(b"\0" * 60, 195))
    frames.udp(record(b"\0" * 60, 195))
    frames.udp(record(ethernet(b"\0" * 28, 0x0806)))
    assert (frames.unsupported, frames.not_ip, frames.datagrams) == ({195: 2}, 3, 0)


def tcp(payload: bytes, sport: int, dport: int) -> bytes:
    return struct.pack("!HHIIBBHHH", sport, dport, 0, 0, 0x50, 0x18, 0, 0, 0) + payload


def test_tcp_segments_that_look_like_signalling_are_named_by_the_servers_port() -> None:
    frames = Frames()
    stun = struct.pack("!HHI", 1, 0, 0x2112A442) + b"\0" * 12
    for payload, sport, dport in (
        (b"INVITE sip:bob@example.com SIP/2.0\r\n", 40000, 5060),
        (b"SIP/2.0 200 OK\r\n", 5060, 40000),
        (b"\x16\x03\x01\2\0\1", 40001, 5061),
        (b"\x16\x03\x03\2\0\2", 5061, 40001),
        (stun, 40002, 3478),
        (struct.pack("!H", len(stun)) + stun, 40003, 9),
        (b"GET / HTTP/1.1\r\n", 40004, 80),
        (b"", 40004, 5060),
    ):
        assert not frames.udp(record(ethernet(ipv4(tcp(payload, sport, dport), 6))))
    assert frames.tcp_seen == {(5060, "SIP"): 2, (5061, "TLS"): 2, (3478, "STUN"): 1, (9, "STUN"): 1}
    assert frames.segments.count == 8


def test_the_table_of_tcp_ports_is_bounded() -> None:
    segments = Segments(most=3)
    for port in range(10):
        segments.add(1, port, b"REGISTER sip:a")
    assert (len(segments.seen), segments.more) == (3, 7)


@given(st.binary(max_size=40))
def test_any_segment_can_be_asked_what_it_looks_like(payload: bytes) -> None:
    what, _ = hint(payload)
    assert what in ("", "SIP", "TLS", "STUN")


@pytest.mark.parametrize("name", EXPECTED)
def test_real_captures_hold_the_datagrams_that_wireshark_finds(name: str) -> None:
    octets = (DATA / name).read_bytes()
    frames, found = Frames(), []
    for captured in walker(octets[:16]).feed(octets):
        for layer, src, dst, sport, dport, _, length in frames.udp(captured):
            ends = (str(ipaddress.ip_address(src)), sport, str(ipaddress.ip_address(dst)), dport)
            found.append((captured.frame, layer, *ends, length))
    assert sorted(found) == sorted(EXPECTED[name])


ALL = [*CARRIED.values(), *CARRIED6.values(), *((1, ethernet(ipv4(udp(p, 9, n)))) for n, p in TUNNELLED.values())]


@pytest.mark.parametrize("place", range(len(ALL)))
def test_every_prefix_of_every_frame_is_read_without_an_exception(place: int) -> None:
    link, octets = ALL[place]
    frames = Frames()
    for cut in range(len(octets)):
        for found in frames.udp(record(octets[:cut], link, len(octets))):
            assert len(found.payload) <= found.length
    assert frames.frames == len(octets)


@given(st.sampled_from(ALL), st.data())
def test_damaged_frames_are_read_without_an_exception(sample: tuple[int, bytes], data: st.DataObject) -> None:
    link, octets = sample[0], bytearray(sample[1])
    for at in data.draw(st.lists(st.integers(0, len(octets) - 1), max_size=5)):
        octets[at] = data.draw(st.integers(0, 255))
    for found in Frames().udp(record(bytes(octets), link)):
        assert len(found.payload) <= max(found.length, 0)
        assert len(found.src) == len(found.dst) in (4, 16)


@given(st.sampled_from(sorted(READERS[LINK])), st.binary(max_size=120), st.integers(0, 200))
def test_any_octets_of_any_link_type_are_read_without_an_exception(link: int, octets: bytes, original: int) -> None:
    frames = Frames()
    frames.udp(record(octets, link, original))
    assert frames.frames == 1
