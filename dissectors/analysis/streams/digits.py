"""Telephone events: the keys that a caller pressed (RFC 4733)."""

from __future__ import annotations

from collections.abc import Collection

from dissectors.mux.counters import FLASH, Counters
from dissectors.report import Certainty, Digit, Place

EVENTS = {**dict(enumerate("0123456789*#ABCD")), FLASH: "flash"}
END = 0x80
EVENT = "telephone-event"
EVENT_CLOCK = 8000
"""The clock that telephone-event has unless its rtpmap says otherwise (RFC 4733 section 2.1)."""

MAX_DURATION_WITHOUT_NAME = 8000
"""Timestamp units (a second at 8000 Hz) beyond which four octets that nobody called an event are not taken for one."""

MIN_DATAGRAMS_OF_ONE_DIGIT = 3
"""What a stream of nothing but events has for each of them at least: the last one alone is sent three times."""


def digits(counters: Counters, types: Collection[int], named: Collection[int], clock: int | None) -> tuple[Digit, ...]:
    """The keys in the order in which they were pressed, of these payload types; the SDP gives that name to `named`."""
    if not counters.events:
        return ()
    found: list[Digit] = []
    for (payload_type, _), (first, _, octets, frame) in sorted(counters.events.items(), key=lambda event: event[1][0]):
        if payload_type not in types:
            continue
        sure: Certainty = "certain" if payload_type in named else "medium"
        length = 1000 * _duration(octets) / clock if clock else None
        found.append(Digit(EVENTS[octets[0]], first / 1e9, length, sure, Place(*frame)))
    return tuple(found)


def evident(counters: Counters) -> set[int]:
    """The payload types that nobody named and that carry nothing but what reads as telephone events.

    Each event must be marked as ended and be no longer than a key is held; events that have a stream for themselves
    must also repeat themselves, as RFC 4733 section 2.5.1.4 wants it.
    """
    types = {payload_type for payload_type, _ in counters.events}
    return {payload_type for payload_type in types if _reads_as_events(counters, payload_type)}


def _reads_as_events(counters: Counters, payload_type: int) -> bool:
    packets, _, smallest, largest = counters.sizes[payload_type]
    events = [octets for (each, _), (_, _, octets, _) in counters.events.items() if each == payload_type]
    if not events or not smallest == largest == len(events[0]):
        return False
    ended = all(octets[1] & END and 0 < _duration(octets) <= MAX_DURATION_WITHOUT_NAME for octets in events)
    return ended and (len(counters.sizes) > 1 or packets >= MIN_DATAGRAMS_OF_ONE_DIGIT * len(events))


def _duration(octets: bytes) -> int:
    return octets[2] << 8 | octets[3]
