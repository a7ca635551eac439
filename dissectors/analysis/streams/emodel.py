"""The E-model (ITU-T G.107), simplified: what codec, loss and delay make of a call, as R and as a score."""

from __future__ import annotations

from collections.abc import Callable

from dissectors.wire.values import Struct

BEST_R = 93.2
"""R with all of the model's other parameters at their defaults, and neither delay nor codec."""


class Impairment(Struct, frozen=True):
    """What a codec costs (`ie`), and how well it bears loss (`bpl`, None where that was not published)."""

    name: str
    ie: float
    bpl: float | None


G711 = Impairment("G.711", 0, 4.3)
G711_CONCEALED = Impairment("G.711 with concealment", 0, 25.1)

CODECS: dict[str, Impairment] = {
    # ITU-T G.113 appendix I, the table of Ie with Bpl.
    "PCMU": G711,
    "PCMA": G711,
    "G729": Impairment("G.729A", 11, 19.0),
    "GSM-EFR": Impairment("GSM EFR", 5, 10.0),
    # ITU-T G.113 appendix I, the table of Ie alone.
    "GSM": Impairment("GSM full rate", 20, None),
    "G726-16": Impairment("G.726 at 16 kbit/s", 50, None),
    "G726-24": Impairment("G.726 at 24 kbit/s", 25, None),
    "G726-32": Impairment("G.726 at 32 kbit/s", 7, None),
    "G726-40": Impairment("G.726 at 40 kbit/s", 2, None),
    "G728": Impairment("G.728", 7, None),
}
"""By encoding name; Opus, AAC-ELD, iLBC, Speex and others have no published values for this model."""

G723 = {24: Impairment("G.723.1 at 6.3 kbit/s", 15, 16.1), 20: Impairment("G.723.1 at 5.3 kbit/s", 19, None)}
"""By the octets of a frame, which tell the rate (RFC 3551 section 4.5.3); from the same two tables."""


def impairment(codec: str | None, frame_octets: Callable[[], float | None]) -> Impairment | None:
    """The published values of a codec; `frame_octets` tells how many octets of payload one of its frames has."""
    name = (codec or "").upper()
    if name == "G723":
        measured = frame_octets()
        return next((found for octets, found in G723.items() if octets == measured), None)
    return CODECS.get(name)


def delay_impairment(delay: float) -> float:
    """Id for a one-way delay in milliseconds."""
    return 0.024 * delay + (0.11 * (delay - 177.3) if delay > 177.3 else 0.0)


def r_factor(impairment: Impairment, loss: float, burst_ratio: float, delay: float) -> float:
    """R for a loss in per cent, a burst ratio of 1 or more, a one-way delay in milliseconds.

    Raises ValueError for a loss where the codec's robustness was not published.
    """
    ie, bpl = impairment.ie, impairment.bpl
    if not loss:
        return BEST_R - delay_impairment(delay) - ie
    if bpl is None:
        raise ValueError(f"no Bpl is published for {impairment.name}")
    return BEST_R - delay_impairment(delay) - ie - (95 - ie) * loss / (loss / burst_ratio + bpl)


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
