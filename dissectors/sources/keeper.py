"""Frames kept while they are captured: pcapng files, rotated by size, time or number, written beside the capture.

Laws of this file:
1. The capture never waits for the disk: a thread writes, and frames that it cannot take in time count as missed. What
   fails is tried again: when a full disk has room again, keeping goes on, with a hole.
2. At any moment, a file holds whole blocks up to its last eight octets. Those eight are the head of an unfinished
   block: so during the session, and after a kill, every reader sees that the file is cut.
3. At an orderly end, the statistics of the interface replace these octets.
4. Only a capture is overwritten.
"""
from __future__ import annotations

import contextlib
import os
import queue
import stat
import struct
import sys
import threading
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from operator import attrgetter
from typing import NamedTuple

from dissectors.sources.pcapng_blocks import (
    ENHANCED,
    PADDING,
    interface,
    last_of,
    length_of,
    moment_of,
    packet,
    section,
    statistics,
    word,
)
from dissectors.wire.captures.formats import enough, walker
from dissectors.wire.captures.records import Record
from dissectors.wire.errors import CaptureError
from dissectors.wire.values import Struct

UNFINISHED = struct.pack("<II", ENHANCED, 32)
"""The end of a file that is still being written."""

MAX_RECORDS_PER_WRITE = 64
"""Records between two checks of a file's size."""

MAX_WAITING_OCTETS = 128 << 20
"""Octets that may wait for the disk."""

MAX_START_OCTETS = 1 << 16
"""Octets of an existing file that show whether it is a capture."""

RETRY_SECONDS = 1.0
"""Seconds after which a failed write, or a file that could not be made, is tried again."""

PATIENCE_SECONDS = 2.0
"""At the end, who reads standard output and takes nothing is waited for so long."""

STANDARD_OUTPUT = "-"
NEVER_NS = 1 << 62


class Rotation(Struct, frozen=True):
    """When a file is full (`octets`, `seconds`, `packets`) and how many of them are kept (`files`); 0 is no bound."""

    octets: int = 0
    seconds: float = 0.0
    packets: int = 0
    files: int = 0

    @property
    def wanted(self) -> bool:
        """Whether there can be more than one file."""
        return bool(self.octets or self.seconds or self.packets)


class Keeper:
    """Writes records to `path`, or to files named after it; raises CaptureError when the first cannot be made.

    The first file is a valid, empty capture as soon as it exists.

    With a `head`, each file begins with it, and then come blocks (`write_octets`) instead of records.

    `names` holds the existing files, `kept` counts octets of all files so far, `octets` of the current one; `frames`
    counts all frames to keep, `missed` those that were not kept, because the disk was too slow or has failed. `title`
    is its name for people, `trouble` is the last `problem`, and `hole_seconds` says for how long the disk took nothing,
    in all; `unread` says that nobody reads standard output.
    """

    def __init__(
        self, path: str, *, rotation: Rotation | None = None, interface: str = "", snaplen: int = 0, head: bytes = b"",
    ) -> None:
        self._path = path
        self.title = called(path)
        self.rotation = rotation or Rotation()
        self._interface = interface
        self._snaplen = snaplen
        self._head = head
        self.names: deque[str] = deque()
        self.made = 0
        self.frames = 0
        self.trouble = ""
        self._unmade = self._unwritten = ""
        self.unread = False
        self.kept = 0
        self.hole_seconds = 0.0
        self._refused = self._lost = self._passed = 0
        self._retry = 0.0
        self._ended = False
        self._links: dict[int, int] = {}
        self._packets = self.octets = 0
        self._since: int | None = None
        self._written = 0
        self._begun = threading.Event()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._file = self._next(time.time_ns())
        self._thread = threading.Thread(target=self._work, name="keep", daemon=True)
        self._thread.start()
        self._begun.wait()

    @property
    def problem(self) -> str:
        """Why nothing is kept now; empty while all is well."""
        return self._unmade or self._unwritten

    @property
    def missed(self) -> int:
        """Frames that are not kept."""
        return self._refused + self._lost

    def write(self, records: Sequence[Record]) -> None:
        """Keep these records, whole or (when the disk has fallen behind, or failed) not at all."""
        if not self._ready(len(records)):
            return
        at = 0
        while at < len(records):
            if self._since is not None and self._full(records[at].time) and not self._rotate(records[at].time):
                self._refused += len(records) - at
                return
            if self._since is None:
                self._since = records[at].time
            end = self._room(records, at)
            self._put(records[at:end])
            at = end

    def write_octets(self, octets: bytes, packets: int) -> None:
        """Keep whole Enhanced Packet Blocks of the interfaces of `head`, or none of them, as `write` does."""
        if not self._ready(packets):
            return
        at, left = 0, packets
        while at < len(octets):
            first = moment_of(octets, at)
            if self._since is not None and self._full(first) and not self._rotate(first):
                self._refused += left
                return
            if self._since is None:
                self._since = first
            end, count = self._room_in(octets, at, left)
            self._packets += count
            self._add(octets[at:end], count)
            at, left = end, left - count

    def _ready(self, frames: int) -> bool:
        """Count the next frames to keep; return whether they can be kept."""
        self.frames += frames
        if self.unread or self.kept - self._written > MAX_WAITING_OCTETS:
            self._refused += frames
            return False
        return frames > 0

    def close(self, received: int = 0, dropped: int = 0) -> None:
        """End the file in order, with the received and dropped counts of the capture."""
        self._finish(received, dropped)
        self._jobs.put(None)
        written, until = self._written, time.monotonic() + PATIENCE_SECONDS
        while self._thread.is_alive() and (self._path != STANDARD_OUTPUT or time.monotonic() < until):
            self._thread.join(PATIENCE_SECONDS / 10)
            if self._written != written:
                written, until = self._written, time.monotonic() + PATIENCE_SECONDS
        if self._thread.is_alive():
            self.unread = True
            self._unwritten = self.trouble = f"{self.title}: nobody reads it"
            self._lost = self.frames - self._refused - self._passed

    def _finish(self, received: int = 0, dropped: int = 0) -> None:
        """End the current file, once."""
        if not self._ended:
            self._ended = True
            self._add(statistics(received, dropped) if self._links or self._head else b"", last=True)

    def _room(self, records: Sequence[Record], at: int) -> int:
        """Up to where the records from `at` on go into the current file, one at least."""
        rotation, end = self.rotation, len(records)
        if rotation.packets:
            end = min(end, at + rotation.packets - self._packets)
        if rotation.octets:
            end = min(end, at + MAX_RECORDS_PER_WRITE)
        if rotation.seconds:
            full = (self._since or 0) + int(rotation.seconds * 1e9)
            end = bisect_left(records, full, at, end, key=attrgetter("time"))
        return max(end, at + 1)

    def _room_in(self, octets: bytes, at: int, packets: int) -> tuple[int, int]:
        """The same of blocks: up to which octet, and how many they are."""
        rotation, end = self.rotation, len(octets)
        most = rotation.packets - self._packets if rotation.packets else packets
        size = rotation.octets - self.octets if rotation.octets else end
        full = (self._since or 0) + int(rotation.seconds * 1e9) if rotation.seconds else NEVER_NS
        if most >= packets and size >= end - at and moment_of(octets, last_of(octets)) < full:
            return end, packets
        begin, count = at, 0
        while at < end and (not count or (count < most and at - begin < size and moment_of(octets, at) < full)):
            at += length_of(octets, at)
            count += 1
        return at, count

    def _full(self, moment: int) -> bool:
        rotation = self.rotation
        return bool(
            rotation.packets and self._packets >= rotation.packets
            or rotation.octets and self.octets >= rotation.octets
            # A clock that was set ends a file too, whichever way it was set.
            or rotation.seconds and abs(moment - (self._since or 0)) >= rotation.seconds * 1e9
        )

    def _put(self, records: Sequence[Record]) -> None:
        parts: list[bytes] = []
        first: list[bytes] = []
        links = self._links
        for _, moment, link, octets, original in records:
            number = links.get(link)
            if number is None:
                number = links[link] = len(links)
                first.append(interface(link, self._snaplen, self._interface))
            size = len(octets)
            total = 32 + (size + 3 & ~3)
            parts += (
                packet(ENHANCED, total, number, moment >> 32 & 0xFFFFFFFF, moment & 0xFFFFFFFF, size, original),
                octets, PADDING[size & 3], word(total),
            )
        self._packets += len(records)
        self._add(b"".join(parts), len(records), b"".join(first))

    def _add(self, octets: bytes, frames: int = 0, first: bytes = b"", last: bool = False) -> None:
        self.octets += len(first) + len(octets)
        self.kept += len(first) + len(octets)
        self._jobs.put(_Job(self._file, first, octets, frames, last))

    def _rotate(self, moment: int) -> bool:
        """Begin the next file; False where that cannot be made now."""
        self._finish()
        if time.monotonic() < self._retry:
            return False
        try:
            self._file = self._next(moment)
        except CaptureError as error:
            self._retry = time.monotonic() + RETRY_SECONDS
            self._unmade = self.trouble = str(error)
            return False
        self._ended, self._unmade = False, ""
        return True

    def _next(self, moment: int) -> _File:
        """Open the next file; delete the oldest if there would be too many."""
        name = self._path
        if self.rotation.wanted:
            stem, extension = os.path.splitext(self._path)
            when = time.strftime("%Y%m%d%H%M%S", time.localtime(moment // 1_000_000_000))
            name = f"{stem}_{self.made + 1:05}_{when}{extension or '.pcapng'}"
        file = _File(name)
        self.made += 1
        self.names.append(name)
        if self.rotation.files and len(self.names) > self.rotation.files:
            with contextlib.suppress(OSError):
                os.unlink(self.names.popleft())
        self._links.clear()
        self._packets, self._since = 0, None
        head = self._head or section()
        self.octets = len(head)
        self.kept += len(head)
        self._jobs.put(_Job(file, head, b"", 0, False))
        return file

    def _work(self) -> None:
        """The thread: write everything, until the end."""
        owed, since, retry = b"", 0.0, 0.0
        file = None
        while (job := self._jobs.get()) is not None:
            # What a file must have before the next packets stays owed while nothing can be written.
            owed = job.first if job.file is not file else owed + job.first
            file = job.file
            written = False
            if not self.unread and not file.closed and (not since or job.last or time.monotonic() >= retry):
                try:
                    file.append(owed + job.octets, job.last)
                    written, owed = True, b""
                except OSError as error:
                    retry = time.monotonic() + RETRY_SECONDS if file.regular else float("inf")
                    self.unread = isinstance(error, BrokenPipeError)
                    self._unwritten = self.trouble = f"{called(file.name)}: {(error.strerror or str(error)).lower()}"
                    since = since or time.monotonic()
            if written and since and job.frames:
                self.hole_seconds += time.monotonic() - since
                since, self._unwritten = 0.0, ""
            # Each of the two threads writes counters of its own: none needs a lock.
            self._lost += 0 if written else job.frames
            self._passed += job.frames
            self._written += len(job.first) + len(job.octets)
            self._begun.set()
            if job.last:
                file.close()


def called(name: str) -> str:
    """A file's name for people."""
    return "standard output" if name == STANDARD_OUTPUT else name


class _Job(NamedTuple):
    """Octets for a file: blocks that it must have before what follows, then packets; `last` ends it."""

    file: _File
    first: bytes
    octets: bytes
    frames: int
    last: bool


class _File:
    """One file on the disk, whole up to `_end` at any moment; what is not `regular` takes nothing back."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.closed = False
        self._end = 0
        if name == STANDARD_OUTPUT:
            self._descriptor, self.regular = sys.stdout.fileno(), False
            return
        try:
            _spare_what_is_no_capture(name)
            self._descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o644)
        except (OSError, ValueError) as error:
            raise CaptureError(f"{name}: {(getattr(error, 'strerror', None) or str(error)).lower()}") from None
        self.regular = stat.S_ISREG(os.fstat(self._descriptor).st_mode)

    def append(self, octets: bytes, last: bool) -> None:
        """Add whole blocks; raises OSError, and then leaves the file as it was."""
        if not self.regular:
            self._write(octets)
            return
        os.lseek(self._descriptor, self._end, os.SEEK_SET)
        try:
            self._write(octets if last else octets + UNFINISHED)
        except OSError:
            os.ftruncate(self._descriptor, self._end)
            raise
        self._end += len(octets)
        if last:
            os.ftruncate(self._descriptor, self._end)

    def close(self) -> None:
        """Close it; failures to write were reported before."""
        if self.name != STANDARD_OUTPUT and not self.closed:
            self.closed = True
            with contextlib.suppress(OSError):
                os.close(self._descriptor)

    def _write(self, octets: bytes) -> None:
        view = memoryview(octets)
        while view:
            view = view[os.write(self._descriptor, view) :]


def _spare_what_is_no_capture(name: str) -> None:
    """Raise CaptureError for an existing file that is neither empty nor a capture."""
    if not os.path.isfile(name):
        return
    with open(name, "rb") as file:
        start = file.read(MAX_START_OCTETS)
    if start:
        try:
            walker(start[: enough(start)])
        except CaptureError as error:
            raise CaptureError(f"{name}: {error}, so it is not overwritten") from None
