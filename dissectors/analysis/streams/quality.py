"""How a stream will have sounded, and what it was like over time."""

from __future__ import annotations

from functools import lru_cache, partial

from dissectors.analysis.streams import emodel
from dissectors.analysis.streams.clock import frame
from dissectors.mux.counters import CLOCKS, Counters
from dissectors.report import Moment, Quality, Repair, Scale

ASSUMED_DELAY_MS = 100.0
"""Milliseconds from mouth to ear where nothing better is known."""

MAX_REMEMBERED = 64
"""Of so many pairs of codec and delay it is remembered how streams without loss sound."""

SILENCE_OCTETS = 7
"""A payload of AMR-WB that describes silence (RFC 4867)."""

G723_FRAME_UNITS = 240
"""Timestamp units in a frame of G.723.1: 30 ms at 8000 Hz."""


def quality(
    counters: Counters, codec: str | None, round_trip_ms: float | None, clock_ok: bool, mended: Repair | None,
    gaps: int = 0, missing: int = 0, miscounted: int = 0,
) -> Quality:
    """The report's value; `clock_ok` is False for a capture that is not in real time, of which no score is given.

    What was repaired in time is no loss to the listener. The score is of what was heard: it leaves out what is missing
    in so many long gaps, and numbers that were `miscounted`.
    """
    delay = max(ASSUMED_DELAY_MS, (round_trip_ms or 0.0) / 2)
    runs, longest = counters.loss_runs
    if not runs and clock_ok and not missing and not counters.lost:
        whole = of_a_whole_stream(codec, delay)
        if whole is not None:
            return whole
    lost = heard_missing(max(0, counters.lost - missing - miscounted), mended)
    known = emodel.impairment(codec, partial(_frame_octets, counters), partial(_payload_octets, counters))
    why = ""
    if known is None:
        why = f"not defined for {codec or 'an unknown codec'}"
    elif not clock_ok:
        why = "not captured in real time"
    elif lost and known.bpl is None:
        why = f"not defined for {known.name} with loss: no Bpl is published for it"
    if known is None or why:
        return Quality(None, None, why, delay, runs, longest)
    expected, runs_left = counters.expected - missing - miscounted, min(lost, max(0, runs - gaps))
    score, r, basis = _rated(expected, known, delay, runs_left, lost) if lost else _without_loss(known, delay)
    if missing:
        basis += f"; without {missing:,} packets that are missing in long gaps"
    scale: Scale = "wideband" if known.wide else "narrowband"
    return Quality(score, r, basis, delay, runs, longest, scale)


@lru_cache(MAX_REMEMBERED)
def of_a_whole_stream(codec: str | None, delay: float) -> Quality | None:
    """The value of a stream in real time of which nothing was lost; None where its payloads say what codec it is."""
    if emodel.is_told_by_payloads(codec):
        return None
    known = emodel.impairment(codec, _nothing)
    if known is None:
        return Quality(None, None, f"not defined for {codec or 'an unknown codec'}", delay, 0, 0)
    score, r, basis = _without_loss(known, delay)
    return Quality(score, r, basis, delay, 0, 0, "wideband" if known.wide else "narrowband")


def _nothing() -> None:
    """What nobody asks of a codec that its name tells."""


def heard_missing(lost: int, mended: Repair | None) -> int:
    """How many of the lost the listener misses: those that were not repaired in time, as far as that is known."""
    if mended is None or not mended.lost:
        return lost
    return lost - round(lost * mended.in_time / mended.lost)


def _rated(
    expected: int, known: emodel.Impairment, delay: float, runs: int, lost: int
) -> tuple[float, float, str]:
    """The score, R, and what they come from."""
    r, basis = _scored(expected, known, delay, runs, lost)
    return round(emodel.mos(r, known.wide), 3), round(r, 2), basis


@lru_cache(MAX_REMEMBERED)
def _without_loss(known: emodel.Impairment, delay: float) -> tuple[float, float, str]:
    """The same of a stream of which nothing was lost, as most are: it is the same for all with that codec and delay."""
    return _rated(0, known, delay, 0, 0)


def _scored(
    expected: int, known: emodel.Impairment, delay: float, runs: int, lost: int
) -> tuple[float, str]:
    """R, and all that went into it in words."""
    loss = 100 * lost / expected if expected > 0 else 0.0
    ratio = emodel.burst_ratio(lost, expected, runs)
    source = "half the round trip" if delay > ASSUMED_DELAY_MS else "assumed"
    robust = "" if known.bpl is None else f", Bpl {known.bpl:g}"
    model = "Wideband E-model" if known.wide else "E-model"
    basis = (
        f"{model} for {known.name} (Ie {known.ie:g}{robust}), {loss:.2f} % loss, "
        f"burst ratio {ratio:.2f}, one-way delay {delay:.0f} ms ({source})"
    )
    if known is emodel.G711 and loss:
        concealed = emodel.mos(emodel.r_factor(emodel.G711_CONCEALED, loss, ratio, delay))
        basis += f"; {concealed:.2f} if the receiver conceals losses (Bpl {emodel.G711_CONCEALED.bpl:g})"
    return emodel.r_factor(known, loss, ratio, delay), basis


def _frame_octets(counters: Counters) -> float | None:
    """Octets in a frame of G.723.1, by the largest payload and the usual timestamp step."""
    step = frame(counters)
    if not step or not counters.sizes:
        return None
    return max(largest for _, _, _, largest in counters.sizes.values()) * G723_FRAME_UNITS / step


def _payload_octets(counters: Counters, units: int) -> float | None:
    """Octets of the payloads of the commonest type, if each lasts so many units and has as many, but for silence."""
    if frame(counters) != units or not counters.sizes:
        return None
    packets, octets, smallest, largest = max(counters.sizes.values())
    if smallest == largest:
        return largest
    # Between frames of one length there may be descriptions of silence.
    silent = smallest == SILENCE_OCTETS and not (octets - SILENCE_OCTETS * packets) % (largest - SILENCE_OCTETS)
    return largest if silent else None


def timeline(counters: Counters, clock: int | None) -> tuple[Moment, ...]:
    """The stream over time, 32 moments at most; jitter where the clock was the likeliest one then."""
    known, rate = (CLOCKS.index(clock), float(clock)) if clock and clock in CLOCKS else (-1, 0.0)
    return tuple(counters.moments(Moment, known, rate))
