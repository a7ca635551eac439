"""Calls cut out of captures: the frames of each into a file of its own, or those of some into one."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from dissectors.limits.budget import Bounds
from dissectors.limits.table import Table
from dissectors.mux.connections import Connections
from dissectors.queries.frames import Belonging, Owners, belonging
from dissectors.queries.owned import Owned
from dissectors.report import Report
from dissectors.rewriting.output import Folder, Output, is_same, reason
from dissectors.rewriting.pieces import CONTEXT, Piece, can_be_copied, pieces, walks
from dissectors.rewriting.writer import Joined, unbounded
from dissectors.sources.capture import Capture, allow, merge, open_capture
from dissectors.wire.captures.pcapng import STATISTICS
from dissectors.wire.captures.records import Record
from dissectors.wire.errors import CaptureError

if TYPE_CHECKING:
    from dissectors.crypto.secrets import Secrets

MAX_OPEN_FILES, MAX_HELD_OCTETS = 64, 8 << 20
"""Files that are open at once while many are written, and octets that wait for them."""

MAX_NAME_LETTERS = 48
UNSAFE = re.compile(r"[^A-Za-z0-9@._-]+")
KEPT = CONTEXT | {STATISTICS}
"""What of a capture goes with every call. Names, secrets and custom blocks may be of other calls, and stay behind."""

Write = Callable[[int, bytes], None]


class Written:
    """What was written: `path` of each file by its group, `frames` in it, and how many of them others claim as well.

    `mixed` counts those that hold messages of others, which the group's own cannot be read without.
    """

    def __init__(self, paths: Sequence[str], found: Belonging) -> None:
        self.paths = paths
        self.frames = found.frames
        self.shared, self.mixed = found.shared, found.mixed


def of_captures(paths: Sequence[str], groups: Sequence[Owned], keys: Secrets | None = None) -> Belonging:
    """The groups of every frame of these captures; `keys` open TLS, as those do that a capture holds."""
    allow(len(paths))
    connections = Connections(Bounds())
    connections.secrets = None if keys is None else keys.copy()
    with ExitStack() as stack:
        captures = [stack.enter_context(open_capture(path)) for path in paths]
        for capture in captures:
            capture.notes.secrets = partial(connections.learn, name=capture.path)
        if len(captures) > 1 or not walks(captures[0]):
            return belonging(merge(captures), groups, connections)
        owners, found = Owners(groups), Belonging(len(groups))
        left = pieces(captures[0], found.sorter(owners))
        records = ((0, piece.record) for piece in left if piece.record is not None)
        return belonging(records, groups, connections, owners, found)


def into_file(
    paths: Sequence[str], groups: Sequence[Owned], path: str, *, force: bool = False, keys: Secrets | None = None
) -> Written:
    """Write the frames of the first group into one file; the others say what is not of it."""
    with Output(path, force=force, inputs=paths) as output:
        found = of_captures(paths, groups, keys)
        copy(paths, found, lambda _, octets: output.write(octets), 1)
    return Written([path], found)


def into_folder(
    paths: Sequence[str], groups: Sequence[Owned], names: Sequence[str], folder: str, *, force: bool = False,
    keys: Secrets | None = None,
) -> Written:
    """Write the frames of the first groups, one a name, into files in a folder, which is made, whole, at the end.

    One that is there already and not empty is refused, unless `force`; then only files of the same names are replaced.
    """
    ending = ".pcapng" if len(paths) > 1 else _ending(paths[0])
    files = [f"{name}{ending}" for name in names]
    for name in files:
        if any(is_same(os.path.join(folder, name), path) for path in paths):
            raise CaptureError(f"{folder}: holds the capture that is read; name another folder")
    with Folder(folder, force=force) as temporary:
        found = of_captures(paths, groups, keys)
        try:
            with _Files([os.path.join(temporary, name) for name in files]) as each:
                copy(paths, found, each.write, len(names))
        except OSError as error:
            raise CaptureError(f"{folder}: {reason(error)}") from None
    return Written([os.path.join(folder, name) for name in files], found)


def safe_name(number: int, text: str) -> str:
    """A file's name for a call: its number, and its Call-ID as far as that is safe on every system."""
    plain = UNSAFE.sub("_", text)[:MAX_NAME_LETTERS].strip("._-")
    return f"{number:04}-{plain}" if plain else f"{number:04}"


def whole_groups(report: Report, legs: bool) -> list[list[int]]:
    """The calls of a report one by one, or with all legs of a call together, by position, in order."""
    at = {position: position for position in range(len(report.calls))}
    for joined in report.legs if legs else ():
        for position in joined.calls:
            at[position] = min(at[other] for other in joined.calls)
    groups: dict[int, list[int]] = {}
    for position, first in at.items():
        groups.setdefault(at[first], []).append(position)
    return list(groups.values())


def copy(paths: Sequence[str], found: Belonging, write: Write, groups: int) -> None:
    """Copy each frame to its group among the first so many; `write` takes the number of the group and octets."""
    with ExitStack() as stack:
        captures = [stack.enter_context(open_capture(path)) for path in paths]
        if len(captures) == 1 and can_be_copied(captures[0]):
            _copy_pieces(captures[0], found, write, groups)
        else:
            _copy_records(merge(captures), paths, found, write, groups)


def _copy_pieces(capture: Capture, found: Belonging, write: Write, groups: int) -> None:
    context = _Context(write, groups)
    dealer = found.dealer(groups) if walks(capture) else None

    def deal(_: bytes | memoryview) -> None:
        for group, octets in dealer.dealt().items() if dealer is not None else ():
            context.write(group, octets)

    for piece in pieces(capture, dealer, deal):
        if piece.record is None:
            if piece.kind in KEPT:
                context.add(piece)
            continue
        for group in found.of(0, piece.record.frame):
            if group < groups:
                context.write(group, piece.octets)
    context.finish()


class _Context:
    """The headers of a capture, given to each group when it gets its first record behind them."""

    def __init__(self, write: Write, groups: int) -> None:
        self._write = write
        self._headers: list[bytes] = []
        self._given = [0] * groups

    def add(self, piece: Piece) -> None:
        """A header that holds from here on."""
        self._headers.append(unbounded(piece))

    def write(self, group: int, octets: bytes) -> None:
        """A record of a group."""
        self._head(group)
        self._write(group, octets)

    def _head(self, group: int) -> None:
        given = self._given[group]
        if given < len(self._headers):
            self._write(group, b"".join(self._headers[given:]))
            self._given[group] = len(self._headers)

    def finish(self) -> None:
        """Groups without any record get the headers, too, and all get those that came last."""
        for group in range(len(self._given)):
            self._head(group)


def _copy_records(
    records: Iterator[tuple[int, Record]], paths: Sequence[str], found: Belonging, write: Write, groups: int
) -> None:
    joined = [Joined(partial(write, group)) for group in range(groups)]
    for file, record in records:
        for group in found.of(file, record.frame):
            if group >= groups:
                continue
            joined[group].add(record, file, os.path.basename(paths[file]))


class _Files:
    """Many files being written, few of them open at a time."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = paths
        self._open: Table[int, int] = Table("", MAX_OPEN_FILES, given_up=lambda _, descriptor: os.close(descriptor))
        self._held: dict[int, list[bytes]] = {}
        self._octets = 0

    def write(self, number: int, octets: bytes) -> None:
        """Add octets to a file."""
        self._held.setdefault(number, []).append(octets)
        self._octets += len(octets)
        if self._octets >= MAX_HELD_OCTETS:
            self._flush()

    def _flush(self) -> None:
        for number, held in self._held.items():
            descriptor = self._open.use(number)
            if descriptor is None:
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
                descriptor = self._open[number] = os.open(self._paths[number], flags, 0o666)
            view = memoryview(b"".join(held))
            while view:
                view = view[os.write(descriptor, view) :]
        self._held.clear()
        self._octets = 0

    def __enter__(self) -> _Files:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._flush()
        finally:
            for descriptor in self._open.values():
                with contextlib.suppress(OSError):
                    os.close(descriptor)


def _ending(path: str) -> str:
    with open_capture(path) as capture:
        if not can_be_copied(capture):
            return ".pcapng"
        return ".pcapng" if capture.notes.format.startswith("pcapng") else ".pcap"
