"""A capture copied with some of its datagrams changed: each frame that is not touched stays octet for octet.

Fragments of a datagram that changes become one packet, in the place of the last of them. That they were copied before
is known only when the last one comes: then the copy is made once more, without them.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from dissectors.queries.traced import TracedFragments
from dissectors.rewriting import packets
from dissectors.rewriting.output import Output
from dissectors.rewriting.pieces import Piece, can_be_copied, pieces
from dissectors.rewriting.writer import Joined, changed, unbounded
from dissectors.sources.capture import open_capture
from dissectors.wire.captures.records import Record
from dissectors.wire.link.frames import Frames
from dissectors.wire.link.headers import Udp

USUAL_MTU = 1500
"""Octets of a packet that every Ethernet carries."""

TOO_HARD = "in packets that cannot be made longer"


class Change(NamedTuple):
    """What becomes of a datagram: another payload, other ports, and in words why. `counted` are its kinds."""

    payload: bytes | None = None
    ports: tuple[int, int] | None = None
    what: tuple[str, ...] = ()


class Tally:
    """What was done: `changed` frames, `merged` fragments, `longer` than the usual MTU, `left` as it was and why."""

    def __init__(self) -> None:
        self.frames = self.changed = self.merged = self.longer = 0
        self.left: Counter[str] = Counter()
        self.damage = ""


Changer = Callable[[Record, int, Udp, Tally], "Change | None"]
"""Of a frame, the number of a datagram in it, and the datagram: what becomes of it. It is asked once for each."""


def copy(path: str, output: str, changer: Callable[[], Changer], *, force: bool = False, source: str = "") -> Tally:
    """Copy the capture at `path`; `changer` makes what is asked for each datagram, anew for each attempt.

    `source` is its name where `path` is a copy of it. Raises CaptureError as `Output` and `open_capture` do.
    """
    with Output(output, force=force, inputs=[source or path, path]) as out:
        dropped: set[int] = set()
        while True:
            copying = _Copying(path, out, changer(), dropped)
            tally = copying.run()
            if copying.wanted <= dropped:
                return tally
            dropped |= copying.wanted
            out.begin_again()


class _Copying:
    def __init__(self, path: str, output: Output, change: Changer, dropped: set[int]) -> None:
        self._path, self._output, self._change, self._dropped = path, output, change, dropped
        self._fragments = TracedFragments()
        self._frames = Frames(self._fragments)
        self._tally = Tally()
        self.wanted: set[int] = set()

    def run(self) -> Tally:
        """Copy all of it."""
        tally = self._tally
        with open_capture(self._path) as capture:
            joined = None if can_be_copied(capture) else Joined(self._output.write)
            for piece in pieces(capture):
                if piece.record is None:
                    self._output.write(unbounded(piece))
                    continue
                tally.frames += 1
                new, what = self._changed(piece.record)
                if piece.record.frame in self._dropped:
                    tally.merged += 1
                elif joined is not None:
                    joined.add(new or piece.record, 0, os.path.basename(self._path), "; ".join(what))
                else:
                    self._output.write(_octets(piece, new, what))
            if capture.notes.corrupt is not None:
                tally.damage = f"damaged at octet {capture.notes.corrupt[0]:,}: what follows is left out"
        return tally

    def _changed(self, record: Record) -> tuple[Record | None, tuple[str, ...]]:
        """The frame with the change of its datagram, if there is one, and what was done."""
        udps = self._frames.udp(record)
        parts = self._fragments.completed()
        for number, udp in enumerate(udps):
            change = self._change(record, number, udp, self._tally)
            if change is None:
                continue
            new = self._apply(record, number, udp, change, bool(parts))
            if new is None:
                self._tally.left[TOO_HARD] += 1
                continue
            self._tally.changed += 1
            self._tally.longer += len(new.octets) > max(len(record.octets), USUAL_MTU)
            self.wanted.update(frame for _, frame in parts if frame != record.frame)
            return new, ("muxshark", *change.what)[1:]
        return None, ()

    def _apply(self, record: Record, number: int, udp: Udp, change: Change, fragments: bool) -> Record | None:
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


def _octets(piece: Piece, new: Record | None, what: tuple[str, ...]) -> bytes:
    if new is None:
        return piece.octets
    return changed(piece, new.octets, new.original, "muxshark: " + "; ".join(what) if what else "")
