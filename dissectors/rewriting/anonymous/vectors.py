"""Octets of TLS that become random, but for what counts those behind it: readers must not be led astray."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.rewriting.anonymous.pseudonyms import Pseudonyms

STAMP, STAMP_EXTENSIONS = 47, 41
"""Octets that a stamp of a log of certificates has at least, and where it says how much extends it."""

TICKET_AGE, MAX_VECTORS = 4, 3
"""Octets of the age of a ticket, and how deep vectors nest at most."""


def counted(value: bytes, names: Pseudonyms) -> bytes:
    """Random octets, but for what counts the octets behind it, in vectors within vectors (RFC 8446 section 3.4)."""
    out = bytearray(names.octets("extension", value, len(value)))
    if not _tickets(value, out):
        _counts(value, 0, len(value), out, 0)
    return bytes(out)


def _tickets(value: bytes, out: bytearray) -> bool:
    """Whether these are keys of earlier sessions: names with their age, and binders (RFC 8446 section 4.2.11)."""
    end = 2 + int.from_bytes(value[:2], "big")
    places, at = [0, end], 2
    while at + 2 < end:
        places.append(at)
        at += 2 + int.from_bytes(value[at : at + 2], "big") + TICKET_AGE
    binders = list(_vectors(value, end + 2, len(value), 1))
    if at != end or not binders or binders[-1][1] != len(value):
        return False
    for place in (*places, *(begin - 1 for begin, _ in binders)):
        size = 2 if place in places else 1
        out[place : place + size] = value[place : place + size]
    return True


def _counts(value: bytes, at: int, end: int, out: bytearray, depth: int) -> None:
    if _stamps(value, at, end, out):
        return
    for size in (2, 1):
        vectors = list(_vectors(value, at, end, size))
        if vectors and vectors[-1][1] == end and depth < MAX_VECTORS:
            for begin, stop in vectors:
                out[begin - size : begin] = value[begin - size : begin]
                _counts(value, begin, stop, out, depth + 1)
            return


def _stamps(value: bytes, at: int, end: int, out: bytearray) -> bool:
    """Whether this is the stamp of a log: its version stays, and how much extends and signs it (RFC 6962, 3.2)."""
    place = at + STAMP_EXTENSIONS
    if end - at < STAMP or value[at]:
        return False
    behind = place + 2 + int.from_bytes(value[place : place + 2], "big")
    if behind + 4 > end or behind + 4 + int.from_bytes(value[behind + 2 : behind + 4], "big") != end:
        return False
    for begin, stop in ((at, at + 1), (place, place + 2), (behind, behind + 4)):
        out[begin:stop] = value[begin:stop]
    return True


def _vectors(value: bytes, at: int, end: int, size: int) -> Iterator[tuple[int, int]]:
    """Where vectors begin and end that follow one another, each behind its length."""
    while at + size <= end:
        begin = at + size
        at = begin + int.from_bytes(value[at:begin], "big")
        if at > end:
            return
        yield begin, at
