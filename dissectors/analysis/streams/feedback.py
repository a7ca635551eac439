"""What receivers ask of sources by RTCP: NACK, requests for key frames, estimates of bitrate, and their like."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Literal

from dissectors.mux.repairs import Large
from dissectors.protocols import rtcp
from dissectors.protocols.rtcp_feedback import EstimatedBitrate, Nack
from dissectors.report import Estimate, FeedbackView, KeyFrames, Place, RequestBurst
from dissectors.wire.datagram import Flow
from dissectors.wire.values import Struct, field

MAX_SOURCES = 8192
"""How many sources are remembered of which receivers ask something: each holds what follows."""

MAX_ASKED, MAX_REQUESTS, MAX_ESTIMATES, MAX_PLACES = 256, 256, 64, 16
ESTIMATE_SPACING_NS = 500_000_000
"""The first distance of estimates; it doubles whenever there is no room for more."""

BURST_GAP_NS = 3_000_000_000
"""Nanoseconds without a request that end a series of them."""

ANSWER_NS = 1_000_000_000


class Burst(Struct):
    """A series of requests for key frames: first and last time, how many, the first of their times and places."""

    first: int
    last: int
    requests: int = 0
    times: list[int] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)

    def add(self, time: int, place: Place) -> None:
        """Count one more."""
        self.last = time
        self.requests += 1
        if len(self.times) < MAX_REQUESTS:
            self.times.append(time)
        if len(self.places) < MAX_PLACES:
            self.places.append(place)

    def to_report(self, large: Sequence[Large] | None, keys: KeyFrames | None) -> RequestBurst:
        """The report's value; `large` are the pictures that may be key frames, None where they are not known.

        `keys` are those that are key frames by more than their size.
        """
        answered = None if large is None else any(self._asks(each.time) for each in large)
        by: Literal["payload", "descriptor", "size"] = "size"
        count: int | None = None
        # Some encoders renew pictures bit by bit: where none is a key frame, that none follows says nothing.
        if keys is not None and keys.count:
            times = [round(each.time * 1e9) for each in keys.listed]
            count, by = sum(map(self._asks, times)), keys.by
            whole = keys.count == len(times) or times[-1] > self.last + ANSWER_NS
            answered, count = True if count else False if whole else None, count if whole else None
        return RequestBurst(
            self.first / 1e9, (self.last - self.first) / 1e9, self.requests, answered, tuple(self.places),
            None if answered is None else by, count,
        )

    def _asks(self, time: int) -> bool:
        """Whether a request came in the second before this time; of those that were not kept nothing is ruled out."""
        place = bisect_left(self.times, time)
        if place == len(self.times) < self.requests:
            return time <= self.last + ANSWER_NS
        return place > 0 and time - self.times[place - 1] <= ANSWER_NS


class Told(Struct):
    """What receivers asked of one source; times are nanoseconds.

    `asked` maps the numbers that NACKs named to when they did first, `place` is the frame of the first NACK; the first
    message of all came on `flow` and `began` is its frame.
    """

    first: int
    last: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    asked: dict[int, int] = field(default_factory=dict)
    numbers: int = 0
    place: Place | None = None
    burst: Burst | None = None
    longest: Burst | None = None
    estimates: list[tuple[int, int, Place]] = field(default_factory=list)
    spacing: int = ESTIMATE_SPACING_NS
    flow: Flow | None = None
    began: Place = Place(0, 0)

    def add(self, time: int, place: Place, packet: rtcp.Feedback) -> None:
        """Take one message."""
        self.last = time
        name = packet.name
        self.counts[name] = self.counts.get(name, 0) + 1
        if isinstance(packet.control, Nack):
            self._nack(time, place, packet.control)
        elif isinstance(packet.control, EstimatedBitrate):
            self._estimate(time, place, packet.control.bitrate)
        elif name in ("PLI", "FIR"):
            self._request(time, place)

    @property
    def full(self) -> bool:
        """Whether NACKs asked for more than is remembered."""
        return len(self.asked) >= MAX_ASKED

    def _nack(self, time: int, place: Place, nack: Nack) -> None:
        self.place = self.place or place
        self.numbers += len(nack.sequences)
        for sequence in nack.sequences:
            if len(self.asked) < MAX_ASKED:
                self.asked.setdefault(sequence, time)

    def _estimate(self, time: int, place: Place, bitrate: int) -> None:
        kept = self.estimates
        if len(kept) > 1 and time - kept[-2][0] < self.spacing:
            kept[-1] = time, bitrate, place
            return
        kept.append((time, bitrate, place))
        if len(kept) > MAX_ESTIMATES:
            self.estimates = kept[::2]
            self.spacing *= 2

    def _request(self, time: int, place: Place) -> None:
        burst = self.burst
        if burst is None or time - burst.last > BURST_GAP_NS:
            burst = self.burst = Burst(time, time)
        burst.add(time, place)
        if self.longest is None or burst.requests > self.longest.requests:
            self.longest = burst

    def to_report(
        self, seconds: float, large: Sequence[Large] | None, keys: KeyFrames | None, shared: Told | None
    ) -> FeedbackView:
        """The report's value for a stream of so many seconds; `shared` is what was said of no source by its number.

        `large` and `keys` are what may answer requests for key frames, see `Burst`.
        """
        counts = self.counts
        requests = counts.get("PLI", 0) + counts.get("FIR", 0)
        estimates = self.estimates or (shared.estimates if shared else [])
        return FeedbackView(
            nacks=counts.get("NACK", 0),
            asked=self.numbers,
            pli=counts.get("PLI", 0),
            fir=counts.get("FIR", 0),
            sli=counts.get("SLI", 0),
            remb=counts.get("REMB", 0) or (shared.counts.get("REMB", 0) if shared else 0),
            transport_wide=counts.get("transport-cc", 0),
            congestion_control=counts.get("CCFB", 0),
            first=self.first / 1e9,
            last=self.last / 1e9,
            nacks_per_second=counts.get("NACK", 0) / seconds if seconds > 0 else None,
            requests_per_second=requests / seconds if seconds > 0 else None,
            burst=self.longest.to_report(large, keys) if self.longest else None,
            estimates=tuple([Estimate(time / 1e9, bitrate, place) for time, bitrate, place in estimates]),
        )


def about(packet: rtcp.Feedback) -> Iterable[int]:
    """The sources that a message is about, each once; 0 where it names none: it is about all of the transport."""
    return dict.fromkeys(packet.targets) or (0,)


def joined(told: Sequence[Told]) -> Told | None:
    """What was asked of one stream between several pairs of hosts: most is between one."""
    return max(told, key=lambda each: sum(each.counts.values()), default=None)
