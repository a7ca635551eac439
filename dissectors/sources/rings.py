"""Several interfaces, each through a ring of its own, as one source.

A thread empties the rings into the backlog, so a slow moment of whoever analyses costs no frame. Everything that is
done to a ring after it was opened is done by that thread.
"""
from __future__ import annotations

import contextlib
import threading
import time
from operator import attrgetter

from dissectors.sources import filters, ring
from dissectors.sources.backlog import Backlog, Block
from dissectors.sources.interfaces import ANY, Interface, link_of, named, state_of
from dissectors.sources.live import Drops, Wanted
from dissectors.sources.ring import Ring, packets_in, supported
from dissectors.wire.records import Record

try:
    from dissectors.sources import blocks
except ImportError:
    blocks = None  # type: ignore[assignment]  # not compiled here

__all__ = ["Rings", "supported"]

SETTLED = 3 * ring.RETIRE_MS / 1000
"""Seconds after `stop` until the kernel has handed over the last block, which is not full."""

AT_ONCE = 8
"""Blocks that are taken in one visit."""

LOOK = 0.5
"""Seconds between two looks at the state of the interfaces."""


class Rings:
    """Frames of one or more interfaces; raises OSError where raw sockets are not allowed, CaptureError for a filter.

    An interface that goes down is waited for; one that disappears is given up, and with the last one the source ends.
    """

    backend = "ring"

    def __init__(self, wanted: Wanted) -> None:
        self.why = "the kernel's own ring (TPACKET_V3)"
        self.names = wanted.interfaces
        self.failed = ""
        self._backlog = Backlog(wanted.backlog)
        self._rings: dict[int, Ring] = {}
        self._drops = Drops()
        self._gone = 0
        self._down: set[str] = set()
        self._news: list[str] = []
        self._frame = 0
        self._stopping = threading.Event()
        self._drained = False
        with contextlib.ExitStack() as stack:
            chosen = [named(name) for name in wanted.interfaces]
            for number, interface in enumerate(chosen):
                one = Ring(
                    interface, size=wanted.buffer // len(chosen), snaplen=wanted.snaplen,
                    program=_program(wanted, interface), promiscuous=wanted.promiscuous,
                )  # fmt: skip
                stack.callback(one.close)
                self._rings[number] = one
                if interface.state == "down":
                    self._lost(number)
            stack.pop_all()
        self._readers = dict(self._rings)
        # Several rings are put in order of time, record by record.
        self._link = self._rings[0].link if blocks is not None and len(chosen) == 1 else None
        self._thread = threading.Thread(target=self._drain, name="rings", daemon=True)
        self._thread.start()

    @property
    def ended(self) -> bool:
        """Whether everything has been read and nothing more will come."""
        return self._drained and not self._backlog.octets

    @property
    def behind(self) -> int:
        """Octets that are taken in and not yet read."""
        return self._backlog.octets

    def wait(self, timeout: float) -> None:
        """Sleep until something is there, or an interface has something to report."""
        self._backlog.wait(timeout)

    def read(self) -> list[Record]:
        """The frames of some blocks, in order of time."""
        parts = [self._readers[number].records(block) for number, block in self._backlog.get()]
        if len(self.names) == 1:
            return parts[0] if len(parts) == 1 else [record for part in parts for record in part]
        records = []
        for record in sorted((record for part in parts for record in part), key=attrgetter("time")):
            self._frame += 1
            records.append(record._replace(frame=self._frame))
        return records

    @property
    def link(self) -> int | None:
        """The LINKTYPE of the blocks that `octets` gives; None where records have to be read."""
        return self._link

    def octets(self) -> tuple[bytes, int]:
        """The frames of some blocks as Enhanced Packet Blocks of interface 0, and how many they are."""
        parts = [blocks.octets(block, self._readers[number].cooked) for number, block in self._backlog.get()]
        if len(parts) == 1:
            return parts[0]
        return b"".join(part for part, _ in parts), sum(count for _, count in parts)

    def stop(self) -> None:
        """Let the kernel take nothing more in; the last block comes within a few milliseconds."""
        self._stopping.set()

    def drops(self) -> Drops:
        """What the kernel had no room for, and what the backlog had none for; of rings that are gone too."""
        self._drops.kernel = self._gone + sum(one.count().dropped for one in tuple(self._rings.values()))
        return self._drops

    def news(self) -> list[str]:
        """Interfaces that went down, came back or disappeared."""
        told, self._news = self._news, []
        return told

    def close(self) -> None:
        """Give the rings back to the kernel."""
        self._stopping.set()
        self._thread.join()
        for one in self._rings.values():
            one.close()
        self._rings.clear()
        self._backlog.close()

    # The thread.

    def _drain(self) -> None:
        """Move blocks from the rings to the backlog until it is over."""
        looked = time.monotonic()
        over: float | None = None
        while self._rings and (over is None or time.monotonic() < over):
            if over is None and self._stopping.is_set():
                over = time.monotonic() + SETTLED
                for one in self._rings.values():
                    one.stop()
            if self._round():
                continue
            ring.wait(list(self._rings.values()), ring.RETIRE_MS / 1000 if over else LOOK / 4)
            if time.monotonic() - looked > LOOK:
                looked = time.monotonic()
                self._watch()
        self._drained = True
        self._backlog.wake()

    def _round(self) -> bool:
        """Take what each ring has, up to a bound, so that one visit serves many blocks."""
        blocks: list[Block] = []
        for number, one in self._rings.items():
            while len(blocks) < AT_ONCE and (block := one.take()):
                blocks.append((number, block))
        if blocks and not self._backlog.put(blocks):
            self._drops.us += sum(packets_in(block) for _, block in blocks)
        return bool(blocks)

    def _watch(self) -> None:
        for number, one in tuple(self._rings.items()):
            name = one.interface.name
            if name != ANY and (one.fault() is not None or state_of(name) == "gone"):
                self._lost(number)
        for name in tuple(self._down):
            if state_of(name) == "up":
                self._down.discard(name)
                self._news.append(f"{name} is up again")

    def _lost(self, number: int) -> None:
        name = self._rings[number].interface.name
        if state_of(name) != "gone":
            if name not in self._down:
                self._down.add(name)
                self._news.append(f"{name} is down; waiting for it to come up (ip link set {name} up)")
            return
        # What the ring still holds was taken before this was noticed; the rest of it comes now.
        while self._round():
            pass
        one = self._rings.pop(number)
        self._gone += one.count().dropped
        one.close()
        self._down.discard(name)
        self._news.append(f"{name} has disappeared")
        if not self._rings:
            self.failed = f"{name} has disappeared"


def _program(wanted: Wanted, interface: Interface) -> tuple[ring.Instruction, ...]:
    if not wanted.filter:
        return ring.accept(wanted.snaplen)
    link, _ = link_of(interface)
    return filters.compile_filter(wanted.filter, link, wanted.snaplen, interface.name)
