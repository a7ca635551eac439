"""The changes since the last look: calls that ring, streams that begin, findings that stay, frames dropped.

Times are seconds since the epoch. An event is a frozen value whose field names are the keys of its JSON object; `event`
names its kind.
"""
from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from typing import Literal

from dissectors.findings.catalogue import RULES
from dissectors.findings.rules import REMARKS
from dissectors.limits.budget import Bounds
from dissectors.limits.table import Table
from dissectors.live.states import FINAL, State, state_of
from dissectors.report import Call, Certainty, Finding, Report, Severity, Stream
from dissectors.wire.values import Struct

HISTORY_LOOKS = 30
"""The number of looks for which a stream's rate and loss are kept."""

MAX_REMEMBERED = 4096
"""Calls, streams and findings that are remembered between looks: more than one look shows."""

SETTLED_SECONDS = 5.0
"""Seconds after the last message of a call that is over until its story is told: late media and findings are in it."""

SILENT_SECONDS = 3.0
"""Seconds without a datagram after which a stream is silent."""

SUMMED_UP = "summed up"
FOREVER = float("inf")

NUMBERS = re.compile(r"\d[\d.,]*")

StreamKey = tuple[int, str, int, str, int, str]


class CallEvent(Struct, frozen=True):
    """A call in a new state: calling, ringing, answered, ended, rejected, unreachable or cancelled."""

    event: Literal["call"]
    time: float
    state: str
    call_id: str
    caller: str | None
    callee: str | None
    status: int | None


class SummaryEvent(Struct, frozen=True):
    """The story of a call that is over: how long people talked, who hung up, what its media were like, what was found.

    `seconds` is from the answer to the end, None without an answer. `lost` and `packets` are of all its streams;
    `jitter_ms` and `mos` are of the worst of them. `findings` are ids.
    """

    event: Literal["summary"]
    time: float
    call_id: str
    number: int
    caller: str | None
    callee: str | None
    outcome: str
    status: int | None
    seconds: float | None
    ended_by: str | None
    streams: int
    packets: int
    lost: int
    lost_fraction: float
    jitter_ms: float | None
    mos: float | None
    findings: tuple[str, ...]


class StreamEvent(Struct, frozen=True):
    """A stream: `state` is began, silent, resumed, or now (its figures, at regular times)."""

    event: Literal["stream"]
    time: float
    state: str
    ssrc: int
    src: str
    sport: int
    dst: str
    dport: int
    codec: str | None
    call_id: str | None
    packets: int
    packets_per_second: float
    lost: int
    lost_fraction: float
    jitter_ms: float | None


class FindingEvent(Struct, frozen=True):
    """A new finding; see `report.Finding`."""

    event: Literal["finding"]
    time: float
    id: str
    severity: Severity
    certainty: Certainty
    what: str
    why: str
    fix: str
    frames: tuple[int, ...]
    call_id: str | None
    ssrc: int | None


class RecordedEvent(Struct, frozen=True):
    """A call was written to a file of its own; `whole` says that all its frames were still held."""

    event: Literal["recorded"]
    time: float
    call_id: str
    number: int
    file: str
    frames: int
    whole: bool
    findings: tuple[str, ...]


class DropEvent(Struct, frozen=True):
    """Frames were dropped since the last look; the totals of the session so far."""

    event: Literal["drop"]
    time: float
    dropped_kernel: int
    dropped_us: int


class MissedEvent(Struct, frozen=True):
    """So many events before this one were not written, because nobody read what stood before them."""

    event: Literal["missed"]
    time: float
    events: int


class EndEvent(Struct, frozen=True):
    """The end of the session: frames received, UDP datagrams in them, frames dropped, its seconds, and the reason."""

    event: Literal["end"]
    time: float
    received: int
    datagrams: int
    dropped_kernel: int
    dropped_us: int
    seconds: float
    reason: str


Event = (
    CallEvent | SummaryEvent | StreamEvent | FindingEvent | RecordedEvent | DropEvent | MissedEvent | EndEvent
)


class Followed(Struct):
    """The memory of a stream between two looks; `history` holds datagrams per second and datagrams lost."""

    packets: int = 0
    lost: int = 0
    reported: float = 0.0
    silent: bool = False
    rate: float = 0.0
    history: deque[tuple[float, int]] | None = None


class Events:
    """Compares each look with the events before; a stream's state becomes an event every `every` seconds.

    `bounds` counts what is forgotten; if it comes back, it is reported as new.
    """

    def __init__(self, every: float = 10.0) -> None:
        self.every = every
        self.bounds = Bounds()
        self.streams: Table[StreamKey, Followed] = Table("streams of earlier events", MAX_REMEMBERED, self.bounds)
        self._calls: Table[str, set[str]] = Table("calls of earlier events", MAX_REMEMBERED, self.bounds)
        self._shown: set[StreamKey] = set()
        self._findings: Table[int, float] = Table("findings of earlier events", MAX_REMEMBERED, self.bounds)
        self._looked: float | None = None
        self._drops = (0, 0)

    def since(self, report: Report, now: float, drops: tuple[int, int], last: bool = False) -> list[Event]:
        """The new events in `report` at the time `now`; `drops` are the frames that the kernel and we dropped.

        With the `last` of a session, calls that are over need not settle any more, and what is found about them need
        not hold for longer.
        """
        events: list[Event] = [
            *self._about_calls(report), *self._about_streams(report, now), *self._about_findings(report, now, last),
            *self._stories(report, FOREVER if last else now),
        ]
        events.sort(key=lambda event: event.time)
        if drops != self._drops:
            self._drops = drops
            events.append(DropEvent("drop", now, *drops))
        self._looked = now
        return events

    def history(self, stream: Stream) -> tuple[tuple[float, int], ...]:
        """Datagrams per second and datagrams lost at the last looks, the oldest first."""
        followed = self.streams.get(key_of(stream))
        return tuple(followed.history or ()) if followed else ()

    def _about_calls(self, report: Report) -> Iterator[CallEvent]:
        for call in report.calls:
            if call.kind != "call" or call.outcome == "fragment":
                continue
            name = call.call_id
            events = self._calls.use(name)
            if events is None:
                events = self._calls[name] = set()
            for state, time in states(call):
                if state not in events:
                    events.add(state)
                    yield CallEvent("call", time, state, name, call.caller, call.callee, call.status)

    def _stories(self, report: Report, now: float) -> Iterator[SummaryEvent]:
        """The story of each call that is over since long enough."""
        found: dict[int, dict[str, None]] = {}
        for number, call in enumerate(report.calls):
            told = self._calls.get(call.call_id)
            if told is None or state_of(call) not in FINAL or SUMMED_UP in told or not call.messages:
                continue
            if now - call.messages[-1].time >= SETTLED_SECONDS:
                if not found:
                    for finding in report.findings:
                        if finding.call is not None:
                            found.setdefault(finding.call, {})[finding.id] = None
                told.add(SUMMED_UP)
                yield _story(report, call, tuple(found.get(number, ())))

    def _about_streams(self, report: Report, now: float) -> Iterator[StreamEvent]:
        span = now - self._looked if self._looked is not None else 0.0
        for stream in report.streams:
            key = key_of(stream)
            followed = self.streams.use(key)
            new = followed is None
            if followed is None:
                followed = self.streams[key] = Followed(reported=now)
            if followed.history is None:
                followed.history = deque(maxlen=HISTORY_LOOKS)
            came, lost = stream.packets - followed.packets, stream.lost - followed.lost
            followed.packets, followed.lost = stream.packets, stream.lost
            followed.rate = _rate(stream, came, span, new)
            followed.history.append((followed.rate, max(0, lost)))
            if state := self._state(followed, new, now - stream.last, now):
                time = stream.first if new else now if state == "now" else stream.last
                yield _event(report, stream, state, time, followed.rate)
        self._forget_histories(set(map(key_of, report.streams)))

    def _forget_histories(self, shown: set[StreamKey]) -> None:
        """Forget the history of streams that are no longer shown."""
        for key in self._shown - shown:
            if (followed := self.streams.get(key)) is not None:
                followed.history = None
        self._shown = shown

    def _state(self, followed: Followed, new: bool, quiet: float, now: float) -> str:
        was, followed.silent = followed.silent, quiet > SILENT_SECONDS
        if new:
            return "began"
        if was != followed.silent:
            return "silent" if followed.silent else "resumed"
        followed.reported = min(followed.reported, now)
        if self.every and not followed.silent and now - followed.reported >= self.every:
            followed.reported = now
            return "now"
        return ""

    def _about_findings(self, report: Report, now: float, last: bool) -> Iterator[FindingEvent]:
        for finding in report.findings:
            call = None if finding.call is None else report.calls[finding.call].call_id
            stream = None if finding.stream is None else report.streams[finding.stream]
            # Its hash takes a fraction of the memory, and is events apart from thousands of others.
            what = NUMBERS.sub("#", _without_remark(finding.what))
            key = hash((finding.id, call, key_of(stream) if stream else None, what))
            # What comes at once may have held since the last look; a clock that was set back does not make it wait.
            times = [time for time in (self._looked, finding.time) if time is not None and time <= now]
            since = self._findings[key] = min(self._findings.get(key, max(times, default=now)), now)
            held = max(now - since, _held(report, finding, now)) if last else now - since
            if since >= 0 and held >= RULES[finding.id].confirm_seconds:
                self._findings[key] = -1.0
                yield FindingEvent(
                    "finding", now, finding.id, finding.severity, finding.certainty, finding.what, finding.why,
                    finding.fix, tuple(place.frame for place in finding.places), call, stream.ssrc if stream else None,
                )


class Look(Struct, frozen=True):
    """One look at a running session: the recent part of its report, the new events, and the meters.

    `seconds` counts from the beginning; the rates are per second, since the last look. `memory` is in resident octets.
    """

    report: Report
    events: tuple[Event, ...]
    news: tuple[str, ...]
    seconds: float
    received: int
    datagrams: int
    datagrams_per_second: float
    octets_per_second: float
    dropped_kernel: int
    dropped_us: int
    memory: int
    kept: int
    behind: int
    protocols: dict[str, float]
    watched: Events


def _story(report: Report, call: Call, findings: tuple[str, ...]) -> SummaryEvent:
    streams = [report.streams[position] for position in call.streams]
    packets, lost = sum(one.packets for one in streams), sum(one.lost for one in streams)
    jitter = max((one.jitter_ms for one in streams if one.jitter_ms is not None), default=None)
    mos = min((one.quality.mos for one in streams if one.quality and one.quality.mos is not None), default=None)
    end = call.ended if call.ended is not None else call.messages[-1].time
    talked = call.talked(report.capture.last)
    return SummaryEvent(
        "summary", end, call.call_id, call.number, call.caller, call.callee, call.outcome, call.status,
        None if talked is None else round(talked, 3), call.ended_by, len(streams), packets, lost,
        round(lost / (packets + lost), 6) if packets + lost else 0.0, jitter, mos, findings,
    )


def _held(report: Report, finding: Finding, now: float) -> float:
    """For how long a finding has held at the end of a session: for ever where its call is over."""
    number = finding.call if finding.stream is None else report.streams[finding.stream].call
    if number is not None and state_of(report.calls[number]) in FINAL:
        return FOREVER
    began = now if report.capture.first is None else report.capture.first
    return now - (began if finding.time is None else finding.time)


def _without_remark(what: str) -> str:
    """What was found, without what may come to be said behind it."""
    return next((what.removesuffix(each) for each in REMARKS if what.endswith(each)), what)


def states(call: Call) -> Iterator[tuple[str, float]]:
    """Every state of a call so far, with its time, in order."""
    yield State.CALLING.word, call.start
    if call.ringing is not None:
        yield State.RINGING.word, call.ringing
    if call.answered is not None:
        yield State.ANSWERED.word, call.answered
    if (state := state_of(call)) in FINAL:
        yield state.word, call.ended if call.ended is not None else call.messages[-1].time


def key_of(stream: Stream) -> StreamKey:
    """The key of a stream, valid while it stays on its first flow."""
    return (stream.ssrc, stream.src, stream.sport, stream.dst, stream.dport, stream.inside)


def _rate(stream: Stream, came: int, span: float, new: bool) -> float:
    """Datagrams per second since the last look; of a new stream, since it began."""
    if new:
        span = stream.last - stream.first
        came -= 1
    return came / span if span > 0 else 0.0


def _event(report: Report, stream: Stream, state: str, time: float, rate: float) -> StreamEvent:
    call = None if stream.call is None else report.calls[stream.call].call_id
    return StreamEvent(
        "stream", time, state, stream.ssrc, stream.src, stream.sport, stream.dst, stream.dport, stream.codec, call,
        stream.packets, round(rate, 1), stream.lost, stream.lost_fraction, stream.jitter_ms,
    )
