"""The moments of a stream, as the report tells them, in order of time."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from dissectors.analysis.streams.alternation import alternations
from dissectors.analysis.streams.levels import ClockStep
from dissectors.analysis.streams.silence import rhythms
from dissectors.mux.counters import MAX_DROPOUT, Counters
from dissectors.mux.marks import Frame, Leap
from dissectors.report import Gap, Mark, MarkKind, Place

MAX_TIMES_USUAL = 4.0
"""How many times the usual step of its numbers a timestamp may have moved, either way, to have gone with them."""

_time = attrgetter("time")


def marks(
    counters: Counters, rate: float | None, frame: int | None, steps: Sequence[ClockStep], unseen: Sequence[Gap]
) -> tuple[Mark, ...]:
    """What happened; `rate` is timestamp units a second, `frame` the usual step, None where they are unknown.

    `steps` are those of the sender's clock. Where the sender went on `unseen`, its numbers began nothing anew.
    """
    if not steps and _is_even(counters):
        return ()
    found = _of_timestamps(counters, rate, frame or 0, steps)
    found += _of_numbers(counters, unseen)
    found += _of_sources(counters, rate)
    return tuple(found) if len(found) < 2 else tuple(sorted(found, key=_time))


def _is_even(counters: Counters) -> bool:
    """Whether a stream has nothing of what marks are made of, as most have not."""
    if counters.leaps or counters.pauses or counters.surprises or counters.rhythms or counters.breaks:
        return False
    if counters.first_late is not None or counters.first_twice is not None or counters.worst_loss is not None:
        return False
    return min(counters.steps, default=0) >= 0


def _of_timestamps(
    counters: Counters, rate: float | None, frame: int, steps: Sequence[ClockStep]
) -> list[Mark]:
    found = []
    for leap in _unexplained(counters, rate):
        moved = leap.step - (frame * leap.numbers if leap.numbers < MAX_DROPOUT else 0)
        length = 1000 * moved / rate if rate else None
        found.append(Mark("jump", leap.time / 1e9, Place(*leap.frame), moved, length, leap.timestamp))
    for step in steps:
        later = -1000 * step.units / rate if rate else None
        found.append(Mark("step", step.time / 1e9, Place(*step.frame), -round(step.units), later))
    for pause in counters.pauses:
        found.append(Mark("pause", pause.time / 1e9, Place(*pause.frame), pause.step, pause.size / 1e6))
    surprises = counters.surprises
    if surprises:
        worst = surprises[0] if len(surprises) == 1 else max(surprises, key=lambda each: abs(each.size))
        late = -1000 * worst.size / rate if rate else None
        found.append(Mark("irregular", worst.time / 1e9, Place(*worst.frame), -round(worst.size), late))
    lengths = rhythms(counters) if counters.rhythms else ()
    for each in lengths if len(lengths) > 1 else ():
        length = 1000 * each.step / rate if rate else None
        found.append(Mark("rhythm", each.first / 1e9, Place(*each.frame), each.step, length))
    return found


def _unexplained(counters: Counters, rate: float | None) -> Sequence[Leap]:
    """The jumps of timestamps that do not go with a jump of the numbers, as those of what came out of order do."""
    if not counters.reordered or not rate or not counters.leaps:
        return counters.leaps
    seconds = (counters.last - counters.first) / 1e9
    usual = rate * seconds / max(1, counters.packets + counters.lost)
    return [leap for leap in counters.leaps if not _with_its_number(leap, usual)] if usual else counters.leaps


def _with_its_number(leap: Leap, usual: float) -> bool:
    """Whether a timestamp moved about as far as its number did, given the usual step of one number."""
    numbers = (leap.numbers + 0x8000 & 0xFFFF) - 0x8000
    if numbers in (0, 1) or abs(numbers) > MAX_DROPOUT:
        return False
    return 1 / MAX_TIMES_USUAL <= leap.step / (numbers * usual) <= MAX_TIMES_USUAL


def _of_sources(counters: Counters, rate: float | None) -> list[Mark]:
    times = alternations(counters, rate)
    if not times:
        return []
    time, frame = (counters.leaps[0].time, counters.leaps[0].frame) if counters.leaps else (
        counters.first, counters.first_frame
    )
    return [Mark("alternation", time / 1e9, Place(*frame), times)]


def _of_numbers(counters: Counters, unseen: Sequence[Gap]) -> list[Mark]:
    found = []
    if counters.worst_loss is not None:
        missing, time, frame = counters.worst_loss
        found.append(Mark("loss", time / 1e9, Place(*frame), missing))
    began: tuple[tuple[MarkKind, tuple[int, Frame] | None], ...] = (
        ("late", counters.first_late), ("twice", counters.first_twice)
    )
    for kind, first in began:
        if first is not None:
            found.append(Mark(kind, first[0] / 1e9, Place(*first[1])))
    expected = {gap.start for gap in unseen}
    for before, after, numbers, _, frame in counters.breaks:
        if before / 1e9 not in expected:
            found.append(Mark("restart", after / 1e9, Place(*frame), numbers))
    return found
