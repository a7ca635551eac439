"""What becomes of the octets of TCP connections: messages that are others now, and every sequence number behind them.

A place is a sequence number that counts on where it wraps. Laws of this file:
1. A place goes where the octets before it went, so whatever holds or acknowledges it (a segment, one that came again,
   one that was cut elsewhere) agrees with all others.
2. The new octets lie in a temporary file; memory holds only where.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Hashable, Sequence
from operator import attrgetter
from tempfile import TemporaryFile
from typing import IO, Any, NamedTuple, Protocol

from dissectors.limits.budget import Bounds
from dissectors.mux.connections import Connections, Read
from dissectors.mux.framings import READERS, SIP, TLS, WEBSOCKET
from dissectors.mux.table import PROTOCOLS, ROWS
from dissectors.rewriting.pieces import pieces, sieve_for
from dissectors.sources.capture import open_capture
from dissectors.wire import websocket
from dissectors.wire.datagram import TCP
from dissectors.wire.link.frames import Frames
from dissectors.wire.spec import Incomplete
from dissectors.wire.tcp import ACK, SYN, Segment

MAX_EDITS = 1 << 20
"""Messages whose new octets are remembered."""

MAX_STEP = 1 << 30
"""How far a place may lie from the last one for others to be near to it: what is farther may be anything."""

EDIT_NUMBERS, _BEGIN = 5, attrgetter("begin")
"""Numbers of an edit, and the first of them."""

Way = tuple[bytes, int, bytes, int]
"""One direction: from where, and where to."""

_Name = tuple[Way, int | None]
"""A direction of one connection, with the sequence number of its SYN."""

NO_ROOM, SQUEEZED = "over TCP, for which there was no room", "in compressed messages of WebSocket that are damaged"
"""Why messages stay as they are."""

PLAINLY = "message of WebSocket inflated"

MAX_PARTS = 1 << 16
"""Frames of one message of WebSocket, with the control frames between them."""

MASKED, SMALL, WIDE, WIDER = 0x80, 126, 127, 1 << 16
"""The flag of a mask, and how a frame of WebSocket says that its length takes two octets more, or eight."""


class Author(Protocol):
    """Who says what becomes of what is read; None where it stays, or is not understood."""

    def message(self, octets: bytes, left: Counter[str]) -> tuple[bytes, str] | None:
        """Of a message of SIP, and what was done."""
        ...

    def upgrade(self, octets: bytes) -> bytes | None:
        """Of the message of HTTP with which WebSocket begins."""
        ...

    def control(self, octets: bytes) -> bytes | None:
        """Of what a control frame of WebSocket carries."""
        ...

    def secured(self, octets: bytes, direction: Hashable) -> list[bytes]:
        """Of the last records of TLS of a direction, this one and those that waited for it: as long as they were."""
        ...

    @property
    def plainly(self) -> bool:
        """Whether all that is understood is written anew, blanks between messages, too, and the rest does not matter.

        Else messages that do not change stay compressed, as far as they can be read without those that do.
        """
        ...


class Rewritten(NamedTuple):
    """A segment as it is now; `known` octets of it are understood, and `what` was done."""

    sequence: int
    acknowledgement: int
    payload: bytes
    known: int
    what: tuple[str, ...]


class Edit(NamedTuple):
    """Octets from one place to another that are `size` others now, at `offset` of the temporary file.

    All behind them moved by `shift` for what was edited before them. `what` was done.
    """

    begin: int
    end: int
    offset: int
    size: int
    shift: int
    what: str

    def moved(self, place: int) -> int:
        """Where a place is now that lies in these octets or behind them."""
        within = self.size if place >= self.end else min(place - self.begin, self.size)
        return self.begin + self.shift + within + max(0, place - self.end)


class Edits(Sequence[Edit]):
    """The edits of a direction, in order; there may be very many, so only their numbers are held."""

    def __init__(self) -> None:
        self._numbers = array("q")
        self._words: list[str] = []

    def __len__(self) -> int:
        return len(self._words)

    def __getitem__(self, at: Any) -> Any:
        at = range(len(self))[at]
        begin, end, offset, size, shift = self._numbers[at * EDIT_NUMBERS : (at + 1) * EDIT_NUMBERS]
        return Edit(begin, end, offset, size, shift, self._words[at])

    def append(self, edit: Edit) -> None:
        """Add one that lies behind all others."""
        self._numbers.extend((edit.begin, edit.end, edit.offset, edit.size, edit.shift))
        self._words.append(edit.what)

    def before(self, place: int) -> int:
        """The number of the last one that begins at a place or before it; -1 for none."""
        return bisect_right(self, place, key=_BEGIN) - 1


class Course:
    """One direction of a connection; `begun` is the sequence number of its SYN, if that was seen."""

    __slots__ = ("_near", "begun", "edits")

    def __init__(self, begun: int | None) -> None:
        self.begun = begun
        self.edits = Edits()
        self._near = 0

    def begin(self) -> None:
        """From now on its segments come again from the first one."""
        self._near = self.edits[0].begin

    def add(self, begin: int, end: int, offset: int, size: int, what: str) -> None:
        """Octets that are others now."""
        last = self.edits[-1] if self.edits else None
        shift = last.moved(last.end) - last.end if last is not None else 0
        self.edits.append(Edit(begin, end, offset, size, shift, what))

    def place(self, sequence: int) -> int:
        """The place of a sequence number: the one that is nearest to the last place that was asked for."""
        step = (sequence - self._near) & 0xFFFFFFFF
        place = self._near + (step - (1 << 32) if step >= 1 << 31 else step)
        if abs(place - self._near) < MAX_STEP:
            self._near = place
        return place

    def moved(self, place: int) -> int:
        """Where a place is now."""
        at = self.edits.before(place)
        return place if at < 0 else self.edits[at].moved(place)

    def octets(self, begin: int, payload: bytes, spool: IO[bytes]) -> tuple[bytes, int, tuple[str, ...]]:
        """What becomes of octets, how many of the new ones are understood, and what was done."""
        out: list[bytes] = []
        what: dict[str, None] = {}
        at, stop, known = begin, begin + len(payload), -1
        number = max(0, self.edits.before(at))
        while at < stop:
            edit = self.edits[number] if number < len(self.edits) else None
            if edit is not None and edit.end <= at:
                number += 1
            elif edit is None or edit.begin > at:
                known = known if known >= 0 else sum(map(len, out))
                to = stop if edit is None else min(edit.begin, stop)
                out.append(payload[at - begin : to - begin])
                at = to
            else:
                to = min(edit.end, stop)
                low = min(at - edit.begin, edit.size)
                high = edit.size if to == edit.end else min(to - edit.begin, edit.size)
                spool.seek(edit.offset + low)
                out.append(spool.read(high - low))
                if edit.what:
                    what[edit.what] = None
                at = to
        made = b"".join(out)
        return made, known if known >= 0 else len(made), tuple(what)


class Courses:
    """All directions of a capture of which octets are others now; to be asked for its segments in order."""

    def __init__(self) -> None:
        self.left: Counter[str] = Counter()
        self._spool: IO[bytes] = TemporaryFile()
        self._end = self._edits = 0
        self._courses: dict[Way, list[Course]] = {}
        self._current: dict[Way, Course | None] = {}

    def __bool__(self) -> bool:
        return bool(self._courses)

    @property
    def ways(self) -> set[Way]:
        """The directions of which octets are others now."""
        return set(self._courses)

    def close(self) -> None:
        """Let go of the new octets."""
        self._spool.close()

    def begin(self) -> None:
        """From now on segments come again from the first one."""
        self._current = {way: found[0] for way, found in self._courses.items() if found[0].begun is None}
        for found in self._courses.values():
            for course in found:
                course.begin()

    def add(self, way: Way, begun: int | None, begin: int, end: int, octets: bytes, what: str) -> None:
        """Octets of a direction from one place to another are these now."""
        if self._edits >= MAX_EDITS:
            self.left[NO_ROOM] += 1
            return
        found = self._courses.setdefault(way, [])
        if not found or begun is not None and found[-1].begun != begun:
            found.append(Course(begun))
        course = found[-1]
        if course.edits and begin < course.edits[-1].end:
            self.left[NO_ROOM] += 1
            return
        course.add(begin, end, self._end, len(octets), what)
        self._spool.seek(self._end)
        self._spool.write(octets)
        self._end += len(octets)
        self._edits += 1

    def of(self, segment: Segment) -> Rewritten | None:
        """What becomes of a segment; None where its direction, and the other one, stay as they are."""
        way, back = segment[:4], (segment.dst, segment.dport, segment.src, segment.sport)
        if segment.flags & SYN:
            self._opened(way, segment.sequence)
        course, other = self._current.get(way), self._current.get(back)
        if course is None and other is None:
            return None
        sequence, payload, known = segment.sequence, segment.payload, 0
        what: tuple[str, ...] = ()
        if course is not None:
            begin = course.place(sequence)
            sequence = course.moved(begin) & 0xFFFFFFFF
            payload, known, what = course.octets(begin + bool(segment.flags & SYN), payload, self._spool)
        acknowledgement = segment.acknowledgement
        if other is not None and segment.flags & ACK:
            acknowledgement = self.acknowledged(segment, acknowledgement)
        return Rewritten(sequence, acknowledgement, payload, known, what)

    def acknowledged(self, segment: Segment, sequence: int) -> int:
        """What a sequence number is that a segment says of the other direction."""
        course = self._current.get((segment.dst, segment.dport, segment.src, segment.sport))
        return sequence if course is None else course.moved(course.place(sequence)) & 0xFFFFFFFF

    def _opened(self, way: Way, sequence: int) -> None:
        """A SYN: the same again, or a new connection."""
        found = self._courses.get(way)
        if found is None:
            return
        current = self._current.get(way)
        if current is None or current.begun != sequence:
            self._current[way] = next((each for each in found if each.begun == sequence), None)


def look(path: str, author: Author) -> Courses:
    """Read a capture for what becomes of its SIP over TCP and WebSocket."""
    courses, frames, connections = Courses(), Frames(), Connections(Bounds())
    connections.follower = _Follower(courses, author).take
    sieve = sieve_for(())
    if sieve is not None:
        connections.forgotten = sieve.forget
    with open_capture(path) as capture:
        for piece in pieces(capture, sieve):
            if piece.record is None:
                continue
            frames.udp(piece.record)
            for segment in frames.tcp:
                connections.take(segment, 0, piece.record.frame, piece.record.time)
                if sieve is not None and connections.is_given_up(segment):
                    sieve.give_up(*segment[:4])
    connections.finish()
    return courses


class _Part(NamedTuple):
    """A frame of a message of WebSocket that is not whole, or what becomes of a control frame between such frames."""

    begin: int
    end: int
    first: int
    mask: bytes
    made: bytes | None = None


class _Follower:
    def __init__(self, courses: Courses, author: Author) -> None:
        self._courses, self._author = courses, author
        self._parts: dict[_Name, list[_Part]] = {}
        self._plain: set[_Name] = set()

    def take(self, read: Read) -> None:
        """Take what was read in one step."""
        key = read.way.key
        if key.transport != TCP or key.inside:
            return
        if read.framing == SIP:
            self._messages(read)
        elif read.framing == TLS:
            self._secured(read)
        elif read.framing == WEBSOCKET and read.began:
            made = self._author.upgrade(read.octets)
            if made is not None:
                self._add(read, read.begin, read.begin + len(read.octets), made, "")
        elif read.framing == WEBSOCKET:
            self._frame(read)

    def _messages(self, read: Read) -> None:
        """A message, and the blanks before it."""
        size = sum(len(whole.payload) for whole in read.found)
        blank = len(read.octets) - size
        begin = read.begin + blank
        if blank and self._author.plainly and not read.octets[:blank].strip(b"\r\n\0"):
            self._add(read, read.begin, begin, read.octets[:blank], "")
        if not size:
            return
        # What follows Content-Length in the same segment is no part of what can be understood.
        framed = READERS[SIP](read.octets[blank:])
        end = len(read.octets) if isinstance(framed, Incomplete) else blank + framed.size
        made = self._author.message(read.octets[blank:end], self._courses.left)
        if made is not None:
            self._add(read, begin, read.begin + end, *made)

    def _secured(self, read: Read) -> None:
        """A record of TLS, and those before it that waited for it."""
        end = read.begin + len(read.octets)
        made = self._author.secured(read.octets, (read.way.key[:4], read.way.direction.begun))
        begin = end - sum(map(len, made))
        for each in made:
            self._add(read, begin, begin + len(each), each, "")
            begin += len(each)

    def _frame(self, read: Read) -> None:
        """A frame of WebSocket; what becomes of a message is known with its last one."""
        frame = websocket.frame(read.octets)
        if isinstance(frame, Incomplete):
            return
        name = read.way.key[:4], read.way.direction.begun
        parts = self._parts.pop(name, [])
        if parts and (parts[-1].end != read.begin or len(parts) >= MAX_PARTS):
            parts = []
        part = _Part(read.begin, read.begin + len(read.octets), frame.first, mask_of(read.octets))
        code = frame.first & 0x0F
        if code >= websocket.CLOSE:
            made = self._author.control(frame.payload)
            parts.append(part._replace(made=None if made is None else framed(part.first, made, part.mask)))
        elif code == websocket.CONTINUATION or not parts:
            parts.append(part)
        else:
            parts = [part]
        if all(each.first & 0x0F >= websocket.CLOSE for each in parts):
            self._write(read, parts, None, "")
        elif code < websocket.CLOSE and frame.first & websocket.FINAL:
            self._write(read, parts, *self._message(read, name, parts))
        else:
            self._parts[name] = parts

    def _message(self, read: Read, name: _Name, parts: list[_Part]) -> tuple[bytes | None, str]:
        """What becomes of a message that is whole, None where it stays."""
        first = next(each.first for each in parts if each.first & 0x0F < websocket.CLOSE)
        if first & 0x0F == websocket.CONTINUATION:
            return None, ""
        found = read.found[0] if read.found else None
        is_sip = found is not None and PROTOCOLS[ROWS[found.row][0]] == SIP
        made = self._author.message(found.payload, self._courses.left) if found is not None and is_sip else None
        if not first & websocket.COMPRESSED:
            return made or (None, "")
        if made is not None:
            # Those behind it are compressed with what it said.
            self._plain.add(name)
            return made[0], f"{made[1]}; {PLAINLY}" if made[1] else ""
        if self._author.plainly or name not in self._plain:
            return None, ""
        if not read.message:
            self._courses.left[SQUEEZED] += 1
            return None, ""
        return read.message, PLAINLY

    def _write(self, read: Read, parts: list[_Part], message: bytes | None, what: str) -> None:
        """Write what became of frames: a new message stands in the last of its own, for they are as many as before."""
        for part in parts:
            last = part is parts[-1]
            if part.first & 0x0F >= websocket.CLOSE:
                if part.made is not None:
                    self._add(read, part.begin, part.end, part.made, "")
            elif message is not None:
                made = framed(part.first & ~websocket.COMPRESSED, message if last else b"", part.mask)
                self._add(read, part.begin, part.end, made, what)

    def _add(self, read: Read, begin: int, end: int, octets: bytes, what: str) -> None:
        self._courses.add(read.way.key[:4], read.way.direction.begun, begin, end, octets, what)


def mask_of(octets: bytes) -> bytes:
    """The mask of a frame of WebSocket; empty without one."""
    if not octets[1] & MASKED:
        return b""
    at = {SMALL: 4, WIDE: 10}.get(octets[1] & ~MASKED, 2)
    return octets[at : at + 4]


def framed(first: int, payload: bytes, mask: bytes) -> bytes:
    """A frame of WebSocket (RFC 6455 section 5.2)."""
    size, flag = len(payload), MASKED if mask else 0
    if size < SMALL:
        length = bytes((flag | size,))
    elif size < WIDER:
        length = bytes((flag | SMALL,)) + size.to_bytes(2, "big")
    else:
        length = bytes((flag | WIDE,)) + size.to_bytes(8, "big")
    return bytes((first,)) + length + mask + (websocket.unmasked(payload, mask) if mask else payload)
