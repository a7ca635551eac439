"""Keys of a telephone as the two tones that they sound like (ITU-T Q.23)."""

from __future__ import annotations

import sys
from array import array
from math import pi, sin

LOW = {"1": 697, "2": 697, "3": 697, "A": 697, "4": 770, "5": 770, "6": 770, "B": 770,
       "7": 852, "8": 852, "9": 852, "C": 852, "*": 941, "0": 941, "#": 941, "D": 941}
HIGH = {"1": 1209, "4": 1209, "7": 1209, "*": 1209, "2": 1336, "5": 1336, "8": 1336, "0": 1336,
        "3": 1477, "6": 1477, "9": 1477, "#": 1477, "A": 1633, "B": 1633, "C": 1633, "D": 1633}
PEAK = 5800
"""Of each tone: at about -15 dBov it is as loud as a telephone's."""

USUAL_MS, MAX_MS = 100.0, 10_000.0


def tone(key: str, milliseconds: float | None, rate: int) -> bytes:
    """The samples of a key; nothing for what is none."""
    if key not in LOW:
        return b""
    count = int(min(milliseconds or USUAL_MS, MAX_MS) * rate / 1000)
    low, high = (2 * pi * tones[key] / rate for tones in (LOW, HIGH))
    values = array("h", (int(PEAK * (sin(low * at) + sin(high * at))) for at in range(count)))
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()
