"""A capture copied with some of its datagrams changed: each frame that is not touched stays octet for octet.

Fragments of a datagram that changes become one packet, in the place of the last of them. That they were copied before
is known only when the last one comes: then the copy is made once more, without them. So it is where a frame becomes
longer than the headers before it say that frames are: then with headers that allow it.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from dissectors.queries.traced import TracedFragments
from dissectors.rewriting import packets
from dissectors.rewriting.output import Output
from dissectors.rewriting.pieces import Piece, can_be_copied, pieces
from dissectors.rewriting.writer import Joined, Lengths, changed, commented, unbounded
from dissectors.sources.capture import Capture, open_capture
from dissectors.wire.captures.records import Notes, Record
from dissectors.wire.link.frames import Frames
from dissectors.wire.link.headers import Udp

if TYPE_CHECKING:
    from dissectors.mux.compiled.sieve import Walk

USUAL_MTU = 1500
"""Octets of a packet that every Ethernet carries."""

TOO_HARD = "in packets that cannot be made longer"


class Change(NamedTuple):
    """What becomes of a datagram: another payload, other ports, and in words why. `counted` are its kinds."""

    payload: bytes | None = None
    ports: tuple[int, int] | None = None
    what: tuple[str, ...] = ()


class Tally:
    """What was done: `changed` frames, `merged` fragments, `longer` than the usual MTU, `left` as it was and why.

    `masked` bodies became random. `apart` are protocols that were given ports apart from the media that they are for.
    """

    def __init__(self) -> None:
        self.frames = self.changed = self.merged = self.longer = self.masked = 0
        self.left: Counter[str] = Counter()
        self.apart: tuple[str, ...] = ()
        self.damage = ""


class Made(NamedTuple):
    """What became of a frame, with why; `merged` says that the fragments before it are in it."""

    record: Record | None = None
    what: tuple[str, ...] = ()
    merged: bool = False


Changer = Callable[[Record, int, Udp, Tally], "Change | None"]
"""Of a frame, the number of a datagram in it, and the datagram: what becomes of it. It is asked once for each."""

Maker = Callable[[Record, Sequence[Udp], bool, Tally], Made]
"""Of a frame, its datagrams, and whether it made one whole: what becomes of it. It is asked once for each, in order."""

Blocks = Callable[[Piece], bytes]
"""Of a piece that is no record, or of one before its record changes: its octets."""

Damage = Callable[[Notes, str, bool], bytes]
"""What the copy of a damaged capture ends with, by what was noted, the order of octets, and whether it is pcapng."""


def copy(
    path: str, output: str, maker: Callable[[], Maker], *, force: bool = False, source: str = "",
    blocks: Blocks = unbounded, name: str | None = None, comment: str = "", walk: Walk | None = None,
    made: Callable[[], bytes | memoryview] | None = None, damage: Damage = lambda *_: b"",
) -> Tally:
    """Copy the capture at `path`; `maker` makes what is asked for each frame, anew for each attempt.

    It is not asked for those that a `walk` takes, and that are no fragments: they stay as they are, or become what was
    `made` of them. `source` is its name where `path` is a copy of it; `name` that of its interface where the format
    changes. `comment` is one on the whole file, for which it becomes pcapng. `damage` says with
    what the copy of a damaged capture ends. Raises CaptureError as `Output` and
    `open_capture` do.
    """
    with Output(output, force=force, inputs=[source or path, path]) as out:
        dropped: set[int] = set()
        longest = 0
        while True:
            called = os.path.basename(path) if name is None else name
            copying = _Copying(path, out, maker(), dropped, blocks, called, comment, walk, made, longest)
            tally = copying.run(damage)
            if copying.wanted <= dropped and copying.longest <= longest:
                return tally
            dropped |= copying.wanted
            longest = max(longest, copying.longest)
            out.begin_again()


def on_datagrams(change: Changer) -> Maker:
    """A maker that changes datagrams and leaves all else as it is."""

    def make(record: Record, udps: Sequence[Udp], fragments: bool, tally: Tally) -> Made:
        whole = packets.joined(record, udps)
        if whole is not None:
            parts = [(udp, change(record, number, udp, tally)) for number, udp in enumerate(udps)]
            udps = (whole,)
            wanted = _all_of(parts)
            if wanted is None:
                return Made()
        for number, udp in enumerate(udps):
            wanted = change(record, number, udp, tally) if whole is None else wanted
            if wanted is None:
                continue
            new = _applied(record, number, udp, wanted, fragments)
            if new is not None:
                return Made(new, wanted.what, fragments)
            tally.left[TOO_HARD] += 1
        return Made()

    return make


def _all_of(parts: Sequence[tuple[Udp, Change | None]]) -> Change | None:
    """What becomes of a datagram that holds these, one behind the other; None where nothing does."""
    changes = [change for _, change in parts if change is not None]
    if not changes:
        return None
    payload = None
    if any(change.payload is not None for change in changes):
        payload = b"".join(udp.payload if change is None or change.payload is None else change.payload
                           for udp, change in parts)
    ports = next((change.ports for change in changes if change.ports), None)
    return Change(payload, ports, tuple(dict.fromkeys(text for change in changes for text in change.what)))


def _applied(record: Record, number: int, udp: Udp, change: Change, fragments: bool) -> Record | None:
    if fragments:
        sport, dport = change.ports or (udp.sport, udp.dport)
        payload = udp.payload if change.payload is None else change.payload
        return packets.merged(record, udp._replace(sport=sport, dport=dport), payload)
    ways = packets.ways(record)
    if number >= len(ways):
        return None
    way = ways[number]
    if change.ports is not None:
        record = packets.with_ports(record, way, *change.ports)
    return record if change.payload is None else packets.with_payload(record, way, change.payload)


class _Copying:
    def __init__(
        self, path: str, output: Output, make: Maker, dropped: set[int], blocks: Blocks, name: str, comment: str,
        walk: Walk | None, walked: Callable[[], bytes | memoryview] | None, longest: int,
    ) -> None:
        self._path, self._output, self._make, self._dropped = path, output, make, dropped
        self._comment, self._walk, self._walked = comment, walk, walked
        self._blocks, self._name = blocks, name
        self._fragments = TracedFragments()
        self._frames = Frames(self._fragments)
        self._tally = Tally()
        self._lengths = Lengths(longest)
        self.wanted: set[int] = set()
        self.longest = 0

    def run(self, damage: Damage) -> Tally:
        """Copy all of it."""
        tally = self._tally
        with open_capture(self._path) as capture:
            joined = None if self._stays(capture) else Joined(self._output.write, self._comment)
            walk = self._walk if joined is None else None
            order = "<"
            for piece in pieces(capture, walk, self._pass):
                order = piece.order
                if piece.record is None:
                    if joined is None:
                        octets = self._lengths.header(piece, self._blocks(piece))
                        self._output.write(commented(piece, octets, self._comment))
                    continue
                made = self._made(piece.record)
                if piece.record.frame in self._dropped:
                    tally.merged += 1
                elif joined is not None:
                    joined.add(made.record or piece.record, 0, self._name, "; ".join(made.what))
                else:
                    self._output.write(self._octets(piece._replace(octets=self._blocks(piece)), made))
            tally.damage = capture.notes.damage
            is_blocks = joined is not None or capture.notes.format.startswith("pcapng")
            self._output.write(damage(capture.notes, order, is_blocks))
            tally.frames = capture.notes.packets
        return tally

    def _pass(self, octets: bytes | memoryview) -> None:
        """Write what the walk took."""
        self._output.write(octets if self._walked is None else self._walked())

    def _stays(self, capture: Capture) -> bool:
        """Whether the format stays: it can be written, and has room for what is said of the file."""
        return can_be_copied(capture) and (not self._comment or capture.notes.format.startswith("pcapng"))

    def _made(self, record: Record) -> Made:
        udps = self._frames.udp(record)
        parts = self._fragments.completed()
        made = self._make(record, udps, bool(parts), self._tally)
        if made.record is not None:
            self._tally.changed += 1
            self._tally.longer += len(made.record.octets) > max(len(record.octets), USUAL_MTU)
            if made.merged:
                self.wanted.update(frame for _, frame in parts if frame != record.frame)
        return made

    def _octets(self, piece: Piece, made: Made) -> bytes:
        if made.record is None:
            return self._lengths.kept(piece, piece.octets)
        if not self._lengths.allow(len(made.record.octets)):
            self.longest = max(self.longest, len(made.record.octets))
        comment = "muxshark: " + "; ".join(made.what) if made.what else ""
        return changed(piece, made.record.octets, made.record.original, comment)
