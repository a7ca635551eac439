"""Octets that may be kept of what senders choose the length of."""

from __future__ import annotations

from collections import Counter


class Budget:
    """So many octets are `left`; `refused` counts what found no room."""

    __slots__ = ("left", "refused")

    def __init__(self, left: int) -> None:
        self.left = left
        self.refused = 0

    def take(self, octets: int) -> int:
        """Take so many octets if they are there; gives back how many were taken, all or none."""
        if octets > self.left:
            self.refused += 1
            return 0
        self.left -= octets
        return octets

    def give_back(self, octets: int) -> None:
        self.left += octets


class Bounds:
    """Counts by name how often a bound was hit, and so what is not told."""

    def __init__(self) -> None:
        self.hits: Counter[str] = Counter()

    def hit(self, name: str, count: int = 1) -> None:
        self.hits[name] += count
