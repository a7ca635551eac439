"""What of a stream was sent again, and how fast: RTX (RFC 4588), told by its content, and repeats under one number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from dissectors.analysis.streams.directory import Joined
from dissectors.analysis.streams.feedback import Told
from dissectors.analysis.streams.redundancy import Redundancy, redundancy
from dissectors.analysis.streams.sender_clock import median
from dissectors.mux.counters import Counters
from dissectors.mux.repairs import MAX_HOLES, MAX_LATE, PROBED_DATAGRAMS, Hole, looks_numbered
from dissectors.report import Place, Repair
from dissectors.wire.values import Struct, field

RTX = "rtx"

MAX_CANDIDATES = 32
"""So many streams of a flow are looked at as RTX of each other one."""

MAX_NUMBERS = 4096
"""So many missing numbers of a stream are looked at one by one."""

MIN_MATCHED_SHARE = 0.6
"""What share of the numbers in a stream of RTX must be missing, or asked for, in the stream that it repairs."""

IN_TIME_NS, IN_TIME_AUDIO_NS = 500_000_000, 200_000_000
"""How long after a gap a repair still comes in time: pictures wait longer than sound does."""

PATIENCE_NS = 1_000_000_000
"""A NACK is without an answer when so long nothing came."""

REPAIR_TIMEOUT_NS = 10_000_000_000
"""A number that comes so late is another one, after a wrap of the numbers."""


class Repairs:
    """The streams of a scan that may be RTX, by the flow on which they are."""

    def __init__(self, streams: Iterable[Counters]) -> None:
        self._streams = streams
        self._known: dict[int, list[tuple[Counters, set[int]]]] = {}

    def of(
        self, counters: Counters, told: Told | None, joined: Joined | None, video: bool, covered: bool
    ) -> Repair | None:
        """What was sent again of a stream; None where nothing was, and nothing was asked for.

        RTX that SDP announces counts as such, and what it repairs only where its content can be read; `covered` says
        that the stream is encrypted.
        """
        asked = told.asked if told is not None else {}
        if not asked and counters.worst_loss is None:
            return None
        beside = self._beside(counters)
        redundant = redundancy(counters, beside, joined, covered)
        named = self._announced(counters, beside, joined) if len(beside) > 1 else None
        # Where nothing was asked for and nothing could repair it, its gaps need not be looked at.
        if not asked and named is None and redundant is None and (len(beside) < 2 or self._alone(counters)):
            return None
        seen = Seen(counters, asked)
        rtx = self._rtx(counters, seen)
        announced = rtx or named
        if not asked and announced is None and redundant is None:
            return None
        in_time = IN_TIME_NS if video else IN_TIME_AUDIO_NS
        read = rtx is not None or not covered and any(
            each is announced and len(numbers) >= PROBED_DATAGRAMS for each, numbers in self._numbered(counters)
        )
        return seen.to_report(rtx, announced, told, in_time, redundant, read)

    @cached_property
    def _on(self) -> dict[int, list[Counters]]:
        """All streams by their first flow; most captures lack nothing of which one would have to ask."""
        found: dict[int, list[Counters]] = defaultdict(list)
        for counters in self._streams:
            found[counters.flows[0]].append(counters)
        return found

    def _beside(self, counters: Counters) -> list[Counters]:
        """The first streams on the same flow, itself among them."""
        return self._on[counters.flows[0]][:MAX_CANDIDATES]

    def _alone(self, counters: Counters) -> bool:
        """Whether no other stream on its flow may be RTX."""
        return all(other.ssrc == counters.ssrc for other, _ in self._numbered(counters))

    def _numbered(self, counters: Counters) -> list[tuple[Counters, set[int]]]:
        """The streams on the same flow whose payloads begin with numbers."""
        flow = counters.flows[0]
        if flow not in self._known:
            there = self._known[flow] = []
            for each in self._on[flow]:
                numbers = [original.sequence for original in each.originals]
                if numbers and len(there) < MAX_CANDIDATES and looks_numbered(numbers[:PROBED_DATAGRAMS]):
                    there.append((each, set(numbers)))
        return self._known[flow]

    def _rtx(self, counters: Counters, seen: Seen) -> Counters | None:
        """The stream that repairs another one: what its payloads begin with are numbers that are missing there."""
        best, found = 0, None
        for other, numbers in self._numbered(counters):
            if other.ssrc == counters.ssrc:
                continue
            matched = len(numbers & seen.wanted)
            if matched > best and matched >= MIN_MATCHED_SHARE * len(numbers):
                best, found = matched, other
        return found

    def _announced(self, counters: Counters, beside: list[Counters], joined: Joined | None) -> Counters | None:
        """The one stream beside another one that SDP announces as its RTX, by SSRC or by payload type."""
        lines = [line.media for line in (joined.sent, joined.received) if line is not None] if joined else []
        groups = [group.ssrcs for media in lines for group in media.groups if group.semantics == "FID"]
        sources = {ssrcs[1] for ssrcs in groups if len(ssrcs) == 2 and ssrcs[0] == counters.ssrc}
        types = {
            each.payload_type for media in lines for each in media.formats
            if (each.codec or "").lower() == "rtx" and _repaired_type(each.parameters) in counters.sizes
        }
        others = [each for each in beside if each is not counters] if lines else []
        found = [each for each in others if each.ssrc in sources] or [
            each for each in others if each.sizes and {str(number) for number in each.sizes} <= types
        ]
        return found[0] if len(found) == 1 else None


def is_numbered(counters: Counters) -> bool:
    """Whether the payloads of a stream begin with numbers, as those of RTX do."""
    numbers = [original.sequence for original in counters.originals[:PROBED_DATAGRAMS]]
    return bool(numbers) and looks_numbered(numbers)


def is_announced_rtx(counters: Counters, joined: Joined | None) -> bool:
    """Whether SDP calls a payload type of a stream RTX."""
    lines = (joined.sent, joined.received) if joined is not None else ()
    return any(
        line.rtpmaps[number].encoding.lower() == RTX
        for line in lines if line is not None for number in counters.sizes if number in line.rtpmaps
    )


def _repaired_type(parameters: str | None) -> int | None:
    """The payload type that RTX repairs, by its fmtp (RFC 4588 section 8.6)."""
    for part in (parameters or "").split(";"):
        name, _, value = part.strip().partition("=")
        if name.lower() == "apt" and value.isdecimal() and len(value) <= 3:
            return int(value)
    return None


class Seen(Struct):
    """The numbers of a stream that are missing, by when that was seen, that NACKs named, and that came late.

    `wanted` are those that are missing or were asked for.
    """

    counters: Counters
    asked: Mapping[int, int]
    missing: dict[int, int] = field(default_factory=dict)
    late: dict[int, list[int]] = field(default_factory=dict)
    wanted: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        for time, sequence in self.counters.late:
            self.late.setdefault(sequence, []).append(time)
        for time, first, numbers in _looked_at(self.counters.holes):
            for sequence in range(first, first + numbers):
                self.missing[sequence & 0xFFFF] = time
        self.wanted = self.missing.keys() | self.asked.keys()

    def to_report(
        self, rtx: Counters | None, announced: Counters | None, told: Told | None, in_time: int,
        redundant: Redundancy | None = None, read: bool = False,
    ) -> Repair:
        """The report's value; a repair within `in_time` nanoseconds comes before a receiver plays without it.

        `rtx` is the stream of repairs that fits, `announced` is that, or one of which only SDP speaks; `read` says that
        the numbers in it can be read.
        """
        again: dict[int, list[int]] = {}
        for time, sequence in rtx.originals if rtx is not None else ():
            again.setdefault(sequence, []).append(time)
        by_rtx = self._answers(again)
        by_number = {number: time for number, time in self._answers(self.late).items() if number not in by_rtx}
        answers = by_rtx | by_number
        lost = {number: time for number, time in self.missing.items() if number not in self.late}
        restored = {
            number: delay for number, time in lost.items()
            if (delay := _first_after(again.get(number, ()), time)) is not None
        }
        if redundant is not None and redundant.depth:
            restored |= {number: 0 for number in self._within(redundant.depth) if number in lost}
        left = {number for number in lost if number not in restored}
        delays = [answers[number] - self.asked[number] for number in answers]
        delays += [delay for number, delay in restored.items() if number not in answers]
        # A sender that stopped answers nothing any more.
        end = self.counters.last
        waiting = [time for number, time in self.asked.items() if number not in answers and time + PATIENCE_NS <= end]
        first = [answers[number] for number in answers] + [self.missing[n] + restored[n] for n in restored]
        return Repair(
            asked=len(answers) + len(waiting),
            answered=len(answers),
            by_rtx=len(by_rtx),
            by_number=len(by_number),
            lost=len(lost),
            restored=len(restored),
            in_time=sum(delay <= in_time for delay in restored.values()),
            longest_left=_longest(self.counters, left),
            median_ms=median(delays) / 1e6 if delays else None,
            longest_ms=max(delays) / 1e6 if delays else None,
            rtx_ssrc=announced.ssrc if announced is not None else None,
            rtx_packets=announced.packets if announced is not None else 0,
            first_repair=min(first) / 1e9 if first else None,
            unanswered=min(waiting) / 1e9 if waiting else None,
            place=told.place if told is not None and told.place else _place(self.counters),
            more=self._cut_short(told),
            fec=redundant.kind if redundant is not None else None,
            fec_packets=redundant.packets if redundant is not None else 0,
            fec_ssrc=redundant.ssrc if redundant is not None else None,
            rtx_read=read,
        )

    def _within(self, depth: int) -> Iterator[int]:
        """The missing numbers that the datagram behind each gap has with it."""
        for _, first, numbers in _looked_at(self.counters.holes):
            yield from (number & 0xFFFF for number in range(first + max(0, numbers - depth), first + numbers))

    def _answers(self, came: Mapping[int, Sequence[int]]) -> dict[int, int]:
        """When what was asked for came, by number."""
        found = {}
        for number, time in self.asked.items():
            delay = _first_after(came.get(number, ()), time)
            if delay is not None:
                found[number] = time + delay
        return found

    def _cut_short(self, told: Told | None) -> bool:
        counters = self.counters
        full = len(counters.holes) >= MAX_HOLES or len(counters.late) >= MAX_LATE
        full |= sum(hole.numbers for hole in counters.holes) >= MAX_NUMBERS
        return full or told is not None and told.full


def _first_after(times: Sequence[int], time: int) -> int | None:
    """How long after a time the first of these comes, None where none does."""
    return next((each - time for each in times if time <= each <= time + REPAIR_TIMEOUT_NS), None)


def _looked_at(holes: Iterable[Hole]) -> Iterator[Hole]:
    """The first holes, as far as they have no more than MAX_NUMBERS together."""
    left = MAX_NUMBERS
    for time, first, numbers in holes:
        if left > 0:
            yield Hole(time, first, min(numbers, left))
        left -= numbers


def _longest(counters: Counters, left: set[int]) -> int:
    """The longest run of numbers that are missing for good."""
    longest = 0
    for _, first, numbers in _looked_at(counters.holes):
        run = 0
        for sequence in range(first, first + numbers):
            run = run + 1 if sequence & 0xFFFF in left else 0
            longest = max(longest, run)
    return longest


def _place(counters: Counters) -> Place | None:
    return Place(*counters.worst_loss[2]) if counters.worst_loss else None
