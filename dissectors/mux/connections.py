"""TCP connections to whole messages: the first octets decide how these follow one another, as on UDP by the same table.

Laws of this file:
1. A connection is undecided, of one framing, or given up; what is given up costs a look into a table.
2. A message belongs to the segment of it that arrived last.
3. After a hole, or octets that are no message, a direction goes on at the next message start.
4. Every table is bounded: connections and octets by their last use, those given up by their age.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from dissectors.limits.budget import Bounds
from dissectors.limits.table import Table
from dissectors.mux.flows import FlowKey
from dissectors.mux.framings import (
    GIVEN_UP,
    HEP,
    HTTP,
    READERS,
    RECOVERIES,
    RTSP,
    SERVER_HELLO,
    SIP,
    WEBSOCKET,
    is_certain,
    signalling_row,
    sniff,
)
from dissectors.mux.framings import TLS as SECURED
from dissectors.mux.table import UNKNOWN_ROW
from dissectors.mux.unread import Unread, secured, unread
from dissectors.wire import hep, tls, websocket
from dissectors.wire.datagram import TCP, TLS, UDP, WS, WSS
from dissectors.wire.errors import Malformed
from dissectors.wire.spec import Incomplete
from dissectors.wire.tcp import FIN, RST, SYN, Direction, Origin, Segment

if TYPE_CHECKING:
    from dissectors.crypto.secrets import Secrets
    from dissectors.mux.tls import Opened, Session

MAX_CONNECTIONS, MAX_OCTETS = 8192, 1 << 26
"""Connections that are undecided or carry messages, and octets that wait in them, with what it takes to keep them."""

MAX_GIVEN_UP = 65_536
"""Connections that are remembered as carrying nothing that is read."""

MAX_SEARCHED_OCTETS = 1 << 16
"""Octets in which the next message start is searched for, before a connection is given up."""

MAX_LINE_OCTETS = 2048
"""Octets of a line that may be the beginning of a start line."""

FIRST_LOOK_OCTETS = 2048
"""Octets in which the next message is looked for first: of what many messages wait in, each would copy all the rest."""

MAX_SNIFFED_SEGMENTS = 8
"""Segments of a connection that began before the capture whose first octets may begin a message."""

HOLE_TIMEOUT_NS, ACKNOWLEDGED_HOLE_TIMEOUT_NS = 30_000_000_000, 1_000_000_000
"""How long octets may come late; and where their receiver said that it has them, so that the capture lacks them."""

MAX_DAMAGED = 256
"""Directions of which holes and differing octets are told."""

MAX_PLACES = 16

MIN_CLIENT_PORT = 10_000
"""From what port on it is more likely a client's."""

MAX_AGENTS = 64

MAX_SECURED = 1024
"""Connections of TLS of which is told what their handshake says, those that were used last."""

MAX_UNREAD = 256
"""Servers of which is told what is not read."""

ANY_ROW = -1

Key = tuple[bytes, int, bytes, int]
"""Both ends of a connection, the lesser first."""

Server = tuple[bytes, int, Unread]
"""A server that is not read: its address, its port, and what it is."""


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


class Connections:
    """The connections of a capture; `take` gives back the messages that a segment made whole.

    `forgotten` is called with the key of a connection that is no longer known as given up. `unread` counts connections
    by server and by what they carry, where that has a name and is not read; `agents` counts messages by the capture
    agent of HEP that saw them. `secured` holds what the handshakes of TLS say, by the client's direction and the first
    segment; `secrets` are the keys that open it, if there are any, and `expects_keys` says that the capture may hold
    some.
    """

    def __init__(self, bounds: Bounds, connections: int = MAX_CONNECTIONS, given_up: int = MAX_GIVEN_UP) -> None:
        self.forgotten: Callable[[Key], object] = _nothing
        self._open: Table[Key, Connection] = Table(
            "TCP connections", connections, bounds, octets=MAX_OCTETS, given_up=lambda _, each: _release(each)
        )
        self._given_up: Table[Key, bool] = Table("", given_up, given_up=lambda key, _: self.forgotten(key))
        self.damage: Table[FlowKey, Damage] = Table("damaged TCP connections", MAX_DAMAGED, bounds)
        self.unread: Table[Server, int] = Table("servers that are not read", MAX_UNREAD, bounds)
        self.secured: Table[tuple[FlowKey, int], Session] = Table("", MAX_SECURED)
        self.agents: Table[str, int] = Table("agents of HEP", MAX_AGENTS, bounds)
        self.secrets: Secrets | None = None
        self.lacking, self.expects_keys = "", False
        self._secrets_known = self._arrived = 0

    def take(self, segment: Segment, file: int, frame: int, time: int) -> list[Whole]:
        """The messages that are whole with this segment, in their order."""
        key = key_of(segment)
        if segment.flags & SYN:
            return self._begin(key, segment, time)
        if key in self._given_up:
            return []
        connection = self._open.use(key)
        if connection is None:
            if not segment.payload:
                return []
            connection = self._open[key] = Connection(FlowKey(*segment[:4], "", TCP))
        self._arrived += 1
        found: list[Whole] = []
        if self.secrets is not None and self.secrets.changes != self._secrets_known:
            found += self._retry()
        here, there = _ways(connection, segment)
        there.direction.acknowledged = segment.acknowledgement
        differing = here.direction.differing
        if segment.payload:
            origin = Origin(self._arrived, file, frame, time, segment.identification)
            here.direction.take(segment.sequence, segment.payload, origin)
            if len(segment.payload) < segment.length:
                here.cut = here.direction.place((segment.sequence + len(segment.payload)) & 0xFFFFFFFF)
            if here.direction.differing > differing:
                self._damaged(connection, here, time).differing += here.direction.differing - differing
            decided = connection.framing
            found += self._read(connection, here)
            if connection.framing != decided:
                found += self._read(connection, there)
        for way in connection.ways:
            while way.direction.waiting and (segment.flags & RST or _is_hole(way, time)):
                found += self._skip(connection, way, time)
        if connection.secured is not None and connection.within is not None and segment.flags & (FIN | RST):
            origin = Origin(self._arrived, file, frame, time, segment.identification)
            connection.secured.end(_side(connection.within, here), origin)
        self._settle(key, connection)
        return found if len(found) < 2 else _numbered(found)

    def unpack(self, octets: bytes, file: int, frame: int, time: int) -> list[Whole]:
        """The message in a datagram of HEP."""
        return list(self._seen_elsewhere(octets, Origin(self._arrived, file, frame, time, 0)))

    def _seen_elsewhere(self, octets: bytes, origin: Origin) -> Iterator[Whole]:
        """The message in a packet of HEP, on the flow and at the time where its agent saw it, if it is of the table."""
        try:
            packet = hep.parse(octets)
        except Malformed:
            return
        if is_certain(packet.payload):
            self.agents[packet.agent] = self.agents.get(packet.agent, 0) + 1
            transport = TCP if packet.protocol == hep.TCP_NUMBER else UDP
            key = FlowKey(packet.src, packet.sport, packet.dst, packet.dport, "", transport)
            yield Whole(key, packet.payload, len(packet.payload), 0, origin._replace(time=packet.time or origin.time))

    def learn(self, octets: bytes, name: str) -> None:
        """Take keys that stand in the capture; `lacking` says why they are of no use, if so."""
        from dissectors.crypto import primitives

        if not primitives.available():
            self.lacking = primitives.LACKING
            return
        if self.secrets is None:
            self.secrets = _none_yet()
        self.secrets.growing = True
        self.secrets.add(octets, name, "capture")
        for connection in self._open.values():
            if connection.secured is not None:
                connection.secured.secrets = self.secrets

    def is_given_up(self, segment: Segment) -> bool:
        """Whether the segments of this connection are not read."""
        return key_of(segment) in self._given_up

    def has_more(self, segment: Segment) -> bool:
        """Whether the direction of this segment has octets in order that no message has taken."""
        connection = self._open.get(key_of(segment))
        return connection is not None and _ways(connection, segment)[0].direction.unread > 0

    def finish(self) -> list[Whole]:
        """What is there behind holes, and of messages that are not whole, when there is no more to come."""
        found = self._retry()
        return found + [whole for connection in self._open.values() for whole in self._end(connection)]

    def _begin(self, key: Key, segment: Segment, time: int) -> list[Whole]:
        """A SYN: a new connection, unless it came again or answers the first one."""
        if key in self._given_up:
            del self._given_up[key]
            self.forgotten(key)
        found: list[Whole] = []
        connection = self._open.use(key)
        if connection is not None:
            direction = _ways(connection, segment)[0].direction
            if direction.begun == segment.sequence:
                return found
            if direction.end is not None:
                found = self._end(connection)
                _release(connection)
                connection = None
        if connection is None:
            connection = self._open[key] = Connection(FlowKey(*segment[:4], "", TCP))
        way = _ways(connection, segment)[0]
        way.direction.open(segment.sequence)
        way.sure = True
        return found

    def _end(self, connection: Connection) -> list[Whole]:
        """What is there of a connection that is over."""
        found: list[Whole] = []
        for way in connection.ways:
            while way.direction.waiting:
                found += self._skip(connection, way, way.direction.waiting[0].origin.time)
            found += _begun(connection, way)
        if connection.within is not None:
            found += [whole for way in connection.within.ways for whole in _begun(connection.within, way)]
        return found

    def _skip(self, connection: Connection, way: Way, time: int) -> list[Whole]:
        """Go on behind a hole, with what is there of the message that it cut."""
        found = _begun(connection, way)
        missing, origin = way.direction.skip()
        damage = self._damaged(connection, way, time)
        damage.holes += 1
        damage.missing += missing
        if len(damage.places) < MAX_PLACES:
            damage.places.append((origin.file, origin.frame))
        way.begin_anew(bool(connection.framing))
        if connection.secured is not None and connection.within is not None:
            number = _side(connection.within, way)
            connection.secured.lose(number)
            found += _begun(connection.within, connection.within.ways[number])
            inner = connection.within.ways[number]
            inner.direction = Direction()
            inner.begin_anew(bool(connection.within.framing))
        return found + self._read(connection, way)

    def _damaged(self, connection: Connection, way: Way, time: int) -> Damage:
        """The damage of a direction, which is told once it is known that its messages are read."""
        if way.damage is None:
            way.damage = Damage(time)
        if connection.framing:
            self.damage[way.key] = way.damage
        return way.damage

    def _read(self, connection: Connection, way: Way) -> list[Whole]:
        """The messages that are whole in a direction."""
        found: list[Whole] = []
        while way.direction.unread >= way.wanted and connection.framing != GIVEN_UP:
            if not connection.framing:
                self._sniff(connection, way)
            elif way.searching:
                _search(connection, way)
            elif connection.framing == WEBSOCKET:
                found += _framed(connection, way)
            elif connection.framing == SECURED:
                found += self._records(connection, way)
            else:
                found += self._next(connection, way)
        return found

    def _next(self, connection: Connection, way: Way) -> Iterator[Whole]:
        """The message that comes next; of HEP, what is in it."""
        for whole in _next(connection, way):
            if connection.framing == HEP:
                yield from self._seen_elsewhere(whole.payload, whole.origin)
            else:
                yield whole

    def _begin_secured(self, connection: Connection, way: Way) -> None:
        """A hello begins: from now on both directions are records of TLS."""
        from dissectors.mux.tls import Session

        if self.secrets is None and self.expects_keys:
            self.secrets = _none_yet()
        octets = way.direction.peek()
        # Captures may hold the answer first.
        client = way.key.reverse if octets[tls.HEADER : tls.HEADER + 1] == SERVER_HELLO else way.key
        key = client._replace(transport=TLS)
        session = connection.secured = Session(key, self.secrets, way.direction.origin)
        connection.within = Connection(key)
        connection.within.ways = Way(key), Way(key.reverse)
        for each in connection.within.ways:
            each.sure = True
        self.secured[key, self._arrived] = session
        session.named = self._name(client, octets)

    def _records(self, connection: Connection, way: Way) -> list[Whole]:
        """What the next record of TLS carries."""
        session, within = connection.secured, connection.within
        assert session is not None and within is not None
        octets = way.direction.peek(max(FIRST_LOOK_OCTETS, 2 * way.wanted))
        number = _side(within, way)
        way.wanted = 1
        try:
            record = tls.record(octets)
        except Malformed:
            # Where nothing is missing, it is no TLS; where no key is there, the rest says nothing.
            if way.sure or session.secrets is None:
                connection.framing = GIVEN_UP
            way.searching, way.searched = True, 0
            session.lose(number)
            return []
        if isinstance(record, Incomplete):
            way.wanted = record.octets
            return []
        known = session.hello
        opened = session.take(number, record, way.direction.read(record.size))
        if session.hello is not None and session.hello is not known:
            self._unname(session)
            session.named = self._count(session.key, partial(secured, session.hello))
        return self._within(connection, opened)

    def _within(self, connection: Connection, opened: list[Opened]) -> list[Whole]:
        """The messages in what the records of a connection carried."""
        session, within = connection.secured, connection.within
        assert session is not None and within is not None
        found: list[Whole] = []
        for number, octets, origin in opened:
            way = within.ways[number]
            way.direction.take((way.direction.end or 0) & 0xFFFFFFFF, octets, origin)
            decided = within.framing
            found += self._read(within, way)
            if within.framing != decided:
                found += self._read(within, within.ways[1 - number])
        if within.framing not in ("", GIVEN_UP):
            self._unname(session)
            session.carries = within.framing
        if within.framing == GIVEN_UP or session.over:
            connection.framing = GIVEN_UP
        return found

    def _retry(self) -> list[Whole]:
        """The messages in records that waited for keys which are there now."""
        if self.secrets is None:
            return []
        self._secrets_known = self.secrets.changes
        waiting = [each for each in self._open.values() if each.secured is not None and each.secured.waits]
        found: list[Whole] = []
        for connection in waiting:
            if connection.secured is not None:
                found += self._within(connection, connection.secured.drain())
        return found

    def _sniff(self, connection: Connection, way: Way) -> None:
        """Decide how the messages of a connection follow one another."""
        octets = way.direction.peek()
        for at in [0] if way.sure else [*filter(_is_positive, way.direction.begins())]:
            blank = _blank(octets, at)
            if blank == len(octets):
                way.direction.read(blank)
                way.wanted = 1
                return
            framing = sniff(octets[blank:])
            if isinstance(framing, Incomplete):
                way.wanted = blank + framing.octets
                if way.wanted <= MAX_SEARCHED_OCTETS:
                    return
            elif framing:
                if framing == RTSP:
                    self._name(way.key, octets)
                _step(way, blank)
                connection.framing = framing
                if framing == SECURED:
                    self._begin_secured(connection, way)
                for each in connection.ways:
                    if each.damage is not None:
                        self.damage[each.key] = each.damage
                    each.wanted, each.searching = 1, not each.sure and each is not way
                return
        connection.sniffed += 1
        if way.sure or connection.sniffed > MAX_SNIFFED_SEGMENTS:
            connection.framing = GIVEN_UP
            self._name(way.key, octets)
        else:
            way.direction.read(len(octets))
            way.wanted = 1

    def _name(self, key: FlowKey, octets: bytes) -> Server | None:
        """Remember what a connection is that is given up."""
        return self._count(key, partial(unread, octets))

    def _count(self, key: FlowKey, name: Callable[[int], Unread | None]) -> Server | None:
        """Count a connection by its server and what that is, by its port; nothing where it has no name."""
        # Who sends first is the client, but where the connection began before the capture.
        address, port = (key.src, key.sport) if key.sport < min(key.dport, MIN_CLIENT_PORT) else (key.dst, key.dport)
        what = name(port)
        if what is None:
            return None
        server = address, port, what
        self.unread[server] = self.unread.get(server, 0) + 1
        return server

    def _unname(self, session: Session) -> None:
        """Count a connection no longer among those that are not read."""
        server, session.named = session.named, None
        if server is not None and server in self.unread:
            self.unread[server] -= 1
            if not self.unread[server]:
                del self.unread[server]

    def _settle(self, key: Key, connection: Connection) -> None:
        """Give a connection up, or count what it holds."""
        if connection.framing == GIVEN_UP:
            _release(connection)
            self._open.pop(key, None)
            self._given_up[key] = True
            return
        weight = _weight(connection)
        if weight != connection.weight:
            connection.weight, more = weight, weight - connection.weight
            self._open.grow(key, more)


def key_of(segment: Segment) -> Key:
    """Both ends of a segment's connection."""
    src, sport, dst, dport = segment[:4]
    return (src, sport, dst, dport) if (src, sport) <= (dst, dport) else (dst, dport, src, sport)


def _none_yet() -> Secrets:
    """Keys of which there are none yet, and some may come."""
    from dissectors.crypto.secrets import Secrets

    return Secrets(growing=True)


def _release(connection: Connection) -> None:
    """A connection is not read any more: keep of its TLS only what is told."""
    if connection.secured is not None:
        connection.secured.release()


def _weight(connection: Connection) -> int:
    """How many octets it takes to keep a connection."""
    weight = sum(way.direction.weight + way.websocket.weight for way in connection.ways)
    if connection.secured is not None and connection.within is not None:
        weight += connection.secured.weight + _weight(connection.within)
    return weight


def _side(within: Connection, way: Way) -> int:
    """The number of a direction in what is within a connection: there the client's is the first."""
    return int(within.ways[0].key[:2] != way.key[:2])


def _numbered(found: list[Whole]) -> list[Whole]:
    """The same messages, numbered where one segment made more than one whole."""
    counts: dict[tuple[int, int], int] = {}
    numbered = []
    for whole in found:
        place = whole.origin.file, whole.origin.frame
        counts[place] = number = counts.get(place, -1) + 1
        numbered.append(whole._replace(layer=number))
    return numbered


def _ways(connection: Connection, segment: Segment) -> tuple[Way, Way]:
    """The direction of a segment, and the other one."""
    one, two = connection.ways
    return (one, two) if one.key[:2] == (segment.src, segment.sport) else (two, one)


def _is_hole(way: Way, time: int) -> bool:
    """Whether what waits has waited long enough for the octets before it."""
    direction = way.direction
    if direction.overflows() or way.cut == direction.end:
        return True
    waited = time - min(piece.origin.time for piece in direction.waiting)
    if direction.acknowledged is None or direction.place(direction.acknowledged) <= direction.waiting[0].begin:
        return waited > HOLE_TIMEOUT_NS
    return waited > ACKNOWLEDGED_HOLE_TIMEOUT_NS


def _blank(octets: bytes, at: int) -> int:
    """The place behind CR and LF, which keep a connection alive and may stand before a message (RFC 5626, 3.5.1)."""
    while octets[at : at + 1] in (b"\r", b"\n"):
        at += 1
    return at


def _step(way: Way, octets: int) -> None:
    if octets:
        way.direction.read(octets)


def _next(connection: Connection, way: Way) -> Iterator[Whole]:
    """The message that comes next, if it is whole; `wanted` says whether to look once more, and at how much."""
    octets = way.direction.peek(max(FIRST_LOOK_OCTETS, 2 * way.wanted))
    blank = _blank(octets, 0) if connection.framing == SIP else 0
    _step(way, blank)
    way.wanted = 1
    if blank == len(octets):
        return
    try:
        framed = READERS[connection.framing](octets[blank:])
    except Malformed:
        way.searching, way.searched = True, 0
        return
    if isinstance(framed, Incomplete):
        way.wanted = framed.octets
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


def _framed(connection: Connection, way: Way) -> Iterator[Whole]:
    """The message of WebSocket that the next frame makes whole, where it is signalling."""
    way.wanted = 1
    try:
        taken = way.websocket.take(way.direction.peek())
    except Malformed:
        way.searching, way.searched = True, 0
        return
    if isinstance(taken, Incomplete):
        way.wanted = taken.octets
        return
    size, message = taken
    origin = way.direction.read(size)
    row = signalling_row(message, connection.spoken) if message else UNKNOWN_ROW
    if row != UNKNOWN_ROW:
        key = way.key._replace(transport=WSS if way.key.transport == TLS else WS)
        yield Whole(key, message, len(message), 0, origin, row)


def _search(connection: Connection, way: Way) -> None:
    """Go to the next message start."""
    octets = way.direction.peek()
    for at in RECOVERIES[connection.framing](octets, way.direction.begins()):
        try:
            READERS[connection.framing](octets[at:])
        except Malformed:
            continue
        _step(way, at)
        way.searching, way.websocket.upgraded = False, True
        return
    # The last line may be the beginning of a start line.
    kept = len(octets) - octets.rfind(b"\n") - 1 if connection.framing == SIP else 0
    passed = len(octets) - kept if kept <= MAX_LINE_OCTETS else len(octets)
    _step(way, passed)
    way.wanted = len(octets) - passed + 1
    way.searched += passed
    if way.searched > MAX_SEARCHED_OCTETS:
        connection.framing = GIVEN_UP


def _begun(connection: Connection, way: Way) -> list[Whole]:
    """What is there of a message whose end is missing, where its length is known."""
    unread = way.direction.unread
    if connection.framing != SIP or way.searching or not unread or way.wanted <= unread + 1:
        return []
    octets = way.direction.peek()
    return [Whole(way.key, octets, way.wanted, 0, way.direction.read(unread))]


def _is_positive(place: int) -> bool:
    return place >= 0


def _nothing(_: Key) -> None:
    """Nobody asked to be told."""
