"""Where a stream's sequence numbers broke off: did the sender begin anew, or did it go on unseen?

A sender that begins anew takes its sequence number and its timestamp at random (RFC 3550 section 5.1). Where both moved
as far as the time that passed has it, the sender went on, and what it sent is not in the capture. The same is true of a
long pause behind which the numbers are ahead: a path, or a capture, that stood still for so long has no rate of loss.
"""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.mux.counters import MAX_DROPOUT, Counters
from dissectors.mux.marks import Pause
from dissectors.report import Gap, Place

TOLERATED_SHARE = 0.01
TOLERATED_SECONDS = 0.5
TOLERATED_NUMBERS = 50
"""How far timestamp and sequence number may be from where time would have them: a part of the way, and some besides."""

MIN_PAUSE_NS = 5_000_000_000
MIN_SENT_SHARE = 0.5
"""How long a pause is at least, and what share of the usual was sent meanwhile, by the numbers."""

SEQUENCE_NUMBERS, TIMESTAMPS = 1 << 16, 1 << 32


def gaps(counters: Counters, rate: float | None) -> tuple[Gap, ...]:
    """The breaks of a stream in which its sender went on; `rate` is timestamp units a second, None where unknown."""
    long = [pause for pause in counters.pauses if pause.size >= MIN_PAUSE_NS and 1 < pause.numbers < MAX_DROPOUT]
    each = _units_a_number(counters) if counters.breaks or long else None
    if not rate or not each:
        return ()
    found = [*_pauses(long, rate, each)]
    for before, after, numbers, units, frame in counters.breaks:
        seconds = (after - before) / 1e9
        went = _nearest(units, TIMESTAMPS, rate * seconds, TOLERATED_SHARE, TOLERATED_SECONDS * rate)
        if not went:
            continue
        sent = _nearest(numbers, SEQUENCE_NUMBERS, went / each, 5 * TOLERATED_SHARE, TOLERATED_NUMBERS)
        if sent:
            found.append(Gap(before / 1e9, seconds, sent - 1, Place(*frame)))
    return tuple(sorted(found, key=_start))


def _start(gap: Gap) -> float:
    return gap.start


def _pauses(long: list[Pause], rate: float, each: float) -> Iterator[Gap]:
    """Those in which the sender went on."""
    for pause in long:
        seconds = pause.size / 1e9
        went = _nearest(pause.step, TIMESTAMPS, rate * seconds, TOLERATED_SHARE, TOLERATED_SECONDS * rate)
        if went and pause.numbers >= MIN_SENT_SHARE * went / each:
            start = (pause.time - pause.size) / 1e9
            yield Gap(start, seconds, pause.numbers - 1, Place(*pause.frame), True)


def missed(found: tuple[Gap, ...]) -> tuple[int, int]:
    """In how many of the gaps that the loss counts how many datagrams are missing."""
    if not found:
        return 0, 0
    counted = [gap.missing for gap in found if gap.counted]
    return len(counted), sum(counted)


def _units_a_number(counters: Counters) -> float | None:
    """Timestamp units between neighbours, on average over all steps between them; None where there are none."""
    count = sum(counters.steps.values()) + counters.other_steps
    units = sum(step * times for step, times in counters.steps.items()) + counters.other_ticks
    return units / count if count and units > 0 else None


def _nearest(moved: int, size: int, wanted: float, part: float, besides: float) -> int | None:
    """`moved`, known modulo `size`, as near to `wanted` as it can be; None where that is not near."""
    found = moved + round((wanted - moved) / size) * size
    return found if found > 0 and abs(found - wanted) <= part * wanted + besides else None
