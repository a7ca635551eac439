"""Changing numbers in few characters."""
from __future__ import annotations

from collections.abc import Sequence

BARS = "▁▂▃▄▅▆▇█"
BARS_IN_ASCII = str.maketrans(BARS, "_.,-=+*#")
DOTS = "⋯"
UNITS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def sparkline(values: Sequence[float]) -> str:
    """Values as bars of eight heights, the highest of them full; a dot for nothing."""
    top = max(values, default=0.0)
    return "".join(BARS[min(7, int(value / top * 7.999))] if value > 0 else DOTS for value in values) if top else ""


def quantity(number: float) -> str:
    """A number in four characters or so: 950, 1.2k, 35k, 1.8M."""
    for unit, letter in UNITS:
        if number >= unit:
            scaled = number / unit
            return f"{scaled:.{1 if scaled < 10 else 0}f}{letter}"
    return f"{number:.0f}"


def lasting(duration: float) -> str:
    """A running time: 4 s, 1:23, 2:05:09."""
    whole = max(0, int(duration))
    if whole < 60:
        return f"{whole} s"
    minutes, seconds = divmod(whole, 60)
    return f"{minutes}:{seconds:02}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
