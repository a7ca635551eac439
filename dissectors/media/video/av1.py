"""AV1 out of RTP payloads (RTP Payload Format For AV1, version 1.0): elements become OBUs with sizes in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dissectors.media.video.frame import Frame
from dissectors.wire.errors import Malformed

CONTINUES, GOES_ON, COUNT, NEW_SEQUENCE = 0x80, 0x40, 0x30, 0x08
"""The bits Z, Y, W and N of the aggregation header (section 4.4)."""

SEQUENCE_HEADER, TEMPORAL_DELIMITER, TILE_LIST = 1, 2, 8
HAS_EXTENSION, HAS_SIZE = 0x04, 0x02
MAX_SIZE_OCTETS = 8


def av1(payloads: Sequence[bytes]) -> Frame:
    """A temporal unit of AV1; raises Malformed."""
    units, configuration, key = [], b"", False
    for number, payload in enumerate(payloads):
        key |= not number and bool(payload) and bool(payload[0] & NEW_SEQUENCE)
    for element in _elements(payloads):
        kind = element[0] >> 3 & 15
        if kind in (TEMPORAL_DELIMITER, TILE_LIST):
            continue
        unit = _sized(element)
        if kind == SEQUENCE_HEADER:
            configuration = unit
        units.append(unit)
    if not units:
        raise Malformed("AV1", 0, "a unit without bytes")
    return Frame(b"".join(units), key or bool(configuration), configuration)


def _elements(payloads: Sequence[bytes]) -> Iterator[bytes]:
    """The OBUs, those whole that several payloads hold."""
    held: bytes | None = None
    for payload in payloads:
        if not payload:
            raise Malformed("AV1", 0, "a payload without bytes")
        elements = _split(payload)
        if bool(payload[0] & CONTINUES) != (held is not None) or not elements:
            raise Malformed("AV1", 0, "a piece of a unit is missing")
        if held is not None:
            elements[0] = held + elements[0]
            held = None
        if payload[0] & GOES_ON:
            held = elements.pop()
        for element in elements:
            if not element:
                raise Malformed("AV1", 1, "a unit without bytes")
            yield element
    if held is not None:
        raise Malformed("AV1", 0, "the end of a unit is missing")


def _split(payload: bytes) -> list[bytes]:
    """The elements of a payload: all behind their sizes, or but the last of a number of them."""
    count, at, found = (payload[0] & COUNT) >> 4, 1, list[bytes]()
    while at < len(payload):
        if count and len(found) == count - 1:
            found.append(payload[at:])
            return found
        size, at = _leb128(payload, at)
        if at + size > len(payload):
            raise Malformed("AV1", at, f"a unit needs {size} bytes, {len(payload) - at} are left")
        found.append(payload[at : at + size])
        at += size
    return found


def _leb128(payload: bytes, at: int) -> tuple[int, int]:
    """A number in groups of seven bits, and where it ends."""
    value = 0
    for number in range(MAX_SIZE_OCTETS):
        if at >= len(payload):
            break
        value |= (payload[at] & 0x7F) << 7 * number
        at += 1
        if not payload[at - 1] & 0x80:
            return value, at
    raise Malformed("AV1", at, "a size does not end")


def _sized(element: bytes) -> bytes:
    """An OBU with its size."""
    if element[0] & HAS_SIZE:
        return element
    head = 2 if element[0] & HAS_EXTENSION else 1
    size, octets = len(element) - head, []
    if size < 0:
        raise Malformed("AV1", 0, "a unit without its header")
    while True:
        octets.append(size & 0x7F | 0x80 * (size > 0x7F))
        size >>= 7
        if not size:
            break
    return bytes((element[0] | HAS_SIZE,)) + element[1:head] + bytes(octets) + element[head:]
