"""Calls cut out of the frames that a session still holds, each into a file of its own that may grow over several cuts.

Laws of this file:
1. A frame is written once, however often a call is cut: what came after the last cut follows what is in the file.
2. Only frames from shortly before a call to shortly after it are its own: ports are used again within minutes.
"""
from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from dissectors.crypto.secrets import Secrets
from dissectors.limits.budget import Bounds
from dissectors.mux.connections import Connections
from dissectors.queries.frames import Belonging, belonging
from dissectors.queries.owned import Owned
from dissectors.rewriting.output import Output
from dissectors.rewriting.writer import Joined
from dissectors.sources.recent_frames import Held
from dissectors.wire.captures.records import Record
from dissectors.wire.errors import CaptureError

MIN_PAUSE_SECONDS = 0.001


class Recording:
    """The file of one call, which gets its name when it is `finish`ed.

    `frames` are in it, those of the session up to `done` were looked at; `whole` says that all frames of the call were
    still held. `problem` says why it cannot be written.
    """

    def __init__(self, path: str, interface: str = "") -> None:
        self.path = path
        self.frames = self.done = 0
        self.whole = True
        self.problem = ""
        self._interface = interface
        self._output: Output | None = None
        self._joined: Joined | None = None

    @property
    def is_open(self) -> bool:
        """Whether something is written that has no name yet."""
        return self._output is not None

    def add(self, record: Record) -> None:
        """Write a frame; a failure is remembered, and ends it."""
        if self.problem:
            return
        try:
            if self._joined is None:
                self._output = Output(self.path)
                self._joined = Joined(self._output.write)
            self._joined.add(record, name=self._interface)
            self.frames += 1
        except CaptureError as error:
            self._fail(error)

    def finish(self) -> None:
        """Give the file its name; without any frame there is none."""
        output, self._output = self._output, None
        if output is not None:
            try:
                output.commit()
            except CaptureError as error:
                self._fail(error)

    def discard(self) -> None:
        """Leave nothing behind of what is not finished."""
        output, self._output = self._output, None
        if output is not None:
            output.discard()

    def _fail(self, error: CaptureError) -> None:
        self.problem = str(error)
        self.discard()


class Cut:
    """What of the held frames goes to these recordings; `owned` says what is of each, and of all other calls last.

    While `gentle`, it rests as long as it works, after each chunk: the analysis needs the processor, too.
    """

    def __init__(
        self, held: Held, recordings: Sequence[Recording], owned: Sequence[Owned], keys: Secrets | None
    ) -> None:
        self._held, self._recordings = held, recordings
        self._owned = [from_first(each, held.first) for each in owned]
        self._keys = keys
        self.gentle = True
        mine = self._owned[: len(recordings)]
        for recording, group in zip(recordings, owned, strict=False):
            begin = recording.done + 1 if recording.done else min((frame for _, frame in group.places), default=0)
            recording.whole = recording.whole and begin >= held.first
        done = min(recording.done for recording in recordings)
        # One chunk more, for messages that began there.
        new = max(0, sum(chunk.first + chunk.frames - 1 <= done for chunk in held.chunks) - 1)
        self._near = [
            chunk for chunk in held.chunks[new:] if not all(outside(each, chunk.since, chunk.until) for each in mine)
        ]

    def write(self) -> None:
        """Write the frames; the recordings stay open."""
        connections = Connections(Bounds())
        connections.secrets = self._keys
        found = belonging(((0, record) for record in self._records()), self._owned, connections)
        # What a message came in is known, also where nothing here can open it.
        for number, group in enumerate(self._owned[: len(self._recordings)]):
            for place in group.places:
                found.add(place, (number,))
        for record in self._records():
            self._give(record, found)
        for recording in self._recordings:
            recording.done = max(recording.done, self._held.last)

    def _give(self, record: Record, found: Belonging) -> None:
        for number in found.of(0, record.frame):
            if number < len(self._recordings) and not self._owned[number].far(record.time):
                recording = self._recordings[number]
                if record.frame + self._held.first - 1 > recording.done:
                    recording.add(record)

    def _records(self) -> Iterator[Record]:
        for chunk in self._near:
            began = time.monotonic()
            yield from self._held.records(chunk)
            if self.gentle:
                time.sleep(max(MIN_PAUSE_SECONDS, time.monotonic() - began))


def outside(group: Owned, since: int, until: int) -> bool:
    """Whether all frames from `since` to `until` are too far from a group to be its own."""
    return bool(group.far(since) and group.far(until)) and not since <= group.first <= until


def from_first(group: Owned, first: int) -> Owned:
    """The same, with frames numbered from 1 for the frame `first` of the session, without those before it."""
    places = {(file, frame - first + 1) for file, frame in group.places if frame >= first}
    return Owned(places, group.sources, group.ends, group.pairs, group.first, group.last)


def united(one: Owned, other: Owned) -> Owned:
    """What is of a call by two reports."""
    return Owned(
        one.places | other.places, one.sources | other.sources, one.ends | other.ends, one.pairs | other.pairs,
        min(one.first, other.first), max(one.last, other.last),
    )
