"""What lies below the protocols of a call: flows without number, fragments, TCP that is never finished, tunnels."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from benchmarks.hostile.checks import REQUEST, SERVER, stun
from benchmarks.hostile.frames import (
    DO_NOT_FRAGMENT,
    ETHERNET,
    LARGE,
    MORE_FRAGMENTS,
    UDP,
    Endpoint,
    host,
    ipv4,
    tcp,
    udp,
    udp_header,
)
from benchmarks.hostile.messages import CLIENT_PORT, MEDIA_PORT, SIP_PORT, message, through_server

SYN, ACK = 0x02, 0x10
VXLAN_PORT, GTP_PORT = 4789, 2152
LEVELS = 1000
SHORTEST_PIECE = 8
OVERLAPPING = 4096
"""Fragments of one datagram that overlap."""

BESIDE = 8
"""Foreign datagrams for each OPTIONS."""

FOREIGN: Endpoint = (host(1, 192), 53)
FAR: Endpoint = (host(2, 192), MEDIA_PORT)
SIP_SERVER: Endpoint = (host(1, 192), SIP_PORT)


def foreign(number: int, octets: int) -> bytes:
    """A payload that no protocol of a call begins like."""
    return struct.pack("!BI", 5, number) + bytes(octets - 5)


def lone_datagrams(size: int) -> Iterator[bytes]:
    """So many flows of one datagram each, from as many hosts: in turns foreign, and STUN that nobody answers."""
    for number in range(size):
        server, payload = (SERVER, stun(REQUEST, number)) if number % 2 else (FOREIGN, foreign(number, 32))
        yield udp((host(number), CLIENT_PORT), server, payload)


def options_among_foreign(size: int) -> Iterator[bytes]:
    """So many OPTIONS, each answered and from its own host, and eight flows of foreign traffic beside each."""
    for number in range(size):
        call = through_server(number)
        yield call.ask("OPTIONS", tag="")
        yield call.answer("200 OK", "OPTIONS")
        for each in range(BESIDE):
            yield udp((host(BESIDE * number + each, 11), CLIENT_PORT), FOREIGN, foreign(number, 100))


def ip_fragments(size: int) -> Iterator[bytes]:
    """So many fragments of 8 octets: of datagrams that never become whole or, overlapping and backwards, of a few."""
    octets = udp_header(MEDIA_PORT, MEDIA_PORT, bytes(8))
    for number in range(size):
        datagram, place = divmod(number // 2, OVERLAPPING)
        if number % 2:
            src, identification, offset = host(number >> 16), number & 0xFFFF, 0
            piece = octets[:SHORTEST_PIECE]
        else:
            src, identification, offset = host(1, 11), datagram, 2 * (OVERLAPPING - 1 - place) + 1
            piece = octets + octets[:SHORTEST_PIECE]
        yield ETHERNET + ipv4(UDP, src, FAR[0], piece, identification, MORE_FRAGMENTS | offset)


def tcp_segments(size: int) -> Iterator[bytes]:
    """So many segments: connections that are only begun, and SIP ten octets at a time with a hole in every message."""
    call = through_server(0)
    text = message(f"INVITE {call.uri} SIP/2.0", call.fields(1, "INVITE", ""))
    pieces = [text[at : at + 10] for at in range(0, len(text), 10)]
    for number in range(size):
        connection, piece = divmod(number // 2, len(pieces))
        if number % 2:
            yield tcp((host(number >> 14), 1024 + (number >> 1 & 0x1FFF)), FOREIGN, number, SYN)
        elif piece == len(pieces) // 2:
            yield tcp((host(connection, 11), CLIENT_PORT), SIP_SERVER, 0, SYN)
        else:
            yield tcp((host(connection, 11), CLIENT_PORT), SIP_SERVER, 1 + 10 * piece, ACK, pieces[piece])


def tunnels(size: int) -> Iterator[bytes]:
    """So many frames of 60 kB: a thousand tunnels of VXLAN or GTP, one within the other, each between other hosts."""
    vxlan = struct.pack("!II", 0x08000000, 0) + ETHERNET
    for number in range(size):
        port, begin = (VXLAN_PORT, vxlan) if number % 2 else (GTP_PORT, None)
        octets = 20 + 8 + (len(vxlan) if begin else 8)
        levels = LARGE // octets
        frame = [ETHERNET]
        for level in range(levels):
            left = octets * (levels - level) - 20
            inner = left - 16
            frame.append(_header(number, level, left))
            frame.append(struct.pack("!HHHH", port, port, left, 0))
            frame.append(begin or struct.pack("!BBHI", 0x30, 255, inner, number))
        yield b"".join(frame)


def _header(number: int, level: int, left: int) -> bytes:
    """The IPv4 header of one level with `left` octets behind it; its checksum is not kept."""
    src, dst = 0x0A000000 + number, 0x0B000000 + level
    return struct.pack("!BBHHHBBHII", 0x45, 0, 20 + left, 0, DO_NOT_FRAGMENT, 64, UDP, 0, src, dst)
