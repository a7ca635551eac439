"""The E-model (ITU-T G.107, simplified, and G.107.1): what codec, loss and delay make of a call, as R and as a score.

The two have scales of their own: the best R is 93.2 for narrowband, and 129 for wideband. A score says of which it is.
"""

from __future__ import annotations

from collections.abc import Callable
from math import log2

from dissectors.wire.values import Struct

BEST_R = 93.2
"""R with all of the model's other parameters at their defaults, and neither delay nor codec."""

BEST_WIDE_R = 129.0
WIDE_SCALE = 1.29
"""The same for wideband (G.107.1), and what its R is divided by before it becomes a score (annex A)."""


class Impairment(Struct, frozen=True):
    """What a codec costs (`ie`), and how well it bears loss (`bpl`, None where that was not published).

    `wide` says that these are values of the wideband model, for a handset (one ear).
    """

    name: str
    ie: float
    bpl: float | None
    wide: bool = False


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
"""By encoding name; Opus, AAC-ELD, iLBC, Speex, AMR and others have no published values for this model."""

G723 = {24: Impairment("G.723.1 at 6.3 kbit/s", 15, 16.1), 20: Impairment("G.723.1 at 5.3 kbit/s", 19, None)}
"""By the octets of a frame, which tell the rate (RFC 3551 section 4.5.3); from the same two tables."""


AMR_WB = {
    octets: Impairment(f"AMR-WB at {rate} kbit/s", ie, None, wide=True)
    for rate, ie, sizes in (
        ("6.6", 41, (18, 19)), ("8.85", 26, (24, 25)), ("12.65", 13, (33, 34)), ("14.25", 10, (37, 38)),
        ("15.85", 7, (41, 42)), ("18.25", 5, (47, 48)), ("19.85", 3, (51, 52)), ("23.05", 1, (59, 60)),
        ("23.85", 8, (61, 62)),
    )
    for octets in sizes
}
"""By the octets of a payload with one frame, bandwidth-efficient and octet-aligned (RFC 4867); values of ITU-T G.113
appendix IV for a handset (table IV.1, 2024). The fastest mode costs more than the one before: that is as published."""

G722 = {160: Impairment("G.722 at 64 kbit/s", 13, None, wide=True)}
"""By the octets of a payload of 20 ms; from the same appendix."""

WIDE = {"AMR-WB": (320, AMR_WB), "G722": (160, G722)}
"""By encoding name: the timestamp units of 20 ms, and the values by the octets of a payload that lasts so long.

Opus and EVS have no published values for this model; loss has none for a handset.
"""


def impairment(
    codec: str | None, frame_octets: Callable[[], float | None],
    payload_octets: Callable[[int], float | None] = lambda units: None,
) -> Impairment | None:
    """The published values of a codec; `frame_octets` tells how many octets of payload one of its frames has.

    `payload_octets` tells how many a payload has that lasts so many timestamp units, where all have as many.
    """
    name = (codec or "").upper()
    if name in WIDE:
        units, values = WIDE[name]
        known = payload_octets(units)
        return None if known is None else values.get(int(known))
    if name == "G723":
        measured = frame_octets()
        return next((found for octets, found in G723.items() if octets == measured), None)
    return CODECS.get(name)


def is_told_by_payloads(codec: str | None) -> bool:
    """Whether the name of a codec does not say by itself what it costs."""
    name = (codec or "").upper()
    return name in WIDE or name == "G723"


def delay_impairment(delay: float) -> float:
    """Id for a one-way delay in milliseconds."""
    return 0.024 * delay + (0.11 * (delay - 177.3) if delay > 177.3 else 0.0)


def wide_delay_impairment(delay: float) -> float:
    """Idd for a one-way delay in milliseconds (G.107 equation 3-28, as G.107.1 has it)."""
    if delay <= 100:
        return 0.0
    x = log2(delay / 100)
    return 25.0 * (float((1 + x**6) ** (1 / 6)) - 3.0 * float((1 + (x / 3) ** 6) ** (1 / 6)) + 2.0)


def r_factor(impairment: Impairment, loss: float, burst_ratio: float, delay: float) -> float:
    """R for a loss in per cent, a burst ratio of 1 or more, a one-way delay in milliseconds.

    Raises ValueError for a loss where the codec's robustness was not published.
    """
    ie, bpl = impairment.ie, impairment.bpl
    best = BEST_WIDE_R - wide_delay_impairment(delay) if impairment.wide else BEST_R - delay_impairment(delay)
    if not loss:
        return best - ie
    if bpl is None:
        raise ValueError(f"no Bpl is published for {impairment.name}")
    return best - ie - (95 - ie) * loss / (loss / burst_ratio + bpl)


def mos(r: float, wide: bool = False) -> float:
    """The mean opinion score that an R stands for, from 1 to 4.5 (G.107 annex B, G.107.1 annex A)."""
    r = r / WIDE_SCALE if wide else r
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
