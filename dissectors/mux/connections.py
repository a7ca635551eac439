"""TCP connections to whole messages: the first octets decide how these follow one another, as on UDP by the same table.

Laws of this file:
1. A connection is undecided, of one framing, or given up; what is given up costs a look into a table.
2. Every table is bounded: connections and octets by their last use, those given up by their age.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from dissectors.limits.budget import Bounds
from dissectors.limits.table import Table
from dissectors.mux.connection import (
    FIRST_LOOK_OCTETS,
    MAX_SEARCHED_OCTETS,
    Connection,
    Damage,
    Key,
    Way,
    Whole,
    behind_blank,
    cut_short,
    ended_early,
    key_of,
    next_message,
    next_of_websocket,
    pieces,
    plain_messages,
    plain_segment,
    search,
    unfinished,
    zeros_before_sip,
)
from dissectors.mux.flows import FlowKey
from dissectors.mux.framings import GIVEN_UP, HEP, RTSP, SERVER_HELLO, SIP, WEBSOCKET, is_certain, sniff
from dissectors.mux.framings import TLS as SECURED
from dissectors.mux.unread import UnreadServers, secured
from dissectors.wire import hep, tls, websocket
from dissectors.wire.datagram import TCP, TLS, UDP
from dissectors.wire.errors import Malformed
from dissectors.wire.spec import Incomplete
from dissectors.wire.tcp import ACK, FIN, RST, SYN, Direction, Origin, Segment
from dissectors.wire.values import NamedTuple

if TYPE_CHECKING:
    from dissectors.crypto.secrets import Secrets
    from dissectors.mux.tls import Opened, Session

class Read(NamedTuple):
    """What was read of a connection in one step: a direction, the place where its octets begin, and what is in them.

    `began` says that they are the message of HTTP with which WebSocket begins; `message` is the message of WebSocket
    that they make whole, inflated, empty for none.
    """

    framing: str
    way: Way
    begin: int
    octets: bytes
    found: list[Whole]
    began: bool
    message: bytes


Follower = Callable[[Read], object]

MAX_CONNECTIONS, MAX_OCTETS = 8192, 1 << 26
"""Connections that are undecided or carry messages, and octets that wait in them, with what it takes to keep them."""

MAX_GIVEN_UP = 65_536
"""Connections that are remembered as carrying nothing that is read."""

MAX_SNIFFED_SEGMENTS = 8
"""Segments of a connection that began before the capture whose first octets may begin a message."""

IDLE_SEGMENTS = 128
"""Segments of nothing but whole frames of WebSocket that count as one of them."""

BEFORE = (b"P", b"\r", b"C", b"H", b"\0")
"""How the header of the PROXY protocol may begin, the request for a tunnel, its answer, and zeros before SIP."""

MAX_DAMAGED = 256
"""Directions of which holes and differing octets are told."""

MAX_PLACES = 16

MAX_AGENTS = 64

MAX_SECURED = 1024
"""Connections of TLS of which is told what their handshake says, those that were used last."""


class Connections:
    """The connections of a capture; `take` gives back the messages that a segment made whole.

    `forgotten` is called with the key of a connection that is no longer known as given up. `plain` finds messages of
    SIP without surprises, `plainly` those of which a segment consists: `plain_messages` and `plain_segment`, or their
    compiled twins. `unread` counts connections by server and by what they carry, where that has a name and is not read;
    `agents` counts messages by the capture agent of HEP that saw them. `secured` holds what the handshakes of TLS say,
    by the client's direction and the first segment; `secrets` are the keys that open it, if there are any, and
    `expects_keys` says that the capture may hold some. `follower` is told what is read, step by step.
    """

    def __init__(self, bounds: Bounds, connections: int = MAX_CONNECTIONS, given_up: int = MAX_GIVEN_UP) -> None:
        self.forgotten: Callable[[Key], object] = _nothing
        self.plain: Callable[[Way], list[Whole]] = plain_messages
        self.plainly: Callable[[FlowKey, bytes, Origin], list[Whole]] = plain_segment
        self._bounds = bounds
        self.follower: Follower | None = None
        self._open: Table[Key, Connection] = Table(
            "TCP connections", connections, bounds, octets=MAX_OCTETS, given_up=lambda _, each: each.release()
        )
        self._given_up: Table[Key, bool] = Table("", given_up, given_up=lambda key, _: self.forgotten(key))
        self.damage: Table[FlowKey, Damage] = Table("damaged TCP connections", MAX_DAMAGED, bounds)
        self.unread = UnreadServers(bounds)
        self.secured: Table[tuple[FlowKey, int], Session] = Table("", MAX_SECURED)
        self.agents: Table[str, int] = Table("agents of HEP", MAX_AGENTS, bounds)
        self.secrets: Secrets | None = None
        self.lacking, self.expects_keys = "", False
        self._secrets_known = self._arrived = 0

    def take(self, segment: Segment, file: int, frame: int, time: int) -> list[Whole]:
        """The messages that are whole with this segment, in their order."""
        key = key_of(segment)
        found: list[Whole] = []
        if segment.flags & SYN:
            found = self._begin(key, segment, time)
            if not segment.payload:
                return found
            # TCP Fast Open (RFC 7413).
            segment = segment._replace(sequence=(segment.sequence + 1) & 0xFFFFFFFF)
        if key in self._given_up:
            return []
        connection = self._open.use(key)
        if connection is None:
            if not segment.payload:
                return []
            connection = self._open[key] = Connection(FlowKey(*segment[:4], "", TCP))
        self._arrived += 1
        if self.secrets is not None and self.secrets.changes != self._secrets_known:
            found += self._retry()
        here, there = connection.ways_of(segment)
        if segment.flags & ACK:
            there.direction.acknowledged = segment.acknowledgement
        if segment.payload:
            origin = Origin(self._arrived, file, frame, time, segment.identification)
            if connection.framing == SIP and not (found or there.direction.waiting or self.follower):
                if plain := self._plainly(key, connection, here, segment, origin):
                    return plain
            differing, waited = here.direction.differing, here.direction.unread
            here.direction.take(segment.sequence, segment.payload, origin)
            if len(segment.payload) < segment.length:
                here.note_cut(here.direction.place((segment.sequence + len(segment.payload)) & 0xFFFFFFFF))
            if here.direction.differing > differing:
                self._damaged(connection, here, time).differing += here.direction.differing - differing
            decided = connection.framing
            if waited and decided == SIP:
                found += cut_short(here, here.direction.place(segment.sequence), segment.payload)
            found += self._read(connection, here)
            if connection.framing != decided:
                found += self._read(connection, there)
        for way in connection.ways:
            while way.direction.waiting and (segment.flags & RST or way.has_hole(time)):
                found += self._skip(connection, way, time)
        if connection.framing == SIP and here.direction.unread:
            lacking = segment.length - len(segment.payload)
            end = here.direction.place(segment.sequence) + len(segment.payload)
            found += ended_early(connection, here, end, lacking, bool(segment.flags & (FIN | RST)))
        if connection.secured is not None and connection.within is not None and segment.flags & (FIN | RST):
            origin = Origin(self._arrived, file, frame, time, segment.identification)
            number, direction = connection.within.side_of(here), here.direction
            last = segment.sequence + segment.length
            if segment.flags & FIN and direction.end is not None and direction.place(last) > direction.end:
                connection.secured.lose(number)
            connection.secured.end(number, origin)
        self._settle(key, connection)
        return found if len(found) < 2 else _numbered(found)

    def unpack(self, octets: bytes, file: int, frame: int, time: int) -> list[Whole]:
        """The message in a datagram of HEP."""
        found = list(self._seen_elsewhere(octets, Origin(self._arrived, file, frame, time, 0)))
        return found if len(found) < 2 else _numbered(found)

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
            origin = origin._replace(time=packet.time or origin.time)
            for payload in pieces(packet.payload) if transport == TCP else (packet.payload,):
                yield Whole(key, payload, len(payload), 0, origin)

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
        return connection is not None and connection.ways_of(segment)[0].direction.unread > 0

    def finish(self) -> list[Whole]:
        """What is there behind holes, and of messages that are not whole, when there is no more to come."""
        found = self._retry()
        found += [whole for connection in self._open.values() for whole in self._end(connection)]
        return _numbered(found)

    def _begin(self, key: Key, segment: Segment, time: int) -> list[Whole]:
        """A SYN: a new connection, unless it came again or answers the first one."""
        if key in self._given_up:
            del self._given_up[key]
            self.forgotten(key)
        found: list[Whole] = []
        connection = self._open.use(key)
        if connection is not None:
            direction = connection.ways_of(segment)[0].direction
            if direction.begun == segment.sequence:
                return found
            if direction.begun is None and direction.follows(segment.sequence):
                direction.begun = segment.sequence
                return found
            if direction.end is not None:
                found = self._end(connection)
                connection.release()
                connection = None
        if connection is None:
            connection = self._open[key] = Connection(FlowKey(*segment[:4], "", TCP))
        way = connection.ways_of(segment)[0]
        way.direction.open(segment.sequence)
        way.sure = True
        return found

    def _end(self, connection: Connection) -> list[Whole]:
        """What is there of a connection that is over."""
        found: list[Whole] = []
        for way in connection.ways:
            while way.direction.waiting:
                found += self._skip(connection, way, way.direction.waiting[0].origin.time)
            found += unfinished(connection, way)
        if connection.within is not None:
            found += [whole for way in connection.within.ways for whole in unfinished(connection.within, way)]
        return found

    def _skip(self, connection: Connection, way: Way, time: int) -> list[Whole]:
        """Go on behind a hole, with what is there of the message that it cut."""
        found = unfinished(connection, way)
        missing, origin = way.direction.skip()
        damage = self._damaged(connection, way, time)
        damage.holes += 1
        damage.missing += missing
        if len(damage.places) < MAX_PLACES:
            damage.places.append((origin.file, origin.frame))
        way.begin_anew(bool(connection.framing))
        if connection.secured is not None and connection.within is not None:
            number = connection.within.side_of(way)
            connection.secured.lose(number)
            found += unfinished(connection.within, connection.within.ways[number])
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
            elif way.beyond is not None:
                if not way.passed:
                    self._bounds.hit(f"messages of {connection.framing} that are too large")
                way.pass_beyond(way.beyond, connection.framing == SIP)
            elif way.searching:
                search(connection, way)
            elif connection.framing == SECURED:
                found += self._records(connection, way)
            elif self.follower is not None:
                found += self._followed(connection, way, self.follower)
            elif connection.framing == WEBSOCKET:
                found += next_of_websocket(connection, way)
            elif connection.framing == SIP and (plain := self.plain(way)):
                found += plain
            else:
                found += self._next(connection, way)
        return found

    def _followed(self, connection: Connection, way: Way, follower: Follower) -> list[Whole]:
        """The same, with who wants to know which octets were read."""
        before, octets, upgraded = way.direction.at, way.direction.peek(), way.websocket.upgraded
        is_websocket = connection.framing == WEBSOCKET
        messages: list[bytes] = []
        found = list(
            next_of_websocket(connection, way, messages.append) if is_websocket else self._next(connection, way)
        )
        if way.direction.at > before:
            began, message = is_websocket and not upgraded, messages[0] if messages else b""
            follower(Read(connection.framing, way, before, octets[: way.direction.at - before], found, began, message))
        return found

    def _next(self, connection: Connection, way: Way) -> Iterator[Whole]:
        """The message that comes next; of HEP, what is in it."""
        for whole in next_message(connection, way):
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
        session.named = self.unread.name(client, octets)

    def _plainly(self, key: Key, connection: Connection, way: Way, segment: Segment, origin: Origin) -> list[Whole]:
        """The messages of SIP that a segment consists of, if it is the next one; none where it needs a closer look."""
        payload = segment.payload
        if len(payload) < segment.length or segment.flags & (FIN | RST) or not way.is_even:
            return []
        direction = way.direction
        if direction.place(segment.sequence) != direction.end:
            return []
        found = self.plainly(way.key, payload, origin)
        if found and (more := direction.step_over(payload, [whole.length for whole in found])):
            connection.weight += more
            self._open.grow(key, more)
        return found

    def _records(self, connection: Connection, way: Way) -> list[Whole]:
        """What the next record of TLS carries."""
        session, within = connection.secured, connection.within
        assert session is not None and within is not None
        octets = way.direction.peek(max(FIRST_LOOK_OCTETS, 2 * way.wanted))
        number = within.side_of(way)
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
        known, begin = session.hello, way.direction.at
        opened = session.take(number, record, way.direction.read(record.size))
        if self.follower is not None:
            self.follower(Read(SECURED, way, begin, bytes(octets[: record.size]), [], False, b""))
        if session.hello is not None and session.hello is not known:
            self.unread.take_back(session.named)
            session.named = None
            session.named = self.unread.count(session.key, partial(secured, session.hello))
        return self._within(connection, opened)

    def _within(self, connection: Connection, opened: list[Opened]) -> list[Whole]:
        """The messages in what the records of a connection carried."""
        session, within = connection.secured, connection.within
        assert session is not None and within is not None
        found: list[Whole] = []
        for number, octets, origin in opened:
            way = within.ways[number]
            begin = way.direction.end or 0
            waited = way.direction.unread
            way.direction.take(begin & 0xFFFFFFFF, octets, origin)
            decided = within.framing
            if waited and decided == SIP:
                found += cut_short(way, begin, octets)
            found += self._read(within, way)
            if within.framing != decided:
                found += self._read(within, within.ways[1 - number])
        if within.framing not in ("", GIVEN_UP):
            self.unread.take_back(session.named)
            session.named = None
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
        if way.sure and octets[:1] in BEFORE and (header := _before(connection, octets)):
            if isinstance(header, Incomplete):
                way.wanted = header.octets
            else:
                connection.tunnelled |= octets[:1] == b"C"
                way.pass_over(header)
                way.wanted = 1
            return
        for at in [0] if way.sure else [*filter(_is_positive, way.direction.begins())]:
            blank = behind_blank(octets, at)
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
                    self.unread.name(way.key, octets)
                way.pass_over(blank)
                connection.framing = framing
                if framing == WEBSOCKET and octets[blank : blank + 1] in websocket.MESSAGES:
                    for each in connection.ways:
                        each.websocket.upgraded = True
                if framing == SECURED:
                    self._begin_secured(connection, way)
                for each in connection.ways:
                    if each.damage is not None:
                        self.damage[each.key] = each.damage
                    each.wanted, each.searching = 1, not each.sure and each is not way
                return
        # A connection of WebSocket may be idle for long.
        connection.sniffed += 1 if not way.sure and websocket.fills(octets) else IDLE_SEGMENTS
        if way.sure or connection.sniffed > MAX_SNIFFED_SEGMENTS * IDLE_SEGMENTS:
            connection.framing = GIVEN_UP
            self.unread.name(way.key, octets)
        else:
            way.direction.read(len(octets))
            way.wanted = 1

    def _settle(self, key: Key, connection: Connection) -> None:
        """Give a connection up, or count what it holds."""
        if connection.framing == GIVEN_UP:
            connection.release()
            self._open.pop(key, None)
            self._given_up[key] = True
            return
        weight = connection.held_octets()
        if weight != connection.weight:
            connection.weight, more = weight, weight - connection.weight
            self._open.grow(key, more)


def _before(connection: Connection, octets: bytes) -> int | Incomplete:
    """The octets of what somebody in between puts before a connection, or that keep it alive; 0 where none are."""
    if octets[:1] == b"\0":
        return zeros_before_sip(octets)
    from dissectors.wire import proxied

    if octets[:1] == b"H":
        return proxied.tunnel(octets, True) if connection.tunnelled else 0
    return proxied.tunnel(octets, False) if octets[:1] == b"C" else proxied.header(octets)


def _none_yet() -> Secrets:
    """Keys of which there are none yet, and some may come."""
    from dissectors.crypto.secrets import Secrets

    return Secrets(growing=True)


def _numbered(found: list[Whole]) -> list[Whole]:
    """The same messages, numbered where one segment made more than one whole."""
    counts: dict[tuple[int, int], int] = {}
    numbered = []
    for whole in found:
        _, file, frame, _, _ = whole.origin
        place = file, frame
        counts[place] = number = counts.get(place, -1) + 1
        numbered.append(whole._replace(layer=number) if number != whole.layer else whole)
    return numbered


def _is_positive(place: int) -> bool:
    return place >= 0


def _nothing(_: Key) -> None:
    """Nobody asked to be told."""
