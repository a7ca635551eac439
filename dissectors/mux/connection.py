"""One TCP connection: its directions, how far each is read, and the message that comes next in one of them.

Laws of this file:
1. A message belongs to the segment of it that arrived last.
2. After a hole, or octets that are no message, a direction goes on at the next message start.
3. A message that its sender does not finish ends where the next one begins, or the connection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from dissectors.mux.flows import FlowKey
from dissectors.mux.framings import GIVEN_UP, HTTP, READERS, RECOVERIES, RTSP, SIP, signalling_row
from dissectors.mux.table import UNKNOWN_ROW
from dissectors.protocols.sip_framing import begins, carries_sip, may_begin, plain_end, plain_line
from dissectors.wire import websocket
from dissectors.wire.datagram import TLS, WS, WSS
from dissectors.wire.errors import Malformed
from dissectors.wire.spec import Beyond, Incomplete
from dissectors.wire.tcp import MAX_DISTANCE, MAX_WAITING_SEGMENTS, Direction, Origin, Segment
from dissectors.wire.values import NamedTuple

if TYPE_CHECKING:
    from dissectors.mux.tls import Session

MAX_SEARCHED_OCTETS = 1 << 16
"""Octets in which the next message start is searched for, before a connection is given up."""

MAX_LINE_OCTETS = 2048
"""Octets of a line that may be the beginning of a start line."""

FIRST_LOOK_OCTETS = 2048
"""Octets in which the next message is looked for first: of what many messages wait in, each would copy all the rest."""

MAX_PLAIN_OCTETS = 2 * FIRST_LOOK_OCTETS
"""Octets in which messages of SIP are looked for that follow one another without surprises."""

HOLE_TIMEOUT_NS, ACKNOWLEDGED_HOLE_TIMEOUT_NS = 30_000_000_000, 1_000_000_000
"""How long octets may come late; and where their receiver said that it has them, so that the capture lacks them."""

ANY_ROW = -1

IDLE = b"\r\n\0"
"""What stands between messages of SIP and says nothing: some servers keep a connection alive with zeros."""

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
    `sure` says that nothing is missing since the first octet. `cuts` are the places where the capture cut segments.
    What is `beyond` what is kept is passed over; so many octets of it were `passed`.
    """

    __slots__ = (
        "beyond", "cuts", "damage", "direction", "key", "passed", "searched", "searching", "sure", "wanted",
        "websocket",
    )

    def __init__(self, key: FlowKey) -> None:
        self.key = key
        self.direction = Direction()
        self.wanted = 1
        self.searching = False
        self.sure = False
        self.searched = 0
        self.cuts: set[int] = set()
        self.damage: Damage | None = None
        self.beyond: Beyond | None = None
        self.passed = 0
        self.websocket = websocket.Reader()

    def has_hole(self, time: int) -> bool:
        """Whether what waits has waited long enough for the octets before it."""
        direction = self.direction
        if direction.overflows() or direction.end in self.cuts:
            return True
        waited = time - min(piece.origin.time for piece in direction.waiting)
        if direction.acknowledged is None or direction.place(direction.acknowledged) <= direction.waiting[0].begin:
            return waited > HOLE_TIMEOUT_NS
        return waited > ACKNOWLEDGED_HOLE_TIMEOUT_NS

    @property
    def is_even(self) -> bool:
        """Whether all that came is read, and nothing is known of what comes next."""
        direction = self.direction
        return (
            direction.at == direction.end and self.wanted == 1 and self.beyond is None
            and not (direction.waiting or self.searching or direction.end in self.cuts)
        )

    def note_cut(self, place: int) -> None:
        """The capture lacks the octets from this place on, up to the end of their segment."""
        here = self.direction.at
        self.cuts = {each for each in self.cuts if 0 <= each - here <= MAX_DISTANCE}
        if len(self.cuts) <= MAX_WAITING_SEGMENTS:
            self.cuts.add(place)

    def pass_over(self, octets: int) -> None:
        """Leave out octets that are of no message."""
        if octets:
            self.direction.read(octets)

    def pass_beyond(self, beyond: Beyond, is_sip: bool) -> None:
        """Leave out what is there of a message that is not kept, until its end is found.

        A segment that begins with a message of SIP says that Content-Length is wrong.
        """
        direction, rest = self.direction, beyond.octets - self.passed
        self.wanted = 1
        octets = direction.peek() if is_sip else b""
        size = next((at for at in direction.begins() if 0 < at + self.passed and begins(octets[at:])), -1)
        if size >= 0:
            self.beyond = None
        elif rest > 0:
            size = min(rest, direction.unread)
            self.beyond = None if size == rest and not beyond.until else beyond
        else:
            octets = direction.peek()
            at = octets.find(beyond.until)
            size = at + len(beyond.until) + beyond.behind
            if at < 0 or size > len(octets):
                size = max(len(octets) - len(beyond.until) + 1, 0) if at < 0 else at
                self.wanted = len(octets) - size + 1
            else:
                self.beyond = None
        self.passed += size
        self.pass_over(size)

    def begin_anew(self, searching: bool) -> None:
        """Go on behind octets that are missing, with the next message start where the framing is known."""
        self.beyond = None
        self.wanted, self.sure, self.searching, self.searched = 1, False, searching, 0
        self.websocket.lose()


class Connection:
    """Both directions of a connection; `framing` names how its messages follow one another, empty while undecided.

    `secured` is the TLS of a connection, `within` what that carries, as a connection of its own. `spoken` are the
    protocols that messages of WebSocket were of. `tunnelled` says that a proxy of HTTP was asked to hand it on.
    """

    __slots__ = ("framing", "secured", "sniffed", "spoken", "tunnelled", "ways", "weight", "within")

    def __init__(self, key: FlowKey) -> None:
        ends = (key, key.reverse) if key[:2] <= key.reverse[:2] else (key.reverse, key)
        self.ways = Way(ends[0]), Way(ends[1])
        self.framing = ""
        self.sniffed = self.weight = 0
        self.tunnelled = False
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
        one, two = self.ways
        held = one.direction.weight + one.websocket.weight + two.direction.weight + two.websocket.weight
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


def behind_blank(octets: bytes, at: int, blanks: bytes = b"\r\n") -> int:
    """The place behind CR and LF, which keep a connection alive and may stand before a message (RFC 5626, 3.5.1)."""
    while octets[at : at + 1] and octets[at] in blanks:
        at += 1
    return at


def zeros_before_sip(octets: bytes) -> int:
    """How many zeros stand before a message of SIP, or before nothing yet; a single one may begin STUN."""
    rest = octets.lstrip(b"\0")
    zeros = len(octets) - len(rest)
    return zeros if begins(rest) or (not rest and zeros > 1) else 0


def pieces(octets: bytes) -> list[bytes]:
    """The messages of SIP in a part of a stream; what is none, or not whole, is of the one before it."""
    begins_at = [0]
    while True:
        rest = octets[begins_at[-1] :]
        try:
            framed = READERS[SIP](rest)
        except Malformed:
            break
        if isinstance(framed, Incomplete) or framed.size >= len(rest) or not begins(rest[framed.size :]):
            break
        begins_at.append(begins_at[-1] + framed.size)
    return [octets[begin:end] for begin, end in zip(begins_at, [*begins_at[1:], len(octets)], strict=True)]


def _taken(way: Way, read: Callable[[], Taken | Incomplete]) -> Taken | None:
    """What is read of a direction; None where more octets are wanted, or where the next message is searched for."""
    way.wanted = 1
    try:
        taken = read()
    except Malformed:
        way.searching, way.searched = True, 0
        return None
    if isinstance(taken, Incomplete):
        if isinstance(taken, Beyond):
            way.beyond, way.passed = taken, 0
        else:
            way.wanted = taken.octets
        return None
    return taken


def next_message(connection: Connection, way: Way) -> Iterator[Whole]:
    """The message that comes next, if it is whole; `wanted` says whether to look once more, and at how much."""
    octets = way.direction.peek(max(FIRST_LOOK_OCTETS, 2 * way.wanted))
    blank = behind_blank(octets, 0, IDLE) if connection.framing == SIP else 0
    way.pass_over(blank)
    way.wanted = 1
    if blank == len(octets):
        return
    framed = _taken(way, lambda: READERS[connection.framing](octets[blank:]))
    if framed is None:
        return
    size, payload = framed.size, octets[blank + framed.begins : blank + framed.size]
    if connection.framing == SIP and (more := _following(way, size)):
        size += more
        payload = way.direction.peek(size)
    origin = way.direction.read(size)
    if connection.framing == HTTP:
        row = signalling_row(payload, connection.spoken)
        if row != UNKNOWN_ROW:
            yield Whole(way.key, payload, len(payload), 0, origin, row)
    elif payload:
        key = way.key._replace(inside=f"channel {octets[blank + 1]}") if connection.framing == RTSP else way.key
        yield Whole(key, payload, len(payload), 0, origin)


def plain_messages(way: Way) -> list[Whole]:
    """The messages of SIP that come next and hold no surprises; there may be more, of which `next_message` knows."""
    direction, key = way.direction, way.key
    octets = direction.peek(MAX_PLAIN_OCTETS)
    found: list[Whole] = []
    at, layer, line = 0, -1, plain_line(octets, 0)
    before: Origin | None = None
    while line:
        end = plain_end(octets, at, line)
        if not end:
            break
        line = plain_line(octets, end)
        if not line and direction.end_of_segment(end - at) > end - at:
            break
        origin = direction.read(end - at)
        layer = layer + 1 if origin is before else 0
        found.append(tuple.__new__(Whole, (key, octets[at:end], end - at, layer, origin, ANY_ROW)))
        at, before = end, origin
    if found:
        way.wanted = 1
    return found


def plain_segment(key: FlowKey, payload: bytes, origin: Origin) -> list[Whole]:
    """The messages of SIP that a payload consists of, if they hold no surprises; else none."""
    found: list[Whole] = []
    at, line = 0, plain_line(payload, 0)
    while line:
        end = plain_end(payload, at, line)
        if not end:
            break
        found.append(tuple.__new__(Whole, (key, payload[at:end], end - at, len(found), origin, ANY_ROW)))
        if end == len(payload):
            return found
        at, line = end, plain_line(payload, end)
    return []


def _following(way: Way, size: int) -> int:
    """How many octets stand behind a message of SIP in its segment and begin no message.

    They are of its body: Content-Length is missing, or too small.
    """
    more = way.direction.end_of_segment(size) - size
    if not more:
        return 0
    rest = way.direction.peek(size + min(more, MAX_LINE_OCTETS))[size:]
    behind = rest[behind_blank(rest, 0, IDLE) :]
    # What may become a start line begins as methods do.
    begins_one = may_begin(behind) and not behind[:1].islower()
    return more if behind.strip(b" \t") and not begins_one else 0


def next_of_websocket(
    connection: Connection, way: Way, told: Callable[[bytes], object] | None = None
) -> Iterator[Whole]:
    """The message of WebSocket that the next frame makes whole, where it is signalling; `told` gets any of them."""
    taken = _taken(way, lambda: way.websocket.take(way.direction.peek()))
    if taken is None:
        return
    size, message = taken
    origin = way.direction.read(size)
    if told is not None:
        told(message)
    row = signalling_row(message, connection.spoken) if message else UNKNOWN_ROW
    if row != UNKNOWN_ROW:
        key = way.key._replace(transport=WSS if way.key.transport == TLS else WS)
        yield Whole(key, message, len(message), 0, origin, row)


def search(connection: Connection, way: Way) -> None:
    """Go to the next message start."""
    octets = way.direction.peek()
    for at in RECOVERIES[connection.framing](octets, way.direction.begins()):
        try:
            if isinstance(READERS[connection.framing](octets[at:]), Beyond):
                continue
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


def has_head(octets: bytes) -> bool:
    """Whether a message of SIP has its whole header block, which says how long it is."""
    return b"\n\r\n" in octets or b"\n\n" in octets


def unfinished(connection: Connection, way: Way, cut: int = 0) -> list[Whole]:
    """What is there of a message whose end is missing, where its length is known or the capture `cut` octets of it."""
    unread = way.direction.unread
    if connection.framing != SIP or way.searching or not unread or way.beyond is not None:
        return []
    octets = way.direction.peek()
    if not cut and (way.wanted <= unread or not has_head(octets)):
        return []
    return [Whole(way.key, octets, max(way.wanted, unread + cut), 0, way.direction.read(unread))]


def cut_short(way: Way, begin: int, payload: bytes) -> list[Whole]:
    """The message of SIP that waits in front of a segment, or of a record of TLS, that begins the next one.

    `payload` was put to its place, and nothing of it was read. Content-Length of the message is too large: SIP within
    a body has a Content-Type that says so.
    """
    direction, size = way.direction, begin - way.direction.at
    if way.searching or way.beyond is not None or begin + len(payload) != direction.end or not 0 < size < way.wanted:
        return []
    if not begins(payload):
        return []
    octets = direction.peek(size)
    # Only with its whole head it is known what it waits for; the rest of a method begins no message.
    if not has_head(octets) or carries_sip(octets):
        return []
    way.wanted = 1
    return [Whole(way.key, octets, size, 0, direction.read(size))]


def ended_early(connection: Connection, way: Way, end: int, lacking: int, closed: bool) -> list[Whole]:
    """What is there of a message of SIP that ends before its Content-Length says so, with the segment before `end`.

    The capture cut the segment and is `lacking` octets of it, or its sender `closed` or reset the connection.
    """
    direction = way.direction
    held = direction.unread
    if way.searching or not held or end != direction.end:
        return []
    if end in way.cuts:
        return unfinished(connection, way, lacking)
    if not closed or way.wanted <= held or way.beyond is not None:
        return []
    octets = direction.peek(held)
    if not has_head(octets):
        return []
    way.wanted = 1
    return [Whole(way.key, octets, held, 0, direction.read(held))]
