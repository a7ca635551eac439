"""Errors of ICMP by what they are about: the 5-tuple of the datagram that they quote, what is wrong, who says it.

Who sends datagrams on gets such errors on and on, at the rate to which hosts and routers limit themselves (RFC 1812
section 4.3.2.8). So they are kept as periods, each without a long pause.
"""
from __future__ import annotations

from dissectors.limits.budget import Bounds
from dissectors.limits.table import Table
from dissectors.wire.values import NamedTuple

MAX_ERRORS, MAX_PERIODS, MAX_PLACES = 1024, 16, 4
"""So many kinds of errors are kept, so many periods of each, and of so many errors of a period their frames."""

PAUSE_NS = 5_000_000_000
"""Nanoseconds without an error that end a period: many hosts send one in a second, and datagrams of them may be lost.
"""

FORGOTTEN_NS = 600_000_000_000
"""What is let go of so many nanoseconds after its last error is not missed."""


class IcmpError(NamedTuple):
    """What an error says of which datagrams: `kind` is its type, `by` the address that it comes from.

    `version` is that of IP, `protocol` the one in the quoted packet: UDP or TCP.
    """

    version: int
    kind: int
    code: int
    by: bytes
    protocol: int
    src: bytes
    sport: int
    dst: bytes
    dport: int


class Period:
    """Errors without a long pause: the times of the first and the last one in nanoseconds, and how many there were."""

    __slots__ = ("count", "first", "last", "places")

    def __init__(self, time: int) -> None:
        self.first = self.last = time
        self.count = 0
        self.places: list[tuple[int, int]] = []

    def add(self, time: int, place: tuple[int, int]) -> None:
        """Count one."""
        self.first, self.last = min(self.first, time), max(self.last, time)
        self.count += 1
        if len(self.places) < MAX_PLACES:
            self.places.append(place)


class Periods:
    """Errors that say the same; `mtu` is the least that one of them names for the next hop, 0 where none does."""

    __slots__ = ("mtu", "periods")

    def __init__(self) -> None:
        self.mtu = 0
        self.periods: list[Period] = []

    def add(self, time: int, place: tuple[int, int], mtu: int) -> None:
        """Count one; beyond MAX_PERIODS the last one goes on."""
        periods = self.periods
        if not periods or time - periods[-1].last > PAUSE_NS and len(periods) < MAX_PERIODS:
            periods.append(Period(time))
        periods[-1].add(time, place)
        if mtu and (not self.mtu or mtu < self.mtu):
            self.mtu = mtu


class IcmpErrors:
    """All errors that quote a datagram of UDP or a segment of TCP; the kind that came longest ago goes first."""

    __slots__ = ("_bounds", "_now", "found")

    def __init__(self, most: int = MAX_ERRORS, bounds: Bounds | None = None) -> None:
        self.found: Table[IcmpError, Periods] = Table("", most, given_up=self._given_up)
        self._bounds = bounds
        self._now = 0

    def add(self, error: IcmpError, time: int, place: tuple[int, int], mtu: int = 0) -> None:
        """Count one that came at this time, in nanoseconds, in this frame of this file."""
        self._now = time
        said = self.found.use(error)
        if said is None:
            said = self.found[error] = Periods()
        said.add(time, place, mtu)

    def _given_up(self, error: IcmpError, said: Periods) -> None:
        if self._bounds is not None and self._now - said.periods[-1].last < FORGOTTEN_NS:
            self._bounds.hit("ICMP errors")
