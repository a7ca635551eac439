"""Several interfaces, each through a ring of its own, as one source.

A thread empties the rings into the backlog, so a slow moment of the analysis loses no frame. After a ring is opened,
only that thread uses it, but other threads may read its dropped frames: a lock keeps it open then.
"""
from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Sequence

from dissectors.sources.interface import bpf, ring
from dissectors.sources.interface.backlog import Backlog, Block
from dissectors.sources.interface.holes import Holes
from dissectors.sources.interface.interfaces import ANY, CHANGES, Interface, link_of, named, state_of
from dissectors.sources.interface.order import Order
from dissectors.sources.interface.probe import says_sizes
from dissectors.sources.interface.ring import Ring, oldest, packets_in, supported
from dissectors.sources.interface.source import Drops, Refusal, Wanted
from dissectors.sources.pcapng_blocks import head
from dissectors.wire.captures.pcapng import PcapngWalker
from dissectors.wire.captures.records import Record, Walker
from dissectors.wire.errors import CaptureError
from dissectors.wire.values import Struct

try:
    from dissectors.sources import blocks
except ImportError:
    blocks = None  # type: ignore[assignment]  # not compiled here

__all__ = ["Rings", "supported"]

SETTLE_SECONDS = 3 * ring.RETIRE_MS / 1000
"""Seconds after `stop` until the kernel has delivered the last block, which is not full."""

MAX_READ_BLOCKS = 32
"""Blocks that are taken of one ring in one visit."""

WATCH_SECONDS = 0.5
"""Seconds between two checks of the state of the interfaces."""

JOINED = "frames hold several packets (segmentation offload); they are taken apart, with one time for those of a frame"
DROPS_SECONDS = 0.1
"""Seconds between two looks at the counts of dropped frames."""


class Seen(Struct):
    """An interface by its number in the session, and the ring through which it is seen."""

    number: int
    ring: Ring
    interface: Interface


def begin(wanted: Wanted) -> Rings:
    """Frames through the kernel's rings; raises Refusal if these are not available."""
    if not supported():
        raise Refusal("only Linux has it")
    try:
        return Rings(wanted)
    except PermissionError:
        raise Refusal("raw sockets are not allowed here") from None
    except OSError as error:
        raise Refusal((error.strerror or str(error)).lower()) from None


class Rings:
    """Frames of one or more interfaces; raises OSError if raw sockets are not allowed, CaptureError for a bad filter.

    The source waits for an interface that goes down, or disappears and returns under its name.
    """

    backend = "ring"

    def __init__(self, wanted: Wanted) -> None:
        self.why = "the kernel's own ring (TPACKET_V3)"
        self.names = wanted.interfaces
        self.failed = ""
        self._backlog = Backlog(wanted.backlog)
        self._rings: dict[int, Ring] = {}
        self._open = threading.Lock()
        self._drops, self._holes = Drops(), Holes()
        self._gone = 0
        self._lost_since: int | None = None
        self._states: dict[int, str] = {}
        self._seen: list[Seen] = []
        self._news: list[str] = []
        self._said_joined = False
        self._frame = 0
        self._stopping = threading.Event()
        self._drained = False
        with contextlib.ExitStack() as stack:
            chosen = [named(name) for name in wanted.interfaces]
            sizes = says_sizes()
            for group in together(chosen):
                first = chosen[group[0]]
                one = Ring(
                    first, size=wanted.buffer * len(group) // len(chosen), snaplen=wanted.snaplen,
                    program=_program(wanted, first), promiscuous=wanted.promiscuous,
                    numbers={chosen[number].index: number for number in group} if len(group) > 1 else None,
                    sizes=sizes,
                )
                stack.callback(one.close)
                self._rings[group[0]] = one
                self._seen += [Seen(number, one, chosen[number]) for number in group]
            for seen in self._seen:
                self._change(seen, seen.interface.state if seen.interface.state == "down" else "up")
            stack.pop_all()
        self._readers = dict(self._rings)
        had = sum(one.size for one in self._readers.values())
        if had < wanted.buffer - ring.BLOCK_OCTETS * len(chosen):
            self.why += f", for which the kernel had {had >> 20:,} MiB instead of {wanted.buffer >> 20:,}"
        places = {number: place for place, number in enumerate(self._readers)}
        self._order = Order(len(places), MAX_READ_BLOCKS) if len(places) > 1 else None
        self._places = places
        links = [(link_of(interface)[0], interface.name) for interface in chosen]
        self.head = head(links, wanted.snaplen) if blocks is not None else b""
        self.walker: Walker | None = PcapngWalker() if self.head else None
        if self.walker is not None:
            list(self.walker.feed(self.head))
        self._thread = threading.Thread(target=self._drain, name="rings", daemon=True)
        self._thread.start()

    @property
    def ended(self) -> bool:
        """Whether everything has been read and no frame can follow."""
        return self._drained and not self._backlog.octets and not (self._order and self._order.held)

    @property
    def behind(self) -> int:
        """Octets that are received and not yet read."""
        return self._backlog.octets

    def wait(self, timeout: float) -> None:
        """Sleep until there are frames, or an interface has changed."""
        self._backlog.wait(timeout)

    def read(self) -> list[Record]:
        """The frames of some blocks, in order of time."""
        found = self._visit()
        parts = [(self._places[number], self._readers[number].records(block)) for number, block in found]
        if self._order is None:
            return parts[0][1] if len(parts) == 1 else [record for _, part in parts for record in part]
        first = self._frame + 1
        records = self._order.records(parts)
        self._frame += len(records)
        return [record._replace(frame=number) for number, record in enumerate(records, first)]

    def octets(self) -> tuple[bytes, int]:
        """The frames of some blocks as Enhanced Packet Blocks, interfaces numbered as in `head`; and their number."""
        parts, counts = [], 0
        for number, block in self._visit():
            one = self._readers[number]
            part, count = blocks.octets(block, one.cooked, number, one.numbers, one.apart if one.sizes else None)
            parts.append((self._places[number], part))
            counts += count
        if self._order is not None:
            return self._order.octets(parts)
        return (parts[0][1] if len(parts) == 1 else b"".join(part for _, part in parts)), counts

    def stop(self) -> None:
        """Stop the kernel's capture; the last block comes within a few milliseconds."""
        self._stopping.set()

    def drops(self) -> Drops:
        """Frames without room in the kernel, and in the backlog; also those of closed rings."""
        with self._open:
            counts = [one.count() for one in self._rings.values()]
            since, self._lost_since = self._lost_since, None
            self._drops.kernel = self._gone + sum(each.dropped for each in counts)
            self._holes.look(self._drops.kernel + self._drops.us, sum(each.passed for each in counts), since)
            self._drops.holes = self._holes.found
        return self._drops

    def news(self) -> list[str]:
        """Interfaces that went down, came back or disappeared; once, that frames are taken apart."""
        if not self._said_joined and any(one.joined for one in self._readers.values()):
            self._said_joined = True
            self._news.append(JOINED)
        news = self._news[:]
        del self._news[: len(news)]
        return news

    def close(self) -> None:
        """Give the rings back to the kernel."""
        self._stopping.set()
        self._thread.join()
        for number in tuple(self._rings):
            self._close(number)
        self._backlog.close()

    def _visit(self) -> list[Block]:
        """The blocks from one visit of the rings."""
        # Asked before: what is put after the last look at the rings is the last.
        over = self._drained
        found = self._backlog.get()
        if self._order is not None:
            placed = [(self._places[number], block) for number, block in found]
            self._order.visited(placed, over and not self._backlog.octets)
        return found

    # The thread.

    def _drain(self) -> None:
        """Move blocks from the rings to the backlog until the end."""
        looked = asked = time.monotonic()
        over: float | None = None
        while self._rings and (over is None or time.monotonic() < over):
            if time.monotonic() - asked > DROPS_SECONDS:
                asked = time.monotonic()
                self.drops()
            if over is None and self._stopping.is_set():
                over = time.monotonic() + SETTLE_SECONDS
                for one in self._rings.values():
                    one.stop()
            if self._round():
                continue
            ring.wait(list(self._rings.values()), ring.RETIRE_MS / 1000 if over else WATCH_SECONDS / 4)
            if time.monotonic() - looked > WATCH_SECONDS:
                looked = time.monotonic()
                self._watch()
        self._drained = True
        self._backlog.wake()

    def _round(self) -> bool:
        """Take the blocks of each ring, up to a bound, so that one visit serves many blocks."""
        found: list[Block] = []
        for number, one in self._rings.items():
            for _ in range(MAX_READ_BLOCKS):
                if not (block := one.take()):
                    break
                found.append((number, block))
        if found and not self._backlog.put(found):
            with self._open:
                self._drops.us += sum(packets_in(block) for _, block in found)
                times = [oldest(block) for _, block in found]
                self._lost_since = min([*times, *([] if self._lost_since is None else [self._lost_since])])
        return bool(found)

    def _watch(self) -> None:
        for seen in self._seen:
            name = seen.interface.name
            if name == ANY:
                continue
            state = state_of(name)
            # One that disappeared between two checks says that it went down; those that share a ring say nothing.
            changed = seen.ring.numbers is not None or seen.ring.fault() is not None
            if (changed or self._states[seen.number] == "away") and state != "gone":
                self._take_up(seen)
            self._change(seen, "away" if state == "gone" else state)

    def _change(self, seen: Seen, state: str) -> None:
        """Tell what became of an interface; at first each is expected to be up."""
        if state != self._states.get(seen.number, "up"):
            self._news.append(CHANGES[state].format(seen.interface.name))
        self._states[seen.number] = state

    def _take_up(self, seen: Seen) -> None:
        """Receive from the interface that has the name now, where it is another one with the same link layer.

        Its socket was opened with rights that we may have given up since; to bind it anew takes none.
        """
        with contextlib.suppress(CaptureError, OSError):
            found = named(seen.interface.name)
            if found.index == seen.interface.index or link_of(found)[0] != seen.ring.link:
                return
            if seen.ring.numbers is None:
                seen.ring.bind(found)
            else:
                seen.ring.rebind(found.index, seen.number)
            seen.interface = found

    def _close(self, number: int) -> None:
        """Give one ring back to the kernel; what it dropped stays counted."""
        with self._open:
            one = self._rings.pop(number)
            self._gone += one.count().dropped
            one.close()


def together(chosen: Sequence[Interface]) -> list[list[int]]:
    """The interfaces by their positions, those together that can share a ring, so that each takes what it needs.

    They have one link layer, whose frames the kernel gives as they are. On a loopback frames pass twice; it is alone.
    """
    groups: dict[tuple[int, int], list[int]] = {}
    for number, interface in enumerate(chosen):
        link, raw = link_of(interface)
        alone = number if interface.loopback or not raw else -1
        groups.setdefault((link, alone), []).append(number)
    return list(groups.values())


def _program(wanted: Wanted, interface: Interface) -> tuple[ring.Instruction, ...]:
    if not wanted.filter:
        return ring.accept(wanted.snaplen)
    link, _ = link_of(interface)
    return bpf.compile_filter(wanted.filter, link, wanted.snaplen, interface.name)
