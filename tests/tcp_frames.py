"""TCP by hand: segments in frames, and a conversation that becomes records."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from dissectors.engine.engine import Engine
from dissectors.mux.connection import Whole
from dissectors.mux.scan import Scanner
from dissectors.report import Report
from dissectors.wire.captures.records import Record
from dissectors.wire.inflate import LIMITS
from dissectors.wire.tcp import ACK, SYN, Segment
from tests.made import ETHERNET

A, B = (b"\xc0\0\2\1", 40_000), (b"\xc0\0\2\2", 5060)
Endpoint = tuple[bytes, int]
Sent = tuple[Endpoint, bytes]
"""Who sends, and what."""

FIRST = 0xFFFF_FF00
"""Where sequence numbers begin: they wrap soon."""

SECOND_NS = 1_000_000_000


def segment(
    src: Endpoint, dst: Endpoint, at: int, payload: bytes = b"", flags: int = ACK, acknowledged: int = 0, cut: int = 0
) -> Segment:
    """A segment whose octets begin at a place; `cut` octets of it were not captured."""
    held = payload[: len(payload) - cut] if cut else payload
    return Segment(*src, *dst, at & 0xFFFFFFFF, acknowledged & 0xFFFFFFFF, flags, held, len(payload))


def frame(one: Segment) -> bytes:
    """The segment in a frame of Ethernet."""
    tcp = struct.pack("!HHIIBBHHH", one.sport, one.dport, one.sequence, one.acknowledgement, 0x50, one.flags, 0, 0, 0)
    total = 40 + one.length
    if len(one.src) == 16:
        ip = struct.pack("!IHBB", 6 << 28, 20 + one.length, 6, 64) + one.src + one.dst
        return bytes(12) + b"\x86\xdd" + ip + tcp + one.payload
    ip = struct.pack("!BBHHHBBH", 0x45, 0, total, 7, 0, 64, 6, 0) + one.src + one.dst
    return bytes(12) + b"\x08\0" + ip + tcp + one.payload


def conversation(
    sent: Iterable[Sent], ends: tuple[Endpoint, Endpoint] = (A, B), opened: bool = True, size: int = 1400
) -> list[Segment]:
    """The segments of a connection, opened by the first end, of at most `size` octets each."""
    one, two = ends
    at = {one: FIRST, two: FIRST + 77}
    made = []
    if opened:
        made.append(segment(one, two, at[one], b"", SYN))
        made.append(segment(two, one, at[two], b"", SYN | ACK, at[one] + 1))
        at = {end: place + 1 for end, place in at.items()}
    for src, octets in sent:
        dst = two if src == one else one
        for start in range(0, len(octets), size):
            part = octets[start : start + size]
            made.append(segment(src, dst, at[src], part, ACK, at[dst]))
            at[src] += len(part)
    return made


def records(segments: Iterable[Segment], every: int = 20_000_000, first: int = 1) -> list[tuple[int, Record]]:
    """Records of one capture, a segment each."""
    made = []
    for number, one in enumerate(segments, first):
        octets = frame(one)
        made.append((0, Record(number, number * every, ETHERNET, octets, len(octets) + one.length - len(one.payload))))
    return made


def report(made: Iterable[tuple[int, Record]], scanner: Any = None) -> Report:
    """The report on records."""
    scanner, engine = scanner or Scanner(), Engine(LIMITS)
    for batch in scanner.scan(made):
        engine.feed(batch)
    engine.feed(scanner.finish(engine.announced()))
    return engine.report(scanner, ())


def payloads(messages: Sequence[Whole] | Iterator[Whole]) -> list[bytes]:
    return [whole.payload for whole in messages]
