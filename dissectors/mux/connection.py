"""One TCP connection: its directions, how far each is read, and the message that comes next in one of them.

Laws of this file:
1. A message belongs to the segment of it that arrived last.
2. After a hole, or octets that are no message, a direction goes on at the next message start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from dissectors.mux.flows import FlowKey
from dissectors.mux.framings import GIVEN_UP, HTTP, READERS, RECOVERIES, RTSP, SIP, signalling_row
from dissectors.mux.table import UNKNOWN_ROW
from dissectors.wire import websocket
from dissectors.wire.datagram import TLS, WS, WSS
from dissectors.wire.errors import Malformed
from dissectors.wire.spec import Incomplete
from dissectors.wire.tcp import Direction, Origin, Segment

if TYPE_CHECKING:
    from dissectors.mux.tls import Session

MAX_SEARCHED_OCTETS = 1 << 16
"""Octets in which the next message start is searched for, before a connection is given up."""

MAX_LINE_OCTETS = 2048
"""Octets of a line that may be the beginning of a start line."""

FIRST_LOOK_OCTETS = 2048
"""Octets in which the next message is looked for first: of what many messages wait in, each would copy all the rest."""

HOLE_TIMEOUT_NS, ACKNOWLEDGED_HOLE_TIMEOUT_NS = 30_000_000_000, 1_000_000_000
"""How long octets may come late; and where their receiver said that it has them, so that the capture lacks them."""

ANY_ROW = -1

Taken = TypeVar("Taken")

Key = tuple[bytes, int, bytes, int]
"""Both ends of a connection, the lesser first."""


class Whole(NamedTuple):
    """One message of a connection: its flow, its octets, how many there should be, and where the last came from.

    `layer` numbers the messages that one segment made whole, from 0. `row` is that of the table where no clause about
    octets finds it, else `ANY_ROW`.
    """

    key: FlowKey
    payload: bytes
    length: int
    layer: int
    origin: Origin
    row: int = ANY_ROW


class Damage:
    """What was wrong with a direction: octets missing in `holes`, octets that came twice and differ, and where."""

    __slots__ = ("differing", "first", "holes", "missing", "places")

    def __init__(self, time: int) -> None:
        self.first = time
        self.holes = self.missing = self.differing = 0
        self.places: list[tuple[int, int]] = []


class Way:
    """One direction of a connection, and how far its reader is.

    `wanted` octets are there at least before it is read on. `searching` says that the next message start is unknown;
    `sure` says that nothing is missing since the first octet. `cut` is where the capture last cut a segment.
    """

    __slots__ = ("cut", "damage", "direction", "key", "searched", "searching", "sure", "wanted", "websocket")

    def __init__(self, key: FlowKey) -> None:
        self.key = key
        self.direction = Direction()
        self.wanted = 1
        self.searching = False
        self.sure = False
        self.searched = 0
        self.cut: int | None = None
        self.damage: Damage | None = None
        self.websocket = websocket.Reader()

    def has_hole(self, time: int) -> bool:
        """Whether what waits has waited long enough for the octets before it."""
        direction = self.direction
        if direction.overflows() or self.cut == direction.end:
            return True
        waited = time - min(piece.origin.time for piece in direction.waiting)
        if direction.acknowledged is None or direction.place(direction.acknowledged) <= direction.waiting[0].begin:
            return waited > HOLE_TIMEOUT_NS
        return waited > ACKNOWLEDGED_HOLE_TIMEOUT_NS

    def pass_over(self, octets: int) -> None:
        """Leave out octets that are of no message."""
        if octets:
            self.direction.read(octets)

    def begin_anew(self, searching: bool) -> None:
        """Go on behind octets that are missing, with the next message start where the framing is known."""
        self.wanted, self.sure, self.searching, self.searched = 1, False, searching, 0
        self.websocket.lose()


class Connection:
    """Both directions of a connection; `framing` names how its messages follow one another, empty while undecided.

    `secured` is the TLS of a connection, `within` what that carries, as a connection of its own. `spoken` are the
    protocols that messages of WebSocket were of.
    """

    __slots__ = ("framing", "secured", "sniffed", "spoken", "ways", "weight", "within")

    def __init__(self, key: FlowKey) -> None:
        ends = (key, key.reverse) if key[:2] <= key.reverse[:2] else (key.reverse, key)
        self.ways = Way(ends[0]), Way(ends[1])
        self.framing = ""
        self.sniffed = self.weight = 0
        self.spoken: set[str] = set()
        self.secured: Session | None = None
        self.within: Connection | None = None

    def ways_of(self, segment: Segment) -> tuple[Way, Way]:
        """The direction of a segment, and the other one."""
        one, two = self.ways
        return (one, two) if one.key[:2] == (segment.src, segment.sport) else (two, one)

    def side_of(self, way: Way) -> int:
        """The number of a direction of what is around this connection: within TLS the client's is the first."""
        return int(self.ways[0].key[:2] != way.key[:2])

    def held_octets(self) -> int:
        """How many octets it takes to keep this connection."""
        held = sum(way.direction.weight + way.websocket.weight for way in self.ways)
        if self.secured is not None and self.within is not None:
            held += self.secured.weight + self.within.held_octets()
        return held

    def release(self) -> None:
        """Keep of its TLS only what is told: this connection is not read any more."""
        if self.secured is not None:
            self.secured.release()


def key_of(segment: Segment) -> Key:
    """Both ends of a segment's connection."""
    src, sport, dst, dport = segment[:4]
    return (src, sport, dst, dport) if (src, sport) <= (dst, dport) else (dst, dport, src, sport)


def behind_blank(octets: bytes, at: int) -> int:
    """The place behind CR and LF, which keep a connection alive and may stand before a message (RFC 5626, 3.5.1)."""
    while octets[at : at + 1] in (b"\r", b"\n"):
        at += 1
    return at


def _taken(way: Way, read: Callable[[], Taken | Incomplete]) -> Taken | None:
    """What is read of a direction; None where more octets are wanted, or where the next message is searched for."""
    way.wanted = 1
    try:
        taken = read()
    except Malformed:
        way.searching, way.searched = True, 0
        return None
    if isinstance(taken, Incomplete):
        way.wanted = taken.octets
        return None
    return taken


def next_message(connection: Connection, way: Way) -> Iterator[Whole]:
    """The message that comes next, if it is whole; `wanted` says whether to look once more, and at how much."""
    octets = way.direction.peek(max(FIRST_LOOK_OCTETS, 2 * way.wanted))
    blank = behind_blank(octets, 0) if connection.framing == SIP else 0
    way.pass_over(blank)
    way.wanted = 1
    if blank == len(octets):
        return
    framed = _taken(way, lambda: READERS[connection.framing](octets[blank:]))
    if framed is None:
        return
    origin = way.direction.read(framed.size)
    payload = octets[blank + framed.begins : blank + framed.size]
    if connection.framing == HTTP:
        row = signalling_row(payload, connection.spoken)
        if row != UNKNOWN_ROW:
            yield Whole(way.key, payload, len(payload), 0, origin, row)
    elif payload:
        key = way.key._replace(inside=f"channel {octets[blank + 1]}") if connection.framing == RTSP else way.key
        yield Whole(key, payload, len(payload), 0, origin)


def next_of_websocket(connection: Connection, way: Way) -> Iterator[Whole]:
    """The message of WebSocket that the next frame makes whole, where it is signalling."""
    taken = _taken(way, lambda: way.websocket.take(way.direction.peek()))
    if taken is None:
        return
    size, message = taken
    origin = way.direction.read(size)
    row = signalling_row(message, connection.spoken) if message else UNKNOWN_ROW
    if row != UNKNOWN_ROW:
        key = way.key._replace(transport=WSS if way.key.transport == TLS else WS)
        yield Whole(key, message, len(message), 0, origin, row)


def search(connection: Connection, way: Way) -> None:
    """Go to the next message start."""
    octets = way.direction.peek()
    for at in RECOVERIES[connection.framing](octets, way.direction.begins()):
        try:
            READERS[connection.framing](octets[at:])
        except Malformed:
            continue
        way.pass_over(at)
        way.searching, way.websocket.upgraded = False, True
        return
    # The last line may be the beginning of a start line.
    kept = len(octets) - octets.rfind(b"\n") - 1 if connection.framing == SIP else 0
    passed = len(octets) - kept if kept <= MAX_LINE_OCTETS else len(octets)
    way.pass_over(passed)
    way.wanted = len(octets) - passed + 1
    way.searched += passed
    if way.searched > MAX_SEARCHED_OCTETS:
        connection.framing = GIVEN_UP


def unfinished(connection: Connection, way: Way) -> list[Whole]:
    """What is there of a message whose end is missing, where its length is known."""
    unread = way.direction.unread
    if connection.framing != SIP or way.searching or not unread or way.wanted <= unread + 1:
        return []
    octets = way.direction.peek()
    return [Whole(way.key, octets, way.wanted, 0, way.direction.read(unread))]
