"""Which 5-tuples are one session: by ICE credentials, by streams that moved, and by an SSRC that goes on.

Each key is met once, so that the work goes with the size of what is joined.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from dissectors.report import Check, Flow, Handshake, Pair, Stream
from dissectors.wire.datagram import Endpoint
from dissectors.wire.values import Struct

CHECK = "connectivity check"
Ends = tuple[Endpoint, Endpoint, str]
"""Both ends of a 5-tuple in a fixed order, and what carries it."""

MOVED_SECONDS = 1.0
"""A stream that moves is heard on both 5-tuples for so long at most."""


def ends_of(one: Check | Handshake | Pair | Stream | Flow) -> Ends:
    """The 5-tuple of a value, the same for both directions."""
    a, b = (one.src, one.sport), (one.dst, one.dport)
    return (a, b, one.inside) if a <= b else (b, a, one.inside)


def fragments(username: str | None) -> tuple[str, str] | None:
    """The fragments of the receiver and of the sender; None where a user name is not ICE's (RFC 8445 section 7.2.2)."""
    receiver, colon, sender = (username or "").partition(":")
    return (receiver, sender) if colon and receiver and sender and ":" not in sender else None


class Joining:
    """Keys that are the same thing (disjoint sets, with halved paths)."""

    def __init__(self) -> None:
        self._parent: dict[Hashable, Hashable] = {}

    def find(self, key: Hashable) -> Hashable:
        """What stands for a key and all that is joined with it."""
        parent = self._parent
        parent.setdefault(key, key)
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    def join(self, one: Hashable, other: Hashable) -> None:
        """Make two keys the same."""
        one, other = self.find(one), self.find(other)
        if one != other:
            self._parent[other] = one


class Joined(Struct, frozen=True):
    """The 5-tuples that have ICE or DTLS, and those that their streams moved from or to, each with a number.

    `checks`, `handshakes` and `streams` are the numbers of their 5-tuples, None where one belongs to no session; what
    `joining` joins is one session.
    """

    ends: tuple[Ends, ...]
    checks: list[int | None]
    handshakes: list[int]
    streams: list[int | None]
    joining: Joining


def joined(
    checks: Sequence[Check], handshakes: Sequence[Handshake], streams: Sequence[Stream], flows: Sequence[Flow]
) -> Joined:
    """What belongs together; each 5-tuple is looked up once for each value."""
    joining, numbers = Joining(), dict[Ends, int]()
    of_checks = [
        numbers.setdefault(ends_of(check), len(numbers)) if check.kind == CHECK else None for check in checks
    ]
    for check, number in zip(checks, of_checks, strict=True):
        if number is None:
            continue
        joining.find(number)
        for named in check.usernames:
            pair = fragments(named.username)
            if pair is not None:
                joining.join(pair if pair[0] <= pair[1] else (pair[1], pair[0]), number)
    of_handshakes = [numbers.setdefault(ends_of(handshake), len(numbers)) for handshake in handshakes]
    for number in of_handshakes:
        joining.find(number)
    if not numbers:
        return Joined((), of_checks, of_handshakes, [None] * len(streams), joining)
    of_streams = [ends_of(stream) for stream in streams]
    heard: dict[int, int] = {}
    for position in sorted(range(len(streams)), key=lambda each: streams[each].first):
        stream, ends = streams[position], of_streams[position]
        known = [numbers.get(ends)]
        if len(stream.flows) > 1:
            known += [numbers.get(ends_of(flows[each])) for each in stream.flows if each < len(flows)]
        before = heard.get(stream.ssrc)
        if before is not None:
            last = streams[before]
            if stream.first >= last.last - MOVED_SECONDS and _share_a_host(stream, last):
                known.append(numbers.get(of_streams[before]))
        heard[stream.ssrc] = position
        same = [number for number in known if number is not None]
        for number in same[1:]:
            joining.join(same[0], number)
        if same and known[0] is None:
            joining.join(same[0], numbers.setdefault(ends, len(numbers)))
    return Joined(tuple(numbers), of_checks, of_handshakes, [numbers.get(ends) for ends in of_streams], joining)


def _share_a_host(one: Stream, other: Stream) -> bool:
    return one.src == other.src or one.dst == other.dst
