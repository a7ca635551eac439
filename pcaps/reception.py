"""What a receiver can truthfully say of a stream: the statistics of RFC 3550 sections 6.4.1, A.3 and A.8."""
from __future__ import annotations

import struct

from pcaps.writer import SECOND


class Reception:
    """One stream as it arrives at one side: (time, extended sequence number, timestamp), in order of arrival."""

    def __init__(self, ssrc: int, arrivals: list[tuple[int, int, int]], clock: int) -> None:
        self.ssrc = ssrc
        self.clock = clock
        self.pending = list(reversed(arrivals))
        self.base = arrivals[0][1]
        self.highest = self.base
        self.received = 0
        self.before = (0, 0)
        self.jitter = 0
        self.transit: int | None = None
        self.last_report: tuple[int, int] | None = None

    def sender_report(self, ntp: int, arrived: int) -> None:
        """Remember the sender's last report for LSR and DLSR."""
        self.last_report = (ntp >> 16 & 0xFFFFFFFF, arrived)

    def block(self, now: int) -> bytes:
        """The report block for everything that has arrived by `now`."""
        while self.pending and self.pending[-1][0] <= now:
            self._arrive(*self.pending.pop())
        expected = self.highest - self.base + 1
        missing = (expected - self.before[0]) - (self.received - self.before[1])
        fraction = max(0, missing) * 256 // (expected - self.before[0])
        self.before = (expected, self.received)
        last, since = (0, 0) if self.last_report is None else self.last_report
        delay = (now - since) * 65536 // SECOND if last else 0
        lost = expected - self.received & 0xFFFFFF
        return struct.pack(
            ">IIIIII", self.ssrc, fraction << 24 | lost, self.highest, self.jitter >> 4, last, delay
        )

    def _arrive(self, time: int, sequence: int, timestamp: int) -> None:
        self.received += 1
        self.highest = max(self.highest, sequence)
        transit = time * self.clock // SECOND - timestamp
        if self.transit is not None:
            self.jitter += abs(transit - self.transit) - (self.jitter + 8 >> 4)
        self.transit = transit
