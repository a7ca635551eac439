"""What the header extensions of a stream carried, as far as it was kept (RFC 8285)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dissectors.mux.counters import Counters
from dissectors.protocols import rtp
from dissectors.wire.values import Struct

ID_OF_PADDING, ID_OF_STOP = 0, 15


class Value(Struct, frozen=True):
    """What a datagram had of an extension; its time in nanoseconds is None where it is not kept."""

    time: int | None
    sequence: int
    data: bytes


Values = Mapping[int, Sequence[Value]]


def values_of(counters: Counters) -> dict[int, list[Value]]:
    """What was kept of the header extensions of a stream, by id and in order."""
    values: dict[int, list[Value]] = {}
    for sequence, octets in counters.extensions:
        for number, data in elements(octets):
            values.setdefault(number, []).append(Value(None, sequence, data))
    sampled = sorted({*counters.sampled, *counters.longer}) if counters.longer else counters.sampled
    for time, sequence, octets in sampled:
        for number, data in rtp.read_elements(int.from_bytes(octets[:2], "big"), octets[4:])[0]:
            values.setdefault(number, []).append(Value(time, sequence, data))
    return values


def elements(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """The elements of a header extension in the one-byte form (RFC 8285 section 4.2): id and data."""
    at = 0
    while at < len(octets):
        number, size = octets[at] >> 4, (octets[at] & 0x0F) + 1
        if number == ID_OF_STOP:
            return
        if number == ID_OF_PADDING:
            at += 1
            continue
        if at + 1 + size > len(octets):
            return
        yield number, octets[at + 1 : at + 1 + size]
        at += 1 + size
