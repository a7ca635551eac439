"""When a session looks at itself again."""
from __future__ import annotations

MIN_LOOK_SECONDS, MAX_LOOK_SECONDS = 0.5, 2.0
"""The least number of seconds from one look to the next, and the largest, at any load."""

MAX_LOOK_SHARE = 0.05
"""The share of the processor for looks, as long as they come often enough: if a look takes long, there are fewer."""


def next_look(began: float, ended: float, processor: float) -> float:
    """The moment of the next look, after one from `began` to `ended` that took so many seconds of the processor.

    Frames get as much time as a look took, whatever it took.
    """
    wait = min(max(MIN_LOOK_SECONDS, processor / MAX_LOOK_SHARE), MAX_LOOK_SECONDS)
    return max(began + wait, ended + processor)
