"""How a stream will have sounded: the E-model (ITU-T G.107, simplified), losses in a row, the stream over time."""

from __future__ import annotations

from typing import NamedTuple

from dissectors.analysis.report import Moment, Quality
from dissectors.mux.counters import CLOCKS, Counters

ASSUMED_DELAY = 100.0
"""Milliseconds from mouth to ear where nothing better is known."""

BEST = 93.2


class Impairment(NamedTuple):
    """What a codec costs (`ie`) and how well it bears loss (`bpl`): ITU-T G.113 appendix I."""

    ie: float
    bpl: float


CODECS = {"PCMU": Impairment(0, 4.3), "PCMA": Impairment(0, 4.3), "G729": Impairment(11, 19)}
"""Values without loss concealment; other codecs have none that this model could use."""


def delay_impairment(delay: float) -> float:
    """Id for a one-way delay in milliseconds."""
    return 0.024 * delay + (0.11 * (delay - 177.3) if delay > 177.3 else 0.0)


def r_factor(impairment: Impairment, loss: float, burst_ratio: float, delay: float) -> float:
    """R for a loss in per cent, a burst ratio of 1 or more, a one-way delay in milliseconds."""
    ie, bpl = impairment
    effective = ie + (95 - ie) * loss / (loss / burst_ratio + bpl)
    return BEST - delay_impairment(delay) - effective


def mos(r: float) -> float:
    """The mean opinion score that an R stands for, from 1 to 4.5 (G.107 annex B)."""
    if r <= 0:
        return 1.0
    if r >= 100:
        return 4.5
    return min(4.5, max(1.0, 1 + 0.035 * r + 7e-6 * r * (r - 60) * (100 - r)))


def burst_ratio(lost: int, expected: int, runs: int) -> float:
    """How much longer runs of losses are than they would be by chance (G.107 section 3.5); 1 at least."""
    if not lost or not runs or lost >= expected:
        return 1.0
    return max(1.0, lost / runs * (1 - lost / expected))


def quality(counters: Counters, codec: str | None, round_trip_ms: float | None, clock_ok: bool) -> Quality:
    """The report's value; `clock_ok` is False for a capture that is not in real time, of which no score is given."""
    runs, longest = counters.loss_runs
    delay = max(ASSUMED_DELAY, (round_trip_ms or 0.0) / 2)
    known = CODECS.get((codec or "").upper())
    if known is None or not clock_ok:
        why = f"not defined for {codec or 'an unknown codec'}" if known is None else "not captured in real time"
        return Quality(None, None, why, delay, runs, longest)
    loss = 100 * counters.lost / counters.expected if counters.expected else 0.0
    ratio = burst_ratio(counters.lost, counters.expected, runs)
    r = r_factor(known, loss, ratio, delay)
    source = "half the round trip" if delay > ASSUMED_DELAY else "assumed"
    basis = (
        f"E-model for {codec} (Ie {known.ie:g}, Bpl {known.bpl:g}, no concealment), {loss:.2f} % loss, "
        f"burst ratio {ratio:.2f}, one-way delay {delay:.0f} ms ({source})"
    )
    return Quality(round(mos(r), 3), round(r, 2), basis, delay, runs, longest)


def timeline(counters: Counters, clock: int | None) -> tuple[Moment, ...]:
    """The stream over time, 32 moments at most; jitter where the clock was the likeliest one then."""
    return tuple(
        Moment(time / 1e9, packets, lost, 1000 * jitter / clock if clock and CLOCKS[best] == clock else None)
        for time, packets, lost, best, jitter in counters.timeline
    )
