"""Sequence numbers that a sender left out without leaving out a packet: its timestamps have no room for one.

The sequence number increments by one for each packet that is sent (RFC 3550 section 5.1). A sender that counts two
streams together, or each packet twice, leaves out numbers; but its frames come one behind the other all the same.
"""

from __future__ import annotations

from dissectors.analysis.streams.protection import FRAMES
from dissectors.mux.counters import Counters

MIN_LEFT_OUT, MIN_LEFT_OUT_SHARE = 10, 0.05
"""So many numbers, and such a share of all, are left out by a sender that counts wrongly."""

MAX_MISSING_SHARE = 0.25
"""What share of these may be missing by the timestamps, too."""


def left_out(counters: Counters, codec: str | None) -> int:
    """How many of the numbers that seem lost stand for no packet; 0 where that is unclear.

    That is told of media in real time, of one payload type and with one timestamp for each packet.
    """
    lost = counters.lost
    if lost < MIN_LEFT_OUT or lost < MIN_LEFT_OUT_SHARE * counters.expected or counters.pictures is not None:
        return 0
    if counters.jumps or counters.restarts or counters.events or len(counters.sizes) != 1:
        return 0
    came = counters.packets - counters.duplicates
    frame = _frame(counters, codec)
    if not frame:
        return 0
    missing = max(0, round(counters.elapsed / frame) - came + 1)
    return lost - missing if missing <= MAX_MISSING_SHARE * lost else 0


def _frame(counters: Counters, codec: str | None) -> int | None:
    """The least timestamp step between packets whose numbers follow; where none do, what the payloads are long."""
    if counters.steps:
        return max(0, min(counters.steps))
    ((_, _, smallest, largest),) = counters.sizes.values()
    fitting = (largest // octets * units for octets, units in FRAMES.get((codec or "").lower(), ()))
    return next(fitting, 0) if smallest == largest else 0
