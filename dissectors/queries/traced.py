"""Frames that made something whole together: the fragments of a datagram, the segments of a message."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable

from dissectors.limits.table import Table
from dissectors.mux.connection import Whole, key_of
from dissectors.mux.connections import Connections
from dissectors.wire.datagram import TCP
from dissectors.wire.link.fragments import Fragments
from dissectors.wire.tcp import SYN, Segment

Frame = tuple[int, int]
Place = Callable[[Frame, Iterable[int]], object]
Judge = Callable[[Whole], tuple[int, ...]]

MAX_DATAGRAMS = 1024
"""Datagrams whose fragments are remembered, as many as wait for the rest of theirs."""

MAX_TRACED_CONNECTIONS = 8192
MAX_EMPTY_SEGMENTS = 1 << 16
"""Connections that are followed, and segments without octets that each of them remembers."""

MAX_RUN_FRAMES = 128
"""Frames back from a message of TCP to the last segment that begins with one."""

FINAL_FLAGS = 0x07
"""FIN, SYN and RST: segments with them are of the connection, whoever uses it."""


class TracedFragments(Fragments):
    """Fragments that remember in which frames they were."""

    __slots__ = ("_completed", "_parts")

    def __init__(self) -> None:
        super().__init__()
        self._parts: Table[Hashable, list[Frame]] = Table("", MAX_DATAGRAMS)
        self._completed: list[Frame] = []

    def add(
        self, key: Hashable, offset: int, octets: bytes, last: bool, time: int, place: Frame = (0, 0),
        protocol: int = 17,
    ) -> bytes | None:
        """As `Fragments.add` does."""
        whole = super().add(key, offset, octets, last, time, place, protocol)
        parts = self._parts.use(key)
        if parts is None:
            parts = self._parts[key] = []
        parts.append(place)
        if whole is not None:
            self._completed += parts
            del self._parts[key]
        return whole

    def completed(self) -> list[Frame]:
        """The frames of the datagrams that became whole since this was asked last."""
        if not self._completed:
            return self._completed
        found, self._completed = self._completed, []
        return found


class _Run:
    """Messages that follow one another within segments: whose each is, and the frames of all in order.

    A reader finds none of them but the first without those before it.
    """

    __slots__ = ("_holders", "_last", "_messages")

    def __init__(self) -> None:
        self._messages = 0
        self._last: dict[int, int] = {}
        self._holders: dict[Frame, tuple[int, set[tuple[int, ...]]]] = {}

    def __len__(self) -> int:
        return len(self._holders)

    def add(self, frames: Iterable[Frame], groups: tuple[int, ...]) -> None:
        """The next message."""
        self._messages += 1
        self._last |= dict.fromkeys(groups, self._messages)
        for frame in frames:
            self._holders.setdefault(frame, (self._messages, set()))[1].add(groups)

    def close(self, place: Place, mixed: list[int]) -> None:
        """Give each group all frames up to its last message; `mixed` counts those that are not of its own alone."""
        if self._messages == 1:
            return
        for frame, (number, holders) in self._holders.items():
            groups = [group for group, last in self._last.items() if last >= number]
            place(frame, groups)
            for group in groups:
                # Messages that end in one frame are known by it alone, as those of several.
                mixed[group] += holders != {(group,)}


class _Traced:
    """One connection: the frames of octets that no message has taken yet, by direction, and what is of all of it."""

    __slots__ = ("empty", "ends", "groups", "joined", "runs", "waiting")

    def __init__(self) -> None:
        self.joined = False
        self.runs: dict[tuple[bytes, int], _Run] = {}
        self.waiting: dict[tuple[bytes, int], list[Frame]] = {}
        self.empty: list[Frame] = []
        self.ends: list[Frame] = []
        self.groups: set[int] = set()


class TracedSegments:
    """The segments of the messages that connections make whole.

    Segments with octets belong to the messages that these are of; a message that begins in the middle of a segment
    needs those before it, too, back to one that begins a segment. Those that open and close a connection belong to all
    whose messages it carried; those that only acknowledge to the one group that used the connection alone. All of a
    WebSocket or of TLS belongs to each group that used it: its messages may need what was before them to be read.
    `shared` counts, by group, the frames of those that several used; `mixed` counts those that hold
    messages of others beside its own, or before them.
    """

    def __init__(self, connections: Connections, place: Place, groups: int) -> None:
        self.shared, self.mixed = [0] * groups, [0] * groups
        self._connections = connections
        self._place = place
        self._open: Table[Hashable, _Traced] = Table("", MAX_TRACED_CONNECTIONS, given_up=self._close)

    def take(self, segment: Segment, frame: Frame, time: int, judge: Judge) -> None:
        """Follow a segment; `judge` says whose a message is."""
        key = key_of(segment)
        traced = self._open.use(key)
        if traced is not None and segment.flags & SYN and not segment.flags & 0x10 and traced.waiting:
            self._close(key, traced)
            traced = None
        if traced is None:
            traced = self._open[key] = _Traced()
        way = segment.src, segment.sport
        if segment.payload:
            traced.waiting.setdefault(way, []).append(frame)
        elif segment.flags & FINAL_FLAGS:
            traced.ends.append(frame)
        elif len(traced.empty) < MAX_EMPTY_SEGMENTS:
            traced.empty.append(frame)
        found = self._connections.take(segment, *frame, time)
        if segment.payload and self._connections.is_given_up(segment):
            traced.waiting.pop(way, None)
        for whole in found:
            self._settle(whole, judge(whole))
        run = traced.runs.get(way)
        if not found and run is None:
            return
        has_more = self._connections.has_more(segment)
        if found and has_more:
            traced.waiting.setdefault(way, []).append(frame)
        if run is not None and (segment.payload and not has_more or len(run) > MAX_RUN_FRAMES):
            traced.runs.pop(way).close(self._place, self.mixed)

    def finish(self, judge: Judge) -> None:
        """Settle what is left when there is no more to come."""
        for whole in self._connections.finish():
            self._settle(whole, judge(whole))
        for name, traced in list(self._open.items()):
            self._close(name, traced)

    def _settle(self, whole: Whole, groups: tuple[int, ...]) -> None:
        """The frames that waited in the direction of this message are its own."""
        way, other = (whole.key.src, whole.key.sport), (whole.key.dst, whole.key.dport)
        traced = self._open.get((*way, *other) if way <= other else (*other, *way))
        if traced is None:
            return
        frames = traced.waiting.pop(way, [])
        if whole.origin.frame:
            frames.append((whole.origin.file, whole.origin.frame))
        traced.groups.update(groups)
        if whole.key.transport != TCP:
            traced.joined = True
            traced.ends += frames
            return
        for frame in frames:
            self._place(frame, groups)
        traced.runs.setdefault(way, _Run()).add(frames, groups)

    def _close(self, _: Hashable, traced: _Traced) -> None:
        for run in traced.runs.values():
            run.close(self._place, self.mixed)
        if traced.joined:
            traced.ends += [*traced.empty, *(frame for frames in traced.waiting.values() for frame in frames)]
            for group in traced.groups if len(traced.groups) > 1 else ():
                self.shared[group] += len(set(traced.ends))
        for frame in traced.ends:
            self._place(frame, traced.groups)
        if len(traced.groups) == 1:
            for frame in traced.empty:
                self._place(frame, traced.groups)
