"""Which frames are a call's: its SIP on every transport, its RTP, RTCP, STUN, TURN and DTLS, and nothing else.

Laws of this file:
1. SIP belongs to its Call-ID, RTP to its SSRC and flow, RTCP to the sources it is about; only the rest is told by ends.
2. What several calls share at one moment belongs to each of them, and is counted.
3. A frame goes with what it made whole: fragments and segments of TCP, too.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from dissectors.limits.budget import Bounds
from dissectors.mux.carried import carried
from dissectors.mux.classify import looks_like
from dissectors.mux.connection import Whole
from dissectors.mux.connections import Connections
from dissectors.mux.table import TABLE, rows_of
from dissectors.queries.owned import End, Ends, Frame, Owned
from dissectors.queries.traced import TracedFragments, TracedSegments
from dissectors.wire.captures.records import Record
from dissectors.wire.datagram import WS, WSS
from dissectors.wire.link.frames import Frames

if TYPE_CHECKING:
    from dissectors.mux.compiled.sieve import Dealer, Sorter

Key = TypeVar("Key")
NOBODY: tuple[int, ...] = ()
RTCP_HEADER, REPORT_BLOCK, SENDER_INFO = 8, 24, 20
MAX_SOURCES = 64
CARRIERS = ("TURN", "STUN")
SIGNALLING = {spec.name for spec in TABLE if spec.role == "signalling"}


class Owners:
    """Whose a datagram or a message is, by the number of the group in `groups`.

    `shared` counts, by group, the frames that several groups could claim alike.
    """

    def __init__(self, groups: Sequence[Owned]) -> None:
        self.groups = groups
        self.shared = [0] * len(groups)
        self._places: dict[Frame, tuple[int, ...]] = {}
        self._sources: dict[tuple[Ends, int], tuple[int, ...]] = {}
        self._ssrcs: dict[int, tuple[int, ...]] = {}
        self._ends: dict[End, tuple[int, ...]] = {}
        self._pairs: dict[Ends, tuple[int, ...]] = {}
        for number, group in enumerate(groups):
            _index(self._places, group.places, number)
            _index(self._sources, group.sources, number)
            _index(self._ssrcs, {ssrc for _, ssrc in group.sources}, number)
            _index(self._ends, group.ends, number)
            _index(self._pairs, group.pairs, number)

    def of_message(self, place: Frame, time: int, ends: Ends, payload: bytes, length: int) -> tuple[int, ...]:
        """The groups of a datagram, or of a message of a stream, that is whole in this frame."""
        known = self.knows(ends)
        if not known and place not in self._places:
            return NOBODY
        protocol = looks_like(payload, length)
        if protocol in SIGNALLING:
            return self.of_place(place)
        if not known:
            return NOBODY
        inner = carried(protocol, payload) if protocol in CARRIERS else None
        if inner is not None:
            found = self._of_sources(looks_like(inner[1], len(inner[1])), inner[1], ends)
            if found is not None:
                return found
        found = self._of_sources(protocol, payload, ends)
        return self._by_ends(ends, time) if found is None else found

    def knows(self, ends: Ends) -> bool:
        """Whether what goes from one end to another may be somebody's by these."""
        return ends in self._pairs or ends[:2] in self._ends or ends[2:] in self._ends

    def sole(self) -> dict[tuple[Ends, int], int]:
        """The sources by flow that one group has alone, with its number."""
        return {source: numbers[0] for source, numbers in self._sources.items() if len(numbers) == 1}

    def sole_places(self, file: int) -> dict[int, int]:
        """The frames of a file with messages of signalling: whose they are, or -1 for those of several groups."""
        return {
            frame: numbers[0] if len(numbers) == 1 else -1
            for (of, frame), numbers in self._places.items() if of == file
        }

    def of_place(self, place: Frame) -> tuple[int, ...]:
        """The groups that have a message of signalling in this frame."""
        return self._places.get(place, NOBODY)

    def _of_sources(self, protocol: str, payload: bytes, ends: Ends) -> tuple[int, ...] | None:
        """The groups of RTP and RTCP by their sources; None where that does not say it."""
        if protocol == "RTP" and len(payload) >= 12:
            return self._sources.get((ends, int.from_bytes(payload[8:12], "big")))
        if protocol == "RTCP":
            near = self.near(ends)
            found = {number for ssrc in sources_of(payload) for number in self._ssrcs.get(ssrc, NOBODY)}
            return tuple(sorted(found & near)) or None
        return None

    def near(self, ends: Ends) -> set[int]:
        """The groups that have one of two ends, or both: all that anything else than signalling may be of."""
        return {*self._pairs.get(ends, NOBODY), *self._ends.get(ends[:2], NOBODY), *self._ends.get(ends[2:], NOBODY)}

    def _by_ends(self, ends: Ends, time: int) -> tuple[int, ...]:
        """The groups whose flow it is, else those with both ends, else with one; of several, those of the moment."""
        one, two = self._ends.get(ends[:2], NOBODY), self._ends.get(ends[2:], NOBODY)
        both = tuple(number for number in one if number in two)
        candidates = self._pairs.get(ends) or both or (*one, *two)
        if len(candidates) < 2:
            return tuple(candidates)
        nearest = min(self.groups[number].far(time) for number in candidates)
        chosen = tuple(sorted({number for number in candidates if self.groups[number].far(time) == nearest}))
        if len(chosen) > 1:
            for number in chosen:
                self.shared[number] += 1
        return chosen


def _index(table: dict[Key, tuple[int, ...]], keys: Iterable[Key], number: int) -> None:
    for key in keys:
        table[key] = (*table.get(key, NOBODY), number)


def sources_of(payload: bytes) -> Iterator[int]:
    """The SSRCs that a compound of RTCP is from and about (RFC 3550 section 6.4), as far as it is in the clear."""
    at = 0
    for _ in range(MAX_SOURCES):
        if at + RTCP_HEADER > len(payload) or payload[at] >> 6 != 2:
            return
        kind, end = payload[at + 1], at + 4 + 4 * int.from_bytes(payload[at + 2 : at + 4], "big")
        yield int.from_bytes(payload[at + 4 : at + 8], "big")
        if kind in (200, 201):
            block = at + RTCP_HEADER + (SENDER_INFO if kind == 200 else 0)
            for _ in range(payload[at] & 0x1F):
                if block + REPORT_BLOCK <= min(end, len(payload)):
                    yield int.from_bytes(payload[block : block + 4], "big")
                block += REPORT_BLOCK
        elif kind in (205, 206) and at + 12 <= len(payload):
            yield int.from_bytes(payload[at + 8 : at + 12], "big")
        at = end


class Belonging:
    """The groups of every frame: `of` of one, `frames` how many each group has, `shared` as in `Owners`.

    `mixed` counts, by group, the segments of TCP with messages of others that its own cannot be read without.
    """

    def __init__(self, groups: int) -> None:
        self.frames = [0] * groups
        self.shared, self.mixed = [0] * groups, [0] * groups
        self._single: list[array[int]] = []
        self._several: dict[Frame, tuple[int, ...]] = {}

    def of(self, file: int, frame: int) -> tuple[int, ...]:
        """The groups of a frame, in order."""
        single = self._single[file] if file < len(self._single) else ()
        number = single[frame] if frame < len(single) else 0
        return NOBODY if not number else (number - 1,) if number > 0 else self._several[file, frame]

    def sorter(self, owners: Owners) -> Sorter:
        """A walk over the first file that adds what is told by flow, source or place alone.

        Raises ModuleNotFoundError where nothing is compiled.
        """
        from dissectors.mux.compiled.sieve import Sorter

        self._single.append(array("i"))
        return Sorter(
            owners.sole(), owners.near, owners.sole_places(0), self._single[0], self.frames, rows_of(("RTP",)),
            rows_of(SIGNALLING),
        )

    def dealer(self, groups: int) -> Dealer:
        """A walk over the first file that gives the frames of the first `groups`, as far as each is of one alone."""
        from dissectors.mux.compiled.sieve import Dealer

        return Dealer(self._single[0] if self._single else array("i"), groups)

    def add(self, place: Frame, groups: Iterable[int]) -> None:
        """A frame belongs to these groups, beside those that it has."""
        before = self.of(*place)
        new = [number for number in groups if number not in before]
        if not new:
            return
        for number in new:
            self.frames[number] += 1
        file, frame = place
        while file >= len(self._single):
            self._single.append(array("i"))
        single = self._single[file]
        if frame >= len(single):
            single.frombytes(bytes(single.itemsize * (frame + 1 - len(single))))
        together = tuple(sorted({*before, *new}))
        if len(together) == 1:
            single[frame] = together[0] + 1
        else:
            single[frame] = -1
            self._several[place] = together


def belonging(
    records: Iterable[tuple[int, Record]], groups: Sequence[Owned], connections: Connections | None = None,
    owners: Owners | None = None, found: Belonging | None = None,
) -> Belonging:
    """The groups of every frame of captures, whose records come with the number of their file, as they were analysed.

    `connections` may have keys; they have seen nothing yet. `found` is given where a `sorter` with the same `owners`
    adds the records that do not come.
    """
    fragments = TracedFragments()
    frames, connections = Frames(fragments), connections or Connections(Bounds())
    owners, found = owners or Owners(groups), found or Belonging(len(groups))
    segments = TracedSegments(connections, found.add, len(groups))
    for file, record in records:
        place = file, record.frame
        for _, src, dst, sport, dport, payload, length, _ in frames.udp(record, file):
            mine = owners.of_message(place, record.time, (src, sport, dst, dport), payload, length)
            if mine:
                found.add(place, mine)
        for packet in frames.hep:
            for whole in connections.unpack(packet, file, record.frame, record.time):
                found.add(place, _of_whole(owners, whole))
        for segment in frames.tcp:
            segments.take(segment, place, record.time, lambda whole: _of_whole(owners, whole))
        if parts := fragments.completed():
            mine = found.of(*place)
            for part in parts:
                found.add(part, mine)
    segments.finish(lambda whole: _of_whole(owners, whole))
    found.shared = [sum(each) for each in zip(owners.shared, segments.shared, strict=True)]
    found.mixed = segments.mixed
    return found


def _of_whole(owners: Owners, whole: Whole) -> tuple[int, ...]:
    """The groups of a message of a stream."""
    origin, key = whole.origin, whole.key
    place, ends = (origin.file, origin.frame), (key.src, key.sport, key.dst, key.dport)
    if key.transport in (WS, WSS):
        # It carries signalling alone; Verto among it is nothing that the table knows.
        return owners.of_place(place)
    return owners.of_message(place, origin.time, ends, whole.payload, whole.length)
