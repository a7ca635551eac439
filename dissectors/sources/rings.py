"""Several interfaces, each through a ring of its own, as one source."""
from __future__ import annotations

import contextlib
import time
from operator import attrgetter

from dissectors.sources import filters, ring
from dissectors.sources.interfaces import ANY, Interface, link_of, named, state_of
from dissectors.sources.live import Drops, Wanted
from dissectors.sources.ring import Ring, supported
from dissectors.wire.records import Record

__all__ = ["Rings", "supported"]

SETTLED = 3 * ring.RETIRE_MS / 1000
"""Seconds after `stop` until the kernel has handed over the last block, which is not full."""

LOOK = 1.0
"""Seconds between two looks at an interface that is down."""


class Rings:
    """Frames of one or more interfaces; raises OSError where raw sockets are not allowed, CaptureError for a filter.

    An interface that goes down is waited for; one that disappears is given up, and with the last one the source ends.
    """

    backend = "ring"

    def __init__(self, wanted: Wanted) -> None:
        self.why = "the kernel's own ring (TPACKET_V3)"
        self.names = wanted.interfaces
        self.ended = False
        self.failed = ""
        self._rings: list[Ring] = []
        self._gone = Drops()
        self._down: set[str] = set()
        self._looked = 0.0
        self._news: list[str] = []
        self._stopped: float | None = None
        self._frame = 0
        chosen = [named(name) for name in wanted.interfaces]
        with contextlib.ExitStack() as stack:
            for interface in chosen:
                one = Ring(
                    interface, size=wanted.buffer // len(chosen), snaplen=wanted.snaplen,
                    program=_program(wanted, interface), promiscuous=wanted.promiscuous,
                )  # fmt: skip
                stack.callback(one.close)
                self._rings.append(one)
                if interface.state == "down":
                    self._lost(interface.name)
            stack.pop_all()

    @property
    def buffer(self) -> int:
        """Octets of all the rings together."""
        return sum(one.size for one in self._rings)

    def wait(self, timeout: float) -> None:
        """Sleep until a block is full or was given up on, or an interface has something to report."""
        if not any(one.block() for one in self._rings):
            ring.wait(self._rings, timeout)
        self._watch()

    def read(self) -> list[Record]:
        """The frames of one block of each ring, in order of time."""
        parts = [found for one in self._rings if (found := one.records())]
        if not parts:
            self.ended |= not self._rings or self._stopped is not None and time.monotonic() > self._stopped
            return []
        if len(self.names) == 1:
            return parts[0]
        records = []
        for record in sorted((record for part in parts for record in part), key=attrgetter("time")):
            self._frame += 1
            records.append(record._replace(frame=self._frame))
        return records

    def stop(self) -> None:
        """Let the kernel take nothing more in; the last block comes within a few milliseconds."""
        if self._stopped is None:
            self._stopped = time.monotonic() + SETTLED
            for one in self._rings:
                one.stop()

    def drops(self) -> Drops:
        """What the kernel had no room for, of rings that are gone too."""
        return Drops(self._gone.kernel + sum(one.count().dropped for one in self._rings))

    def news(self) -> list[str]:
        """Interfaces that went down, came back or disappeared."""
        told, self._news = self._news, []
        return told

    def close(self) -> None:
        """Give the rings back to the kernel."""
        for one in self._rings:
            one.close()
        self._rings.clear()

    def _watch(self) -> None:
        for one in tuple(self._rings):
            if one.fault() is not None and one.interface.name != ANY:
                self._lost(one.interface.name)
        if self._down and time.monotonic() - self._looked > LOOK:
            self._looked = time.monotonic()
            for name in tuple(self._down):
                if state_of(name) == "up":
                    self._down.discard(name)
                    self._news.append(f"{name} is up again")

    def _lost(self, name: str) -> None:
        if state_of(name) != "gone":
            if name not in self._down:
                self._down.add(name)
                self._news.append(f"{name} is down; waiting for it to come up (ip link set {name} up)")
            return
        for one in [one for one in self._rings if one.interface.name == name]:
            self._remove(one)
        self._down.discard(name)
        self._news.append(f"{name} has disappeared")
        if not self._rings:
            self.failed = f"{name} has disappeared"

    def _remove(self, one: Ring) -> None:
        # What the ring still holds is read before it goes: nothing that came in is lost.
        self._gone.kernel += one.count().dropped
        self._rings.remove(one)
        one.close()


def _program(wanted: Wanted, interface: Interface) -> tuple[ring.Instruction, ...]:
    if not wanted.filter:
        return ring.accept(wanted.snaplen)
    link, _ = link_of(interface)
    return filters.compile_filter(wanted.filter, link, wanted.snaplen, interface.name)
