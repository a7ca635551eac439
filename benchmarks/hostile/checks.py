"""STUN and TURN: checks from everywhere, attributes without end, relays within relays."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from benchmarks.hostile.frames import LARGE, Endpoint, host, udp
from benchmarks.hostile.messages import CLIENT_PORT

COOKIE = 0x2112A442
REQUEST, SUCCESS, SEND = 0x0001, 0x0101, 0x0016
USERNAME, XOR_PEER, DATA, XOR_MAPPED, PRIORITY, UNKNOWN, SOFTWARE = 0x06, 0x12, 0x13, 0x20, 0x24, 0x7F00, 0x8022

SERVER: Endpoint = (host(1, 192), 3478)
CHANNEL, CHANNELS = 0x4000, 0x1000
LEVELS, OUTER = 1000, 8
"""How deep relayed data is nested, and how many levels of that differ from datagram to datagram."""


def attribute(kind: int, value: bytes) -> bytes:
    """An attribute with its padding."""
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def stun(kind: int, number: int, *attributes: bytes) -> bytes:
    """A STUN message of the transaction of that number."""
    body = b"".join(attributes)
    return struct.pack("!HHIIQ", kind, len(body), COOKIE, 0, number) + body


def mapped(number: int) -> bytes:
    """XOR-MAPPED-ADDRESS or, of another type, any address that is xored likewise."""
    return struct.pack("!BBHI", 0, 1, number & 0xFFFF ^ COOKIE >> 16, 0x0A000000 + number ^ COOKIE)


def ice_checks(size: int) -> Iterator[bytes]:
    """So many connectivity checks from as many ports, half of them answered, and as many on one, answered late."""
    near: Endpoint = (host(0, 11), CLIENT_PORT)
    late = size // 2
    for number in range(size):
        src = (host(number >> 15), 1024 + (number & 0x7FFF))
        check = stun(REQUEST, number, attribute(USERNAME, f"far:{number:x}".encode()), attribute(PRIORITY, b"\0\0\0\1"))
        yield udp(src, SERVER, check)
        if number % 2:
            yield udp(SERVER, src, stun(SUCCESS, number, attribute(XOR_MAPPED, mapped(number))))
        yield udp(near, SERVER, stun(REQUEST, size + number))
        if number >= late:
            yield udp(SERVER, near, stun(SUCCESS, size + number - late, attribute(XOR_MAPPED, mapped(number))))


def stun_attributes(size: int) -> Iterator[bytes]:
    """So many requests of one 5-tuple with thousands of attributes: empty ones, unknown ones, the same one again."""
    for number in range(size):
        which = number % 3
        if which == 0:
            attributes = b"".join(struct.pack("!HH", UNKNOWN + each % 128, 0) for each in range(LARGE // 4))
        elif which == 1:
            attributes = b"".join(struct.pack("!HHII", UNKNOWN, 8, number, each) for each in range(LARGE // 12))
        else:
            attributes = attribute(SOFTWARE, b"x") * (LARGE // 8)
        yield udp((host(0), CLIENT_PORT), SERVER, stun(REQUEST, number, attributes))


def stun_names(size: int) -> Iterator[bytes]:
    """So many requests, each from a port of its own, whose USERNAME and SOFTWARE of 30 kB nobody else has."""
    for number in range(size):
        src = (host(number >> 15), 1024 + (number & 0x7FFF))
        long = f"{number:08x}".encode() * (LARGE // 2 // 8)
        yield udp(src, SERVER, stun(REQUEST, number, attribute(USERNAME, long), attribute(SOFTWARE, b"s" + long[1:])))


def turn_nested(size: int) -> Iterator[bytes]:
    """So many times relayed data that holds relayed data a thousand levels deep, in channels or Send indications."""
    near: Endpoint = (host(0), CLIENT_PORT)
    channels, indications = _channels(0, LEVELS, b""), _indications(0, LEVELS, b"")
    yield udp(near, SERVER, stun(REQUEST, 0))
    for number in range(size):
        nested = _indications if number % 2 else _channels
        yield udp(near, SERVER, nested(number, OUTER, indications if number % 2 else channels))


def _channels(number: int, levels: int, inner: bytes) -> bytes:
    sizes = [len(inner) + 4 * (levels - level - 1) for level in range(levels)]
    channels = [CHANNEL + (OUTER * number + level) % CHANNELS for level in range(levels)]
    return b"".join([struct.pack("!HH", *each) for each in zip(channels, sizes, strict=True)]) + inner


def _indications(number: int, levels: int, inner: bytes) -> bytes:
    """The lengths are known from the innermost one on, so that nothing is copied level by level."""
    heads, size = [], len(inner)
    for level in range(levels):
        address = attribute(XOR_PEER, mapped(OUTER * number + level))
        head = struct.pack("!HHIIQ", SEND, len(address) + 4 + size, COOKIE, 0, number)
        heads.append(head + address + struct.pack("!HH", DATA, size))
        size += len(heads[-1])
    return b"".join(reversed(heads)) + inner
