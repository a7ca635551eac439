"""What was sent from where to where, and what of it the capture has twice."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Protocol

from dissectors.report import Certainty, Message, Place
from dissectors.wire.values import Struct, field

MIN_RTP_PACKETS = 20
"""Shorter streams say nothing."""

MIN_SIP_COPIES = 3
DOUBLED_SHARE, SOME_DOUBLED_SHARE = 0.45, 0.4
"""From what share of copies on everything was captured twice; and where no part has so many, the whole has not."""

MAX_FRAMES = 16
MAX_ENDS = 1024
"""How many frames show copies. And what calls sent that were let go is remembered of twice as many two hosts, then of
this many of those that sent most, beside those with copies."""

Ends = tuple[str, str]
"""The host that sends and the one to which it does."""


class Counted(Protocol):
    """What is counted of a stream; see `report.Stream`."""

    @property
    def duplicates(self) -> int: ...

    @property
    def copies(self) -> int: ...

    @property
    def sent_twice(self) -> int: ...


class Twice(Struct):
    """How many packets of streams are duplicates, and of these copies of one IP packet and others.

    `first` is when the first of these streams begins, at this place.
    """

    first: float
    place: Place
    duplicates: int = 0
    copies: int = 0
    sent_twice: int = 0

    def add(self, counted: Counted, first: float, place: Place) -> None:
        """Count those of a stream that begins then and there."""
        if first < self.first:
            self.first, self.place = first, place
        self.duplicates += counted.duplicates
        self.copies += counted.copies
        self.sent_twice += counted.sent_twice

    def much(self, packets: int) -> bool:
        """Whether of so many packets nearly all came twice, and may be the capture's doing."""
        return self.duplicates > DOUBLED_SHARE * packets and self.sent_twice <= self.duplicates / 2

    @property
    def certainty(self) -> Certainty:
        """The same IP packet may have come twice by the network; what has no number may have been sent twice, too."""
        return "high" if self.copies > self.duplicates / 2 else "medium"

    @property
    def doubt(self) -> str:
        """What else they may be, in words."""
        return "" if self.certainty == "high" else ", or were sent twice"


class Copies(Struct):
    """How many SIP messages are copies of one packet, and when and where the first of them came, in order."""

    count: int = 0
    first: list[tuple[float, Place]] = field(default_factory=list)

    def add(self, time: float, place: Place) -> None:
        """Count one."""
        self.count += 1
        self.first.append((time, place))
        self.first.sort(key=_when)
        del self.first[MAX_FRAMES:]

    @property
    def time(self) -> float:
        """When the first one came."""
        return self.first[0][0]

    @property
    def places(self) -> list[Place]:
        """Where the first ones are."""
        return [place for _, place in self.first]


def _when(one: tuple[float, Place]) -> tuple[float, int, int]:
    time, place = one
    return time, place.file, place.frame


class Sent(Struct):
    """How many messages of SIP and packets of streams went from one host to another, and which of them came twice.

    `every` are the packets of all streams but very short ones, `every_twice` those that came twice, if any.
    """

    messages: dict[Ends, int] = field(default_factory=dict)
    copies: dict[Ends, Copies] = field(default_factory=dict)
    packets: dict[Ends, int] = field(default_factory=dict)
    twice: dict[Ends, Twice] = field(default_factory=dict)
    every: int = 0
    every_twice: Twice | None = None

    def add_messages(self, messages: Iterable[Message]) -> None:
        """Count the messages of a call."""
        counts = self.messages
        for message in messages:
            ends = message.src, message.dst
            counts[ends] = counts.get(ends, 0) + 1
            if message.copy:
                self.copies.setdefault(ends, Copies()).add(message.time, message.place)

    def add_unread(self, ends: Ends, count: int) -> None:
        """Count messages of which none came twice."""
        self.messages[ends] = self.messages.get(ends, 0) + count

    def add_packets(self, ends: Ends, packets: int) -> None:
        """Count the packets of a stream that is not very short."""
        self.packets[ends] = self.packets.get(ends, 0) + packets
        self.every += packets

    def add_duplicates(self, ends: Ends, counted: Counted, first: float, place: Place) -> None:
        """Count what came twice of these, in a stream that begins then and there."""
        self.every_twice = self.every_twice or Twice(first, place)
        self.every_twice.add(counted, first, place)
        self.twice.setdefault(ends, Twice(first, place)).add(counted, first, place)

    def make_room(self) -> None:
        """Forget those that sent little where there are many."""
        if len(self.messages) > 2 * MAX_ENDS:
            self.copies = dict([*self.copies.items()][:MAX_ENDS])
            self.messages = _most(self.messages, self.copies)
        if len(self.packets) > 2 * MAX_ENDS:
            self.twice = dict([*self.twice.items()][:MAX_ENDS])
            self.packets = _most(self.packets, self.twice)

    @property
    def signalled(self) -> dict[Ends, Copies]:
        """From where to where SIP messages were captured twice."""
        return {
            ends: copies for ends, copies in self.copies.items()
            if copies.count >= MIN_SIP_COPIES and copies.count > DOUBLED_SHARE * self.messages[ends]
        }


def _most(counts: dict[Ends, int], known: Collection[Ends]) -> dict[Ends, int]:
    """The largest counts, and those that are known for something."""
    most = sorted(counts, key=counts.__getitem__, reverse=True)[:MAX_ENDS]
    return {ends: counts[ends] for ends in (*known, *most)}
