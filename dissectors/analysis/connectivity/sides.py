"""The two sides of a session: who is on which, with which ICE fragments and endpoints."""

from __future__ import annotations

from collections.abc import Hashable
from itertools import islice
from operator import attrgetter

from dissectors.analysis.connectivity.joining import fragments
from dissectors.report import Check, Handshake, Side, Stream
from dissectors.wire.datagram import Endpoint, endpoint

_first, _last = attrgetter("first"), attrgetter("last")

MAX_ENDPOINTS, MAX_FRAGMENTS = 16, 8
"""Endpoints and fragments of a side that are listed."""


class Sides:
    """Which endpoint of a session is on which side: by the fragment that it sends, else by its host."""

    def __init__(self, asked: list[Check], shaken: list[Handshake], media: list[Stream]) -> None:
        self.fragments: tuple[dict[str, None], dict[str, None]] = {}, {}
        self.endpoints: tuple[dict[Endpoint, None], dict[Endpoint, None]] = {}, {}
        self._of: dict[Hashable, int] = {}
        self._named: tuple[dict[str, None], dict[str, None]] = {}, {}
        everything: list[Check | Handshake | Stream] = [*asked, *shaken, *media]
        for each in sorted(everything, key=_first):
            names = [fragments(named.username) for named in each.usernames] if isinstance(each, Check) else []
            known = [found[1] for found in names if found is not None]
            own = known[0] if known else None
            src, dst = (each.src, each.sport), (each.dst, each.dport)
            side = self._side(own, src, dst)
            self._enter(side, src)
            self._enter(1 - side, dst)
            for found in names:
                if found is None:
                    continue
                self._named[1 - side][found[0]] = None
                if self._of.setdefault(found[1], side) == side:
                    self.fragments[side][found[1]] = None
        for side in (0, 1):
            if not self.fragments[side]:
                self.fragments[side].update(self._named[side])

    def of(self, end: Endpoint) -> int:
        """The side of an endpoint."""
        return self._of.get(end, 0)

    def _side(self, own: str | None, src: Endpoint, dst: Endpoint) -> int:
        """The side of what is sent, by the fragment of its sender and both its ends."""
        known = self._of
        if own in known:
            return known[own]
        if src in known:
            return known[src]
        if dst in known:
            return 1 - known[dst]
        if src[0] in known:
            return known[src[0]]
        return 1 - known[dst[0]] if dst[0] in known else 0

    def _enter(self, side: int, end: Endpoint) -> None:
        if self._of.setdefault(end, side) == side:
            self.endpoints[side][end] = None
        self._of.setdefault(end[0], side)

    def to_report(self, asked: list[Check]) -> tuple[Side, ...]:
        """The report's values."""
        roles: dict[int, str] = {}
        for check in sorted(asked, key=_last):
            if check.role:
                roles[self.of((check.src, check.sport))] = check.role
        return self._side_of(0, roles), self._side_of(1, roles)

    def _side_of(self, side: int, roles: dict[int, str]) -> Side:
        return Side(
            tuple(islice(self.fragments[side], MAX_FRAGMENTS)),
            tuple([endpoint(*end) for end in islice(self.endpoints[side], MAX_ENDPOINTS)]),
            roles.get(side),
        )
