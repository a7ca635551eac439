"""Scapy's sniffer as a source: the last choice, for systems without a better backend."""
from __future__ import annotations

import contextlib
import struct
import time
from collections.abc import Iterable
from errno import ENETDOWN
from typing import Any

from dissectors.sources.interface.interfaces import ANY, CHANGES, Interface, Watched, interfaces, named, state_of
from dissectors.sources.interface.ring import (
    ACCEPT_NONE,
    PACKET_IGNORE_OUTGOING,
    PACKET_STATISTICS,
    SOL_PACKET,
    accept,
    attach,
    supported,
)
from dissectors.sources.interface.source import Drops, Refusal, Wanted
from dissectors.wire.captures.records import Record, Walker

MAX_READ_FRAMES = 256
"""Frames in one read."""

LAST_SECONDS = 1.0
"""Seconds for which queued frames are read at the end; then they are only counted, for as long again."""


NEVER = float("inf")


class Sniffer:
    """Frames through Scapy's listening sockets, read without dissection; raises Refusal if it cannot listen."""

    backend = "scapy"

    def __init__(self, wanted: Wanted) -> None:
        self.why = "frames come through Scapy, which keeps up with little"
        self.names = wanted.interfaces
        self.ended = False
        self.behind = 0
        self.walker: Walker | None = None
        self.head = b""
        self.failed = ""
        self._frame = 0
        self._until = NEVER
        self._drops = Drops()
        self._snaplen = wanted.snaplen
        self._chosen = chosen = _chosen(wanted.interfaces)
        self._watched = Watched(one.name for one in chosen)
        try:
            # Sockets and link layers register themselves when these are imported.
            import scapy.arch
            import scapy.layers.inet6
            import scapy.layers.l2  # noqa: F401  imported for what it registers
            from scapy.config import conf
            from scapy.error import Scapy_Exception
        except ImportError:
            raise Refusal("not installed") from None
        self._sockets: list[Any] = []
        try:
            listen: Any = conf.L2listen
            self._select = listen.select
            for one in chosen:
                self._sockets.append(listen(iface=one.name, promisc=wanted.promiscuous, filter=wanted.filter or None))
                if one.loopback and supported():
                    # A frame on the loopback passes twice, once out and once in.
                    self._sockets[-1].ins.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        except PermissionError:
            self.close()
            raise Refusal("raw sockets are not allowed here either") from None
        except (OSError, Scapy_Exception, RuntimeError, ValueError) as error:
            self.close()
            raise Refusal(" ".join(str(error).split())) from None

    def wait(self, timeout: float) -> None:
        """Sleep until a socket has a frame."""
        # Asked first: Scapy waits for the others where one has frames already that it took from the kernel.
        if self._until == NEVER and not self._ready(self._sockets, 0):
            self._ready(self._sockets, timeout)

    def read(self) -> list[Record]:
        """Some frames, in the order in which the sockets have them."""
        records: list[Record] = []
        for one in self._sockets:
            while len(records) < MAX_READ_FRAMES and self._ready([one], 0):
                record = self._frame_of(one)
                if record is None:
                    break
                records.append(record)
        if self._until < NEVER and not self.ended:
            self._end(bool(records))
        return records

    def octets(self) -> tuple[bytes, int]:
        """Nothing: there are only records."""
        return b"", 0

    def stop(self) -> None:
        """Receive no more frames, if the system can do that; queued frames can still be read, within bounds."""
        if self._until == NEVER:
            self._until = time.monotonic() + LAST_SECONDS
            for one in self._sockets if supported() else ():
                with contextlib.suppress(OSError):
                    attach(one.ins, accept(ACCEPT_NONE))

    def drops(self) -> Drops:
        """Frames without room in the sockets; Linux reports them since the last call, other systems do not.

        What was queued at the end and not read is ours.
        """
        for one in self._sockets if supported() else ():
            with contextlib.suppress(OSError):
                self._drops.kernel += struct.unpack("=II", one.ins.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[1]
        return self._drops

    def news(self) -> list[str]:
        """Interfaces that went down, came back or disappeared."""
        return self._watched.news()

    def close(self) -> None:
        """Close the sockets."""
        for one in getattr(self, "_sockets", ()):
            one.close()

    def _end(self, more: bool) -> None:
        """End once the queue is empty, or after too long: then the rest is counted, and dropped."""
        now = time.monotonic()
        self.ended = not more or now > self._until
        left = self._ready(self._sockets, 0) if self.ended and more else []
        while left and time.monotonic() < now + LAST_SECONDS:
            frames = [self._frame_of(one) for one in left]
            self._drops.us += len(frames) - frames.count(None)
            left = self._ready(self._sockets, 0)

    def _ready(self, sockets: list[Any], timeout: float) -> list[Any]:
        """Those that have a frame, as Scapy knows: it may have taken several from the kernel at once."""
        with contextlib.suppress(OSError, ValueError):
            return list(self._select(sockets, timeout))
        return []

    def _frame_of(self, one: Any) -> Record | None:
        try:
            kind, octets, when = one.recv_raw()
        except OSError as error:
            # A socket says once that its interface went down, and has frames again when it is up.
            gone = all(state_of(one.name) == "gone" for one in self._chosen)
            if error.errno != ENETDOWN or gone:
                names, why = ", ".join(self.names), (error.strerror or str(error)).lower()
                self.ended, self.failed = True, CHANGES["gone"].format(names) if gone else f"{names}: {why}"
            return None
        if not octets:
            return None
        self._frame += 1
        moment = time.time_ns() if when is None else int(when * 1_000_000_000)
        return Record(self._frame, moment, _link(kind), octets[: self._snaplen], len(octets))


def _chosen(names: Iterable[str]) -> list[Interface]:
    """The interfaces of these names; Scapy knows no `any`, so it is each that is up."""
    if ANY in names:
        return [one for one in interfaces() if one.name != ANY and one.state != "down"]
    return [named(name) for name in names]


def _link(kind: Any) -> int:
    """The LINKTYPE of Scapy's class for the lowest layer."""
    return LINKS.get(getattr(kind, "__name__", ""), 1)


LINKS = {"Ether": 1, "CookedLinux": 113, "CookedLinuxV2": 276, "IP": 101, "IPv6": 101, "Loopback": 0, "RadioTap": 127}


begin = Sniffer
"""How `interface.backends` opens it."""
