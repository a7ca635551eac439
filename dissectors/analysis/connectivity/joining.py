"""Which 5-tuples are one session: by ICE credentials, by streams that moved, and by an SSRC that goes on.

Each key is met once, so that the work goes with the size of what is joined.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from dissectors.report import Check, Flow, Handshake, Stream
from dissectors.wire.datagram import Endpoint

CHECK = "connectivity check"
Ends = tuple[Endpoint, Endpoint, str]
"""Both ends of a 5-tuple in a fixed order, and what carries it."""

MOVED_SECONDS = 1.0
"""A stream that moves is heard on both 5-tuples for so long at most."""


def ends_of(one: Check | Handshake | Stream | Flow) -> Ends:
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

    def __contains__(self, key: Hashable) -> bool:
        return key in self._parent

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


def joined(
    checks: Sequence[Check], handshakes: Sequence[Handshake], streams: Sequence[Stream], flows: Sequence[Flow]
) -> Joining:
    """The 5-tuples that have ICE or DTLS, and those that their streams moved from or to, joined where they belong."""
    joining = Joining()
    for check in checks:
        if check.kind == CHECK:
            joining.find(ends_of(check))
            for named in check.usernames:
                pair = fragments(named.username)
                if pair is not None:
                    joining.join(("fragments", *sorted(pair)), ends_of(check))
    for handshake in handshakes:
        joining.find(ends_of(handshake))
    heard: dict[int, Stream] = {}
    for stream in sorted(streams, key=lambda each: each.first) if checks or handshakes else ():
        ends = ends_of(stream)
        moved = [ends_of(flows[position]) for position in stream.flows if position < len(flows)]
        before = heard.get(stream.ssrc)
        if before is not None and stream.first >= before.last - MOVED_SECONDS and _share_a_host(stream, before):
            moved.append(ends_of(before))
        heard[stream.ssrc] = stream
        known = [each for each in (ends, *moved) if each in joining]
        for each in known[1:] if len(known) > 1 else ():
            joining.join(known[0], each)
        if known and ends not in joining:
            joining.join(known[0], ends)
    return joining


def _share_a_host(one: Stream, other: Stream) -> bool:
    return one.src == other.src or one.dst == other.dst
