"""Handshake messages of DTLS that come in fragments: put together within bounds, and what is missing of the others."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.limits.budget import Bounds
from dissectors.limits.table import Table
from dissectors.protocols import dtls
from dissectors.protocols.dtls_handshake import Handshake as Fragment
from dissectors.protocols.dtls_handshake import assemble
from dissectors.report import Missing, Place
from dissectors.wire.datagram import Datagram, Flow
from dissectors.wire.errors import Malformed
from dissectors.wire.values import Struct, field

CERTIFICATE = 11
MAX_FRAGMENTS = 64
"""Fragments that are kept of what one end has sent in part."""

MAX_MESSAGE_OCTETS = 1 << 24
"""Octets of all messages that are still to become whole."""

FRAGMENT_OCTETS = 200
"""What it takes to keep a fragment, beside its octets."""

MAX_MISSING = 8

Key = tuple[int, int, int]
"""A message's number, type and length."""


class Partial(Struct):
    """One message in part: its fragments, and the frame of the latest."""

    fragments: list[Fragment] = field(default_factory=list)
    place: Place = Place(0, 0)

    @property
    def octets(self) -> int:
        """What it takes to keep it."""
        return sum(FRAGMENT_OCTETS + len(each.fragment) for each in self.fragments)


class MessagesInPart:
    """The messages in part of each end, by the flow that it sends on; at most `limit` ends."""

    def __init__(self, limit: int, bounds: Bounds) -> None:
        self._bounds = bounds
        self._ends: Table[Flow, dict[Key, Partial]] = Table(
            "handshake messages in part", limit, bounds, octets=MAX_MESSAGE_OCTETS
        )

    def forget(self, flow: Flow) -> None:
        """Let go of what waits on a flow and on its way back."""
        for way in (flow, flow.reverse):
            self._ends.pop(way, None)

    def feed(self, datagram: Datagram, message: dtls.Message) -> tuple[list[Fragment], list[Malformed]]:
        """The messages that are whole with this datagram, and what is wrong with those that do not fit."""
        found, wrong = [*message.messages], list[Malformed]()
        here = {_key(each) for each in found}
        pieces: dict[Key, list[Fragment]] = {}
        for each in message.handshakes:
            if not each.whole and (key := _key(each)) not in here:
                pieces.setdefault(key, []).append(each)
        if not pieces and not (here and datagram.flow in self._ends):
            return found, wrong
        parts = self._ends.use(datagram.flow) or {}
        for key in here:
            parts.pop(key, None)
        for key, new in pieces.items():
            partial = parts.setdefault(key, Partial())
            self._add(parts, partial, new)
            partial.place = Place(datagram.file, datagram.frame)
            try:
                whole = assemble(partial.fragments)
            except Malformed as malformed:
                # One that is sent again may fit.
                wrong.append(malformed)
                del parts[key]
                continue
            if whole:
                found += whole
                del parts[key]
            elif not partial.fragments:
                del parts[key]
        if parts:
            self._ends.put(datagram.flow, parts, sum(each.octets for each in parts.values()))
        else:
            self._ends.pop(datagram.flow, None)
        return found, wrong

    def _add(self, parts: dict[Key, Partial], partial: Partial, pieces: list[Fragment]) -> None:
        """Keep fragments that are new."""
        known = {(each.fragment_offset, len(each.fragment)) for each in partial.fragments}
        new = [each for each in pieces if (each.fragment_offset, len(each.fragment)) not in known]
        room = MAX_FRAGMENTS - sum(len(each.fragments) for each in parts.values())
        if len(new) > room:
            self._bounds.hit("handshake fragments", len(new) - room)
        partial.fragments += new[:room]

    def missing(self, flow: Flow) -> tuple[Missing, ...]:
        """What is missing of the messages of both ends of a handshake, the client's first."""
        found = [
            each for way in (flow, flow.reverse) for each in _holes(self._ends.get(way) or {}, way == flow)
        ]
        return tuple(found[:MAX_MISSING])


def _key(each: Fragment) -> Key:
    return each.message_seq, each.type, each.length


def _holes(parts: dict[Key, Partial], by_client: bool) -> Iterator[Missing]:
    for (_, _, length), partial in parts.items():
        at = 0
        for each in sorted(partial.fragments, key=lambda one: one.fragment_offset):
            if each.fragment_offset > at:
                yield _hole(partial, by_client, at, each.fragment_offset)
            at = max(at, each.fragment_offset + len(each.fragment))
        if at < length:
            yield _hole(partial, by_client, at, length)


def _hole(partial: Partial, by_client: bool, begin: int, end: int) -> Missing:
    first = partial.fragments[0]
    return Missing(first.name, "client" if by_client else "server", begin, end, first.length, partial.place)
