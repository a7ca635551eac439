"""The common form of all capture formats: records in order, and notes with the file's own information.

A walker is fed octets in chunks of any size and yields whole records; it never reads ahead of what it was given, never
allocates from a length field, and stops at the first length that cannot be true. Cutting the same octets differently
gives the same records. The formats are `wire.pcap`, `wire.pcapng`, `wire.snoop` and `wire.erf`; `wire.formats` tells
them apart.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from dissectors.wire.values import NamedTuple, Struct, field

MAX_RECORD_OCTETS = 1 << 18
"""The longest captured record that is believed, in octets: what libpcap and Wireshark accept (MAXIMUM_SNAPLEN)."""

MAX_LEFT_OCTETS = 1 << 16
"""The most octets that may be left at the end of a chunk, to come again with the next ones: few records have more."""

MAX_TIME_NS = (1 << 62) - 1
"""The last moment that a record can have, in nanoseconds since the epoch (in the year 2116): later ones are this."""

MAX_NOTES = 64
"""How many comments and how many interface names are kept; further ones are only counted."""

MAX_TEXT_OCTETS = 1024
"""How many octets of one comment or name are kept."""


class Record(NamedTuple):
    """One captured frame.

    `frame` counts from 1 in its file, `time` is nanoseconds since the epoch (0 to `MAX_TIME_NS`), `link` the LINKTYPE
    number, `octets` what was captured and `original` how long the frame was on the wire.
    """

    frame: int
    time: int
    link: int
    octets: bytes
    original: int


class Notes(Struct):
    """A capture's own information, for the report. It grows while the records are read.

    `links` counts records by LINKTYPE. `cut` is the offset of a record that the capture ends within, `corrupt` the
    offset and the reason where reading had to stop; both count octets of the (inflated) capture. `comments` are pairs
    of a frame number (0 for the capture itself) and text; `drops` is what the capturing side reported as lost.
    `secrets` takes the TLS keys in the capture, at their place among the records.
    """

    format: str = ""
    packets: int = 0
    links: dict[int, int] = field(default_factory=dict)
    cut: int | None = None
    corrupt: tuple[int, str] | None = None
    comments: list[tuple[int, str]] = field(default_factory=list)
    comments_more: int = 0
    interfaces: list[str] = field(default_factory=list)
    interfaces_more: int = 0
    drops: int = 0
    secrets: Callable[[bytes], object] | None = None

    @property
    def damage(self) -> str:
        """In a clause, where the capture is cut or corrupt; empty if it is whole."""
        if self.corrupt is not None:
            return f"the capture is damaged at byte {self.corrupt[0]}: {self.corrupt[1]}"
        return "" if self.cut is None else f"the capture ends within a record, at byte {self.cut}"

    def passed(self, records: dict[int, int]) -> None:
        """Count records by LINKTYPE."""
        self.packets += sum(records.values())
        for link, count in records.items():
            self.links[link] = self.links.get(link, 0) + count

    def comment(self, frame: int, text: bytes) -> None:
        """Keep a comment, or count it once there are too many."""
        if len(self.comments) < MAX_NOTES:
            self.comments.append((frame, text[:MAX_TEXT_OCTETS].decode("utf-8", "replace")))
        else:
            self.comments_more += 1

    def interface(self, name: bytes) -> None:
        """Keep an interface's name, or count it once there are too many."""
        if len(self.interfaces) < MAX_NOTES:
            self.interfaces.append(name[:MAX_TEXT_OCTETS].decode("utf-8", "replace"))
        else:
            self.interfaces_more += 1


class Walker(Protocol):
    """Octets in, records out."""

    notes: Notes

    @property
    def wanted(self) -> int:
        """How many more octets it needs, at least, before it can go on."""
        ...

    @property
    def layout(self) -> object | None:
        """How the next records lie, for a reader that walks plain ones itself; None within a record, or if none can."""
        ...

    def feed(self, chunk: bytes) -> Iterator[Record]:
        """Take the next octets of the capture and yield the records that are whole now.

        The iterator must be exhausted before the next chunk is fed. After a corrupt length nothing more is yielded.
        """
        ...

    def passed(self, octets: int, records: dict[int, int], time: int) -> None:
        """Note that such a reader took whole records from here on: their octets, how many by LINKTYPE, the last time.

        `feed` goes on behind them.
        """
        ...

    def finish(self) -> bool:
        """Say that the capture has ended; True when it ended within a record (then `notes.cut` says where)."""
        ...


class Pending:
    """Octets that wait for the rest of what they belong to.

    Joins chunks only once enough has arrived, so that feeding single octets costs no more than feeding them together.
    """

    __slots__ = ("_chunks", "held", "needed", "offset")

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self.held = 0
        self.needed = 0
        self.offset = 0
        """Where in the capture the first waiting octet stands."""

    @property
    def wanted(self) -> int:
        """How many octets are missing."""
        return self.needed - self.held

    def take(self, chunk: bytes) -> bytes | None:
        """What waited and `chunk` in one piece, or None while that is shorter than what is needed."""
        if not self.held:
            if len(chunk) >= self.needed:
                return chunk
        elif self.held + len(chunk) >= self.needed:
            self._chunks.append(chunk)
            joined = b"".join(self._chunks)
            self._chunks.clear()
            self.held = 0
            return joined
        self._chunks.append(chunk)
        self.held += len(chunk)
        return None

    def keep(self, chunk: bytes, used: int, needed: int) -> None:
        """Let `chunk` wait from octet `used` on, until there are `needed` octets of it."""
        rest = chunk[used:]
        self.offset += used
        self.needed = needed
        if rest:
            self._chunks.append(rest)
            self.held = len(rest)

    def skip(self, chunk: bytes) -> None:
        """Forget `chunk`: nothing of it is wanted any more."""
        self.offset += len(chunk)
