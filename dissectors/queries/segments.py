"""What became of a TCP segment that ends no message: where the next message of its direction ends, or what hides it."""

from __future__ import annotations

from collections.abc import Iterable

from dissectors.mux.connection import Whole
from dissectors.mux.connections import Connections
from dissectors.wire.captures.records import Record
from dissectors.wire.link.frames import Frames
from dissectors.wire.tcp import Segment
from dissectors.wire.values import Struct


class Fate(Struct, frozen=True):
    """The frame in which the next message of its direction ends, None for none.

    `secured` says that its connection is TLS, `opened` that keys opened records of it; `given_up` that the connection
    carries nothing that is read.
    """

    completed: int | None
    secured: bool
    opened: bool
    given_up: bool


def fate(records: Iterable[Record], frame: int, connections: Connections) -> Fate | None:
    """What became of the octets of a frame's TCP segment; None where it has none.

    `connections` may have keys; they have seen nothing yet.
    """
    frames, found, of = Frames(), None, None
    for record in records:
        frames.udp(record)
        for segment in frames.tcp:
            if record.frame == frame and segment.payload:
                of = segment
            for whole in connections.take(segment, 0, record.frame, record.time):
                if of is not None and found is None and _way(whole) == of[:4]:
                    found = whole.origin.frame
        if found is not None:
            break
    if of is None:
        return None
    rest = connections.finish() if found is None else []
    found = next((whole.origin.frame for whole in rest if _way(whole) == of[:4] and whole.origin.frame >= frame), found)
    sessions = [each for (key, _), each in connections.secured.items() if {key[:2], key.reverse[:2]} == _ends(of)]
    return Fate(found, bool(sessions), any(each.opened for each in sessions), connections.is_given_up(of))


def _way(whole: Whole) -> tuple[bytes, int, bytes, int]:
    key = whole.key
    return key.src, key.sport, key.dst, key.dport


def _ends(segment: Segment) -> set[tuple[bytes, int]]:
    return {(segment.src, segment.sport), (segment.dst, segment.dport)}
