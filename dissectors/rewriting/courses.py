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
from tempfile import TemporaryFile
from typing import IO, NamedTuple, Protocol

from dissectors import offline
from dissectors.mux.connections import Read
from dissectors.mux.framings import READERS, SIP, WEBSOCKET
from dissectors.mux.table import PROTOCOLS, ROWS
from dissectors.sources.capture import open_capture
from dissectors.wire import websocket
from dissectors.wire.datagram import TCP
from dissectors.wire.spec import Incomplete
from dissectors.wire.tcp import ACK, SYN, Segment

MAX_EDITS = 1 << 20
"""Messages whose new octets are remembered."""

MAX_STEP = 1 << 30
"""How far a place may lie from the last one for others to be near to it: what is farther may be anything."""

Way = tuple[bytes, int, bytes, int]
"""One direction: from where, and where to."""

NO_ROOM, SQUEEZED = "over TCP, for which there was no room", "in compressed messages of WebSocket"
"""Why messages stay as they are."""

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

    @property
    def plainly(self) -> bool:
        """Whether compressed messages of WebSocket become plain ones, and blanks between messages are understood."""
        ...


class Rewritten(NamedTuple):
    """A segment as it is now; `known` octets of it are understood, and `what` was done."""

    sequence: int
    acknowledgement: int
    payload: bytes
    known: int
    what: tuple[str, ...]


class Course:
    """One direction of a connection; `begun` is the sequence number of its SYN, if that was seen."""

    __slots__ = ("begins", "begun", "ends", "near", "offsets", "shift", "shifts", "sizes", "words")

    def __init__(self, begun: int | None) -> None:
        self.begun = begun
        self.begins, self.ends, self.offsets, self.sizes, self.shifts = (array("q") for _ in range(5))
        self.words: list[str] = []
        self.shift = 0
        self.near: int | None = None

    def add(self, begin: int, end: int, offset: int, size: int, what: str) -> None:
        """Octets that are others now."""
        if self.near is None:
            self.near = begin
        for column, value in zip(
            (self.begins, self.ends, self.offsets, self.sizes, self.shifts), (begin, end, offset, size, self.shift),
            strict=True,
        ):
            column.append(value)
        self.words.append(what)
        self.shift += size - (end - begin)

    def place(self, sequence: int) -> int:
        """The place of a sequence number, near to the last one."""
        near = self.near or 0
        step = (sequence - near) & 0xFFFFFFFF
        place = near + (step - (1 << 32) if step >= 1 << 31 else step)
        if abs(place - near) < MAX_STEP:
            self.near = place
        return place

    def moved(self, place: int) -> int:
        """Where a place is now."""
        at = bisect_right(self.begins, place) - 1
        if at < 0:
            return place
        begin, size = self.begins[at], self.sizes[at]
        within = size if place >= self.ends[at] else min(place - begin, size)
        return begin + self.shifts[at] + within + max(0, place - self.ends[at])

    def octets(self, begin: int, payload: bytes, spool: IO[bytes]) -> tuple[bytes, int, tuple[str, ...]]:
        """What becomes of octets, how many of the new ones are understood, and what was done."""
        out: list[bytes] = []
        what: dict[str, None] = {}
        at, stop, known = begin, begin + len(payload), -1
        number = max(0, bisect_right(self.begins, at) - 1)
        while at < stop:
            while number < len(self.begins) and self.ends[number] <= at:
                number += 1
            first = self.begins[number] if number < len(self.begins) else stop
            if first > at:
                known = known if known >= 0 else sum(map(len, out))
                to = min(first, stop)
                out.append(payload[at - begin : to - begin])
            else:
                end, size = self.ends[number], self.sizes[number]
                to = min(end, stop)
                low, high = min(at - first, size), size if to == end else min(to - first, size)
                spool.seek(self.offsets[number] + low)
                out.append(spool.read(high - low))
                if self.words[number]:
                    what[self.words[number]] = None
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

    def close(self) -> None:
        """Let go of the new octets."""
        self._spool.close()

    def begin(self) -> None:
        """From now on segments come again from the first one."""
        self._current = {way: found[0] for way, found in self._courses.items() if found[0].begun is None}
        for found in self._courses.values():
            for course in found:
                course.near = course.begins[0]

    def add(self, way: Way, begun: int | None, begin: int, end: int, octets: bytes, what: str) -> None:
        """Octets of a direction from one place to another are these now."""
        if self._edits >= MAX_EDITS:
            self.left[NO_ROOM] += 1
            return
        found = self._courses.setdefault(way, [])
        if not found or begun is not None and found[-1].begun != begun:
            found.append(Course(begun))
        course = found[-1]
        if course.ends and begin < course.ends[-1]:
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
    courses = Courses()
    follower = _Follower(courses, author)
    scanner = offline.scanner_class()()
    scanner.connections.follower = follower.take
    with open_capture(path) as capture:
        for _ in offline.batches(scanner, capture):
            pass
    scanner.finish()
    return courses


class _Follower:
    def __init__(self, courses: Courses, author: Author) -> None:
        self._courses, self._author = courses, author

    def take(self, read: Read) -> None:
        """Take what was read in one step."""
        key = read.way.key
        if key.transport != TCP or key.inside:
            return
        if read.framing == SIP:
            self._messages(read)
        elif read.framing == WEBSOCKET:
            made, what = self._frame(read)
            if made is not None:
                self._add(read, 0, len(read.octets), made, what)

    def _messages(self, read: Read) -> None:
        """A message, and the blanks before it."""
        size = sum(len(whole.payload) for whole in read.found)
        blank = len(read.octets) - size
        if blank and self._author.plainly and not read.octets[:blank].strip(b"\r\n\0"):
            self._add(read, 0, blank, read.octets[:blank], "")
        if not size:
            return
        # What follows Content-Length in the same segment is no part of what can be understood.
        framed = READERS[SIP](read.octets[blank:])
        end = len(read.octets) if isinstance(framed, Incomplete) else blank + framed.size
        made = self._author.message(read.octets[blank:end], self._courses.left)
        if made is not None:
            self._add(read, blank, end, *made)

    def _frame(self, read: Read) -> tuple[bytes | None, str]:
        """A frame of WebSocket, or what comes before the first."""
        if read.began:
            return self._author.upgrade(read.octets), ""
        frame = websocket.frame(read.octets)
        if isinstance(frame, Incomplete):
            return None, ""
        code, first = frame.first & 0x0F, frame.first & ~websocket.COMPRESSED
        if code >= websocket.CLOSE:
            made, what = self._author.control(frame.payload), ""
        else:
            made, what = self._text(read, frame.first)
        return (None if made is None else framed(first, made, mask_of(read.octets))), what

    def _text(self, read: Read, first: int) -> tuple[bytes | None, str]:
        """A message of SIP that lies in one frame."""
        alone = first & websocket.FINAL and first & 0x0F in (websocket.TEXT, websocket.BINARY)
        if not (alone and read.found) or PROTOCOLS[ROWS[read.found[0].row][0]] != SIP:
            return None, ""
        made = self._author.message(read.found[0].payload, self._courses.left)
        if made is not None and first & websocket.COMPRESSED and not self._author.plainly:
            # Those behind it are compressed with what it says.
            self._courses.left[SQUEEZED] += 1
            return None, ""
        return (None, "") if made is None else made

    def _add(self, read: Read, begin: int, end: int, octets: bytes, what: str) -> None:
        way = read.way
        self._courses.add(
            way.key[:4], way.direction.begun, read.begin + begin, read.begin + end, octets, what
        )


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
