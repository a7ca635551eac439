"""Capture files and pipes; only this module opens them.

Files, pipes and compressed captures are read in chunks. A scan gets those of a file in one place, again and again: what
was just read there is in the processor's caches, and a file that is mapped is not.
"""
from __future__ import annotations

import heapq
import zlib
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from io import FileIO
from types import TracebackType
from typing import BinaryIO, TypeVar

from dissectors.wire.captures.formats import GZIP, enough, walker
from dissectors.wire.captures.records import Notes, Record, Walker
from dissectors.wire.errors import CaptureError

CHUNK_OCTETS = 1 << 18
"""Octets of one read, and the most octets of one inflated piece."""

STANDARD_INPUT = "-"
SPARE_FILES = 100
"""The number of captures that any system lets us open; and the number of other files beside the captures."""

MAX_PATH_LENGTH = 200

Taken = TypeVar("Taken")

Source = str | BinaryIO
"""A path, "-" for standard input, or an open binary file."""


class Capture:
    """One open capture. Read it once, with `records`; close it, or use it as a context manager.

    `notes` has the file's own information, and grows while the records are read. Besides `Walker`'s notes, it marks a
    compressed capture as cut or corrupt if its stream breaks off or is damaged.
    """

    def __init__(self, path: str, file: BinaryIO, lent: bool = False) -> None:
        """Raises CaptureError if `file` is not a capture; a `lent` file is not closed here."""
        self.path = path
        self._file = file
        self._lent = lent
        self._damage: str | None = None
        self._left = 0
        chunks = self._read(CHUNK_OCTETS)
        start, chunks = peek(chunks)
        self.compressed = start.startswith(GZIP)
        if self.compressed:
            start, chunks = peek(self._inflate(chunks))
        if not start:
            raise CaptureError(self._damage or "empty")
        self._chunks = chunks
        self.walker: Walker = walker(start)

    @property
    def notes(self) -> Notes:
        """The capture's own information so far."""
        return self.walker.notes

    def records(self) -> Iterator[Record]:
        """Every whole record in order. A capture that is cut or corrupt ends early, and `notes` says where."""
        return self.through(self.walker.feed)

    def through(self, take: Callable[[bytes], Iterator[Taken]]) -> Iterator[Taken]:
        """The results of `take` for the capture's octets, chunk by chunk, inflated if necessary.

        `take` feeds them to `walker`; a capture that is cut or corrupt ends early, and `notes` says where.
        """

        def all_of(chunk: bytes | memoryview) -> Generator[Taken, None, int]:
            yield from take(bytes(chunk))
            return 0

        return self._taken(self._joined(), all_of)

    def lent_through(self, take: Callable[[bytes | memoryview], Generator[Taken, None, int]]) -> Iterator[Taken]:
        """The results of a `take` that may leave octets at the end of a chunk, and returns how many.

        The next chunk begins with them. They are fewer than the chunk has, and than `CHUNK_OCTETS`. A chunk may be a
        memoryview: it is invalid once the next one is requested.
        """
        if isinstance(self._file, FileIO) and not self.compressed:
            return self._taken(self._refilled(self._file), take)
        return self._taken(self._joined(), take)

    def _taken(
        self, chunks: Iterator[bytes | memoryview], take: Callable[[bytes | memoryview], Generator[Taken, None, int]]
    ) -> Iterator[Taken]:
        notes = self.notes
        size = 0
        for chunk in chunks:
            self._left = yield from take(chunk)
            size += len(chunk) - self._left
            if notes.corrupt is not None:
                break
        else:
            if self.walker.finish() and notes.cut == 0 and self._damage is None:
                raise CaptureError(f"{shown(self.path)}: it ends within the header of the file; no packet is in it")
        if notes.corrupt is None and self._damage is not None:
            notes.cut, notes.corrupt = None, (size, self._damage)

    def _joined(self) -> Iterator[bytes | memoryview]:
        """Chunks, each behind what was left of the one before."""
        rest = b""
        for chunk in self._chunks:
            chunk = rest + chunk
            yield chunk
            rest = chunk[len(chunk) - self._left :]
        while rest:
            yield rest
            rest = rest[len(rest) - self._left :]

    def _refilled(self, file: FileIO) -> Iterator[bytes | memoryview]:
        """The same chunks of a file, in one place again and again."""
        place = memoryview(bytearray(CHUNK_OCTETS))
        chunk: bytes | memoryview = next(self._chunks)
        # The generator of the others is not needed any more, and with this capture it is a cycle.
        self._chunks = iter(())
        while chunk:
            yield chunk
            left = self._left
            place[:left] = chunk[len(chunk) - left :]
            chunk = place[: left + self._read_into(file, place[left:])]

    def close(self) -> None:
        """Close the file; standard input and a file that was lent stay open."""
        if not self._lent:
            self._file.close()

    def __enter__(self) -> Capture:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _read(self, size: int) -> Iterator[bytes]:
        try:
            while chunk := self._file.read(size):
                yield chunk
        except OSError as error:
            self._damage = f"reading failed: {error.strerror or error}"
        except EOFError as error:
            # What a file of `gzip`, `bz2` or `lzma` says of a stream that breaks off.
            self._damage = f"reading failed: {error}"

    def _read_into(self, file: FileIO, place: memoryview) -> int:
        """Read once, and say how much."""
        try:
            return file.readinto(place) or 0
        except OSError as error:
            self._damage = f"reading failed: {error.strerror or error}"
            return 0

    def _inflate(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """The octets of all gzip members one after the other; octets after the last member are ignored."""
        inflater = zlib.decompressobj(wbits=31)
        for chunk in chunks:
            while chunk:
                if inflater.eof:
                    if not begins_member(chunk):
                        return
                    inflater = zlib.decompressobj(wbits=31)
                try:
                    piece = inflater.decompress(chunk, CHUNK_OCTETS)
                except zlib.error:
                    self._damage = "the gzip data is damaged"
                    return
                if piece:
                    yield piece
                chunk = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
        # Bounded output can leave a last few octets within the inflater when the input has run out.
        if not inflater.eof and (piece := inflater.flush()):
            yield piece
        if not inflater.eof:
            self._damage = self._damage or "the gzip data breaks off"


def begins_member(octets: bytes) -> bool:
    """Whether another gzip member may begin here, rather than padding."""
    return octets.startswith(GZIP[: len(octets)])


def peek(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first octets, enough to recognise a format, and the same chunks with those octets still in them."""
    start = b""
    for chunk in chunks:
        start += chunk
        if len(start) >= enough(start):
            break
    return start, once_more(start, chunks)


def once_more(start: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """`start`, then the rest."""
    if start:
        yield start
    yield from chunks


def open_capture(source: Source, name: str | None = None) -> Capture:
    """Open a pcap, pcapng, snoop or ERF file, gzip of one, or standard input for "-".

    An open binary file is read from its position, and stays open. Raises CaptureError with one line for people if
    there is no capture; `name` is the name of the capture there, and in its `path`.
    """
    if not isinstance(source, str):
        name = name or name_of(source)
        try:
            return Capture(name, source, lent=True)
        except CaptureError as error:
            raise CaptureError(f"{shown(name)}: {error}") from None
    file: BinaryIO | None = None
    try:
        # Unbuffered, because a buffered read of a pipe waits for a full chunk while a live capture trickles.
        file = open(0 if source == STANDARD_INPUT else source, "rb", buffering=0, closefd=source != STANDARD_INPUT)
        return Capture(name or source, file)
    except CaptureError as error:
        reason = str(error)
    except OSError as error:
        reason = PLAIN_ERRORS.get(type(error)) or (error.strerror or str(error)).lower()
    except ValueError:
        reason = "not a file name"
    if file is not None:
        file.close()
    raise CaptureError(f"{shown(name or source)}: {reason}")


def name_of(file: BinaryIO) -> str:
    """The name of an open file."""
    name = getattr(file, "name", None)
    return name if isinstance(name, str) and name else "an open file"


def allow(files: int) -> None:
    """Raise the limit of open files for so many captures, as far as the system allows."""
    if files <= SPARE_FILES:
        return
    try:
        import resource
    except ModuleNotFoundError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= soft < files + SPARE_FILES:
        with suppress(OSError, ValueError):
            wanted = files + SPARE_FILES
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard) if hard >= 0 else wanted, hard))


PLAIN_ERRORS: dict[type[OSError], str] = {
    FileNotFoundError: "no such file",
    IsADirectoryError: "a directory, not a capture; name the files in it",
    PermissionError: "permission denied",
}


def shown(path: str) -> str:
    """A path as one line without control characters."""
    if path == STANDARD_INPUT:
        return "standard input"
    plain = "".join(letter if letter.isprintable() else "?" for letter in path)
    return plain if len(plain) <= MAX_PATH_LENGTH else f"{plain[: MAX_PATH_LENGTH - 1]}…"


def merge(captures: Sequence[Capture]) -> Iterator[tuple[int, Record]]:
    """The records of several captures as one timeline: (place in `captures`, record), read as they are needed.

    The order is by time if each file is in order; records of the same time keep the order of `captures`. Files that do
    not overlap are read one after the other.
    """
    if len(captures) == 1:
        return ((0, record) for record in captures[0].records())
    return heapq.merge(*(numbered(place, capture) for place, capture in enumerate(captures)), key=by_time)


def numbered(place: int, capture: Capture) -> Iterator[tuple[int, Record]]:
    """Each record with the place of its capture."""
    for record in capture.records():
        yield place, record


def by_time(numbered_record: tuple[int, Record]) -> int:
    """The time of a numbered record."""
    return numbered_record[1].time
