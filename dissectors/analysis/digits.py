"""Telephone events: the keys that a caller pressed (RFC 4733)."""

from __future__ import annotations

from collections.abc import Collection

from dissectors.analysis.report import Certainty, Digit
from dissectors.mux.counters import Counters

EVENTS = {**dict(enumerate("0123456789*#ABCD")), 16: "flash"}
END, RESERVED = 0x80, 0x40
LONGEST_WITHOUT_NAME = 8000
"""Timestamp units (a second at 8000 Hz) beyond which four octets that nobody called an event are not taken for one."""


def digits(counters: Counters, named: Collection[int], clock: int | None) -> tuple[Digit, ...]:
    """The keys in the order in which they were pressed.

    `named` are the payload types that the SDP calls telephone-event. Without such a name four octets count only where
    they read as an event with its end marked, among media of another payload type.
    """
    found: list[Digit] = []
    for (payload_type, _), (first, _, octets) in sorted(counters.events.items(), key=lambda event: event[1][0]):
        sure: Certainty = "certain" if payload_type in named else "medium"
        duration = octets[2] << 8 | octets[3]
        if octets[0] not in EVENTS or octets[1] & RESERVED:
            continue
        if sure != "certain" and not _looks_like_one(counters, payload_type, octets, duration):
            continue
        length = 1000 * duration / clock if clock else None
        found.append(Digit(EVENTS[octets[0]], first / 1e9, length, sure))
    return tuple(found)


def _looks_like_one(counters: Counters, payload_type: int, octets: bytes, duration: int) -> bool:
    sizes = counters.sizes.get(payload_type)
    alone = sizes is not None and sizes[2] == sizes[3] == 4 and len(counters.sizes) > 1
    return alone and payload_type >= 96 and bool(octets[1] & END) and 0 < duration <= LONGEST_WITHOUT_NAME
