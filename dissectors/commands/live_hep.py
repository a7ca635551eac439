"""A session's SIP, RTCP and streams, for a server of HEP.

Laws of this file:
1. Nothing of a session waits for the server: a thread of its own builds and sends, and what waits for it is bounded.
2. A server that cannot be reached is tried again until the session ends; what finds no room meanwhile is counted.
3. A packet that this session sent, and that it sees again on its own interface, does not go a second time.
4. Each count has one thread that writes it. A fault of the sending thread is said as one: it is not the server's.
"""

from __future__ import annotations

import argparse
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

from dissectors.commands import inputs
from dissectors.findings.rule import counted
from dissectors.limits.table import Table
from dissectors.live.events import Look, StreamEvent, key_of
from dissectors.mux.scan import Row
from dissectors.mux.table import PROTOCOLS
from dissectors.report import Report, Stream
from dissectors.rewriting import hep
from dissectors.wire.datagram import Datagram
from dissectors.wire.errors import CaptureError

if TYPE_CHECKING:
    from types import TracebackType

    from dissectors.mux.scan import Batch
    from dissectors.wire.inflate import Limits

MAX_WAITING_OCTETS, PACKET_OCTETS = 32 << 20, 1024
"""Octets that wait for the server, and what a packet weighs beside its payload."""

MAX_CALLS, MAX_REMEMBERED = 16_384, 65_536
"""Streams whose Call-ID is remembered, and packets of ours that are known again."""

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 8.0
"""Between two attempts; each pause is twice the one before."""

CLOSE_SECONDS, LAST_SECONDS = 5.0, 1.0
"""How long the end of a session waits for what was not sent yet, and then for an attempt that is on its way."""

SENT = frozenset(("SIP", "RTCP"))
TOLD_STATES = frozenset(("now", "silent"))
"""States of a stream in which its figures go to the server."""

Waiting = tuple[int, "Row | hep.Told"]
"""What waits, behind its weight in octets."""


class Relay:
    """Sends what a session sees; `take` and `look` are called by the session and wait for nobody."""

    def __init__(self, server: tuple[str, int], *, tcp: bool, agent: int, limits: Limits) -> None:
        self._name, self._tcp = f"{server[0]}:{server[1]}", tcp
        self._agent, self._limits = agent, limits
        self.sent = self.too_long = 0
        self._full = self._given_up = 0
        self._problem = self._said = self._fault = ""
        self._calls: Table[int, str] = Table("calls of streams", MAX_CALLS)
        self._ours: Table[int, None] = Table("packets that went", MAX_REMEMBERED)
        self._last: Report | None = None
        self._told: dict[object, int] = {}
        self._waiting: deque[Waiting] = deque()
        self._weight = 0
        self._changed = threading.Condition()
        self._ending = threading.Event()
        self._finishing = False
        self._sender = hep.Sender(*server, tcp=tcp, attempts=1)
        self._thread = threading.Thread(target=self._work, name="hep", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        """Packets that found no room, or that were given up at the end."""
        return self._full + self._given_up

    def take(self, batch: Batch) -> None:
        """Take the SIP and the RTCP of a batch."""
        for entry in batch.signalling:
            if PROTOCOLS[entry.protocol] in SENT and not entry.encrypted:
                datagram = Datagram(
                    entry.file, entry.frame, entry.layer, entry.time, entry.flow.flow, bytes(entry.payload),
                    entry.length, entry.identification,
                )
                row = Row(datagram, entry.protocol, entry.row, entry.strength, entry.evidence, False, "")
                self._put(len(datagram.payload) + PACKET_OCTETS, row)

    def look(self, look: Look) -> None:
        """Take the figures of streams: of each that is reported on, or went silent."""
        report = self._last = look.report
        for stream in report.streams:
            if stream.call is not None:
                self._calls[stream.ssrc] = report.calls[stream.call].call_id
        wanted = {
            (event.ssrc, event.src, event.sport, event.dst, event.dport) for event in look.events
            if isinstance(event, StreamEvent) and event.state in TOLD_STATES
        }
        if wanted:
            self._tell(report, (stream for stream in report.streams if key_of(stream)[:-1] in wanted))

    def news(self) -> Iterator[str]:
        """What people should know since the last call."""
        problem, said = self._problem, self._said
        if self._fault:
            if said != self._fault:
                self._said = self._fault
                yield f"--hep: {self._fault}; nothing more is sent, the session goes on"
            return
        # Over UDP nothing says that a server is there; that it is not, is said once.
        if problem != said and (self._tcp or not said):
            self._said = problem
            yield f"--hep: {problem}; it is tried again" if problem else f"--hep: {self._name} is there again"

    def close(self) -> Iterator[str]:
        """Send the figures of all streams, and what waits, for some seconds; gives what people should know."""
        if self._last is not None:
            self._tell(self._last, self._last.streams)
        with self._changed:
            self._finishing = True
            self._changed.notify()
        self._thread.join(CLOSE_SECONDS)
        self._ending.set()
        with self._changed:
            self._full += len(self._waiting)
            self._waiting.clear()
            self._changed.notify()
        self._thread.join(LAST_SECONDS)
        unheard = 0
        if self._thread.is_alive():
            self._sender.close()
        else:
            unheard = self._sender.finish(LAST_SECONDS)
        yield f"--hep: {counted(self.sent, 'packet')} sent to {self._name}"
        if unheard or self._sender.closed:
            closed = counted(self._sender.closed, "time")
            yield f"--hep: {unheard:,} of them not acknowledged; the server closed the connection {closed}"
        if self.dropped:
            why = self._fault or self._problem or "the server was too slow"
            yield f"--hep: {counted(self.dropped, 'packet')} not sent, {why}"
        if self.too_long:
            yield f"--hep: {counted(self.too_long, 'packet')} too long for HEP"

    def _tell(self, report: Report, streams: Iterable[Stream]) -> None:
        """Send the figures of streams that have had packets since they were sent last."""
        for stream in streams:
            key = key_of(stream)
            if self._told.get(key) != stream.packets:
                self._told[key] = stream.packets
                told = hep.of_stream(stream, report, self._agent)
                if told is not None:
                    self._put(len(told.octets) + PACKET_OCTETS, told)
        shown = {key_of(stream) for stream in report.streams}
        self._told = {key: packets for key, packets in self._told.items() if key in shown}

    def _put(self, weight: int, item: Row | hep.Told) -> None:
        with self._changed:
            if self._fault or self._weight + weight > MAX_WAITING_OCTETS:
                self._full += 1
                return
            self._weight += weight
            self._waiting.append((weight, item))
            self._changed.notify()

    def _next(self) -> Row | hep.Told | None:
        """What waits longest; None at the end."""
        with self._changed:
            while not self._waiting:
                if self._finishing:
                    return None
                self._changed.wait()
            weight, item = self._waiting.popleft()
            self._weight -= weight
            return item

    def _work(self) -> None:
        with ExitStack() as stack:
            stack.push(self._ended)
            while (item := self._next()) is not None:
                if isinstance(item, hep.Told):
                    self._send(item)
                    continue
                for told in hep.of_row(item, self._agent, self._calls, self._limits):
                    self._send(told)

    def _ended(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """The thread ends; with an error, which goes on its way, what it was about did not go."""
        if error is not None:
            self._given_up += 1
            self._fault = f"muxshark itself failed: {type(error).__name__}: {error}"

    def _send(self, told: hep.Told | None) -> None:
        """Send a packet, however often that must be tried."""
        if told is None:
            self.too_long += 1
            return
        name = hash(told.octets)
        if name in self._ours:
            return
        pause = FIRST_PAUSE_SECONDS
        while not (went := self._attempt(told)) and self._problem:
            if self._ending.wait(pause):
                self._given_up += 1
                return
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        self._ours[name] = None
        self.sent += went
        self.too_long += not went

    def _attempt(self, told: hep.Told) -> bool:
        """Whether a packet went; where it did not, and there is no problem, it is too long."""
        try:
            went = self._sender.send(told.octets)
        except CaptureError as error:
            self._problem = str(error)
            return False
        self._problem = ""
        return went


def relay(options: argparse.Namespace) -> Relay:
    """Who sends to the server that the options name."""
    return Relay(options.hep, tcp=options.tcp, agent=options.agent, limits=inputs.limits(options))
