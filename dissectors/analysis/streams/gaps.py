"""Where a stream's sequence numbers broke off: did the sender begin anew, or did it go on unseen?

A sender that begins anew takes its sequence number and its timestamp at random (RFC 3550 section 5.1). Where both moved
as far as the time that passed has it, the sender went on, and what it sent is not in the capture.
"""

from __future__ import annotations

from dissectors.mux.counters import Counters
from dissectors.report import Gap, Place

TOLERATED_SHARE = 0.01
TOLERATED_SECONDS = 0.5
TOLERATED_NUMBERS = 50
"""How far timestamp and sequence number may be from where time would have them: a part of the way, and some besides."""

SEQUENCE_NUMBERS, TIMESTAMPS = 1 << 16, 1 << 32


def gaps(counters: Counters, rate: float | None) -> tuple[Gap, ...]:
    """The breaks of a stream in which its sender went on; `rate` is timestamp units a second, None where unknown."""
    each = _units_a_number(counters) if counters.breaks else None
    if not rate or not each:
        return ()
    found = []
    for before, after, numbers, units, frame in counters.breaks:
        seconds = (after - before) / 1e9
        went = _nearest(units, TIMESTAMPS, rate * seconds, TOLERATED_SHARE, TOLERATED_SECONDS * rate)
        if not went:
            continue
        sent = _nearest(numbers, SEQUENCE_NUMBERS, went / each, 5 * TOLERATED_SHARE, TOLERATED_NUMBERS)
        if sent:
            found.append(Gap(before / 1e9, seconds, sent - 1, Place(*frame)))
    return tuple(found)


def _units_a_number(counters: Counters) -> float | None:
    """Timestamp units between neighbours, on average over all steps between them; None where there are none."""
    count = sum(counters.steps.values()) + counters.other_steps
    units = sum(step * times for step, times in counters.steps.items()) + counters.other_ticks
    return units / count if count and units > 0 else None


def _nearest(moved: int, size: int, wanted: float, part: float, besides: float) -> int | None:
    """`moved`, known modulo `size`, as near to `wanted` as it can be; None where that is not near."""
    found = moved + round((wanted - moved) / size) * size
    return found if found > 0 and abs(found - wanted) <= part * wanted + besides else None
