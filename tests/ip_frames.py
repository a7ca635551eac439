"""Frames by hand: UDP in IP behind every link layer and in every tunnel."""

from __future__ import annotations

import struct

from dissectors.wire.captures.records import Record
from dissectors.wire.link.frames import Udp

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


HELLO = Udp(0, A, B, 16402, 16403, b"hello", 5, 1)
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
