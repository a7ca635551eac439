"""Telephone events: the keys that a caller pressed (RFC 4733)."""

from __future__ import annotations

from collections.abc import Collection

from dissectors.mux.counters import FLASH, Counters
from dissectors.mux.marks import Frame
from dissectors.report import Certainty, Digit, Place
from dissectors.wire.values import replace

EVENTS = {**dict(enumerate("0123456789*#ABCD")), FLASH: "flash"}
END = 0x80
EVENT = "telephone-event"
EVENT_CLOCK = 8000
"""The clock that telephone-event has unless its rtpmap says otherwise (RFC 4733 section 2.1)."""

MAX_DURATION_WITHOUT_NAME = 8000
"""Timestamp units (a second at 8000 Hz) beyond which four octets that nobody called an event are not taken for one."""

MAX_STEP_NS = 100_000_000
"""The datagrams of one key are no further apart."""

Event = tuple[int, int, bytes, Frame]
"""Times of the first and the last datagram of a timestamp in nanoseconds, the last payload, and the first frame."""

MIN_DATAGRAMS_OF_ONE_DIGIT = 3
"""What a stream of nothing but events has for each of them at least: the last one alone is sent three times."""


def digits(counters: Counters, types: Collection[int], named: Collection[int], clock: int | None) -> tuple[Digit, ...]:
    """The keys in the order in which they were pressed, of these payload types; the SDP gives that name to `named`."""
    if not counters.events:
        return ()
    found: list[Digit] = []
    before: Event | None = None
    moment = 0
    for (payload_type, timestamp), event in sorted(counters.events.items(), key=lambda event: event[1][0]):
        if payload_type not in types:
            continue
        first, _, octets, frame = event
        length = 1000 * _duration(octets) / clock if clock else None
        if before is not None and _goes_on(before, event, timestamp - moment & 0xFFFFFFFF):
            found[-1] = replace(found[-1], duration_ms=length, timestamps=found[-1].timestamps + 1)
        else:
            sure: Certainty = "certain" if payload_type in named else "medium"
            found.append(Digit(EVENTS[octets[0]], first / 1e9, length, sure, Place(*frame)))
        before, moment = event, timestamp
    return tuple(found)


def _goes_on(before: Event, event: Event, later: int) -> bool:
    """Whether one key goes on under another timestamp, so much later, against RFC 4733 section 2.5.1.2.

    It grows from datagram to datagram, or its end comes again before it can have been pressed again; who presses a key
    twice begins at no duration.
    """
    began, until, octets, _ = before
    first, last, latter, _ = event
    if octets[0] != latter[0] or first - until > MAX_STEP_NS:
        return False
    if octets[1] & END:
        return latter == octets and first == last and later < _duration(latter)
    return began == until and _duration(octets) < _duration(latter)


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
