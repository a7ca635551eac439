"""What a screen knows of calls: those of the last report, and those that earlier ones told of.

Laws of this file:
1. A call stays in the book when later reports leave it out, as those of a session do: it then has a report of its own.
2. A finding stays in the book of a session; what of it somebody does not want to see is the business of a `View`.
3. One thread writes the book. Who reads a snapshot needs no lock: it never changes, and the next one is another.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from dissectors.findings.rules import SEVERITIES
from dissectors.live.events import FindingEvent
from dissectors.live.states import Course, State, state_of
from dissectors.queries.expressions import Expression
from dissectors.queries.selection import found_by, of_call
from dissectors.report import Call, Finding, Place, Report
from dissectors.wire.values import Struct, replace

MAX_KEPT_CALLS, MAX_FINDINGS = 4096, 4096
"""Calls that are held beyond those of the last report, and findings of a session."""

NUMBERS = re.compile(r"\d[\d.,]*")


class Entry(Struct, frozen=True):
    """A call in a row. `seconds` is from the answer to the end; `loss`, `jitter_ms`, `mos` are of its worst stream.

    `course` is how far it is, None for what is no call.
    `worst` is the severity of its worst finding, empty without one; `found` counts its findings. `own` is its report
    where the last one has it no more.
    """

    number: int
    call_id: str
    kind: str
    state: State
    status: int | None
    course: Course | None
    start: float
    caller: str
    callee: str
    seconds: float | None
    messages: int
    streams: int
    loss: float | None
    jitter_ms: float | None
    mos: float | None
    worst: str
    found: int
    own: Report | None = None

    @property
    def said(self) -> str:
        """Its state in words."""
        return self.state.said(self.status)


class Noted(Struct, frozen=True):
    """A finding on the list, with the number of its call and of its stream's source; `key` tells it from others."""

    key: tuple[object, ...]
    id: str
    severity: str
    what: str
    why: str
    fix: str
    time: float | None
    call: int | None
    ssrc: int | None
    frames: tuple[int, ...]


class Totals(Struct, frozen=True):
    """Counts since the beginning, also of calls that are no longer held."""

    calls: int = 0
    going: int = 0
    answered: int = 0
    failed: int = 0
    others: int = 0
    forgotten: int = 0


class Snapshot:
    """All that is known at a moment; `whole` says that nothing more will come."""

    def __init__(
        self, report: Report | None = None, entries: Mapping[int, Entry] | None = None,
        findings: tuple[Noted, ...] = (), totals: Totals | None = None, whole: bool = False,
    ) -> None:
        self.report, self.entries, self.findings = report, entries or {}, findings
        self.totals, self.whole = totals or Totals(), whole

    @cached_property
    def positions(self) -> dict[int, int]:
        """The position in the report of each call, by its number."""
        return {call.number: at for at, call in enumerate(self.report.calls)} if self.report is not None else {}

    @cached_property
    def _found(self) -> dict[int, list[Finding]]:
        return found_by(self.report)[0] if self.report is not None else {}

    def report_of(self, number: int) -> tuple[Report, int] | None:
        """A report in which a call stands, and its position there."""
        entry = self.entries.get(number)
        if entry is not None and entry.own is not None:
            return entry.own, 0
        if self.report is not None and number in self.positions:
            return self.report, self.positions[number]
        return None

    def matches(self, entry: Entry, keep: Expression) -> bool:
        """Whether a filter keeps a call."""
        there = self.report_of(entry.number)
        if there is None:
            return False
        report, position = there
        found = found_by(report)[0] if entry.own is not None else self._found
        return keep(of_call(report, position, report.calls[position], found))


class Book:
    """Takes reports, and has a `snapshot` of what they told so far."""

    def __init__(self, max_kept: int = MAX_KEPT_CALLS) -> None:
        self.snapshot = Snapshot()
        self._max_kept = max_kept
        self._forgotten: Counter[str] = Counter()
        self._noted: dict[tuple[object, ...], Noted] = {}

    def take(self, report: Report, events: Iterable[object] | None = None, whole: bool = False) -> Snapshot:
        """Add a report; its findings are those of its `events` where there are any, as in a session."""
        before = self.snapshot
        of_calls = report.found_by_call()
        entries = {
            call.number: entry_of(report, at, of_calls.get(at, []), whole) for at, call in enumerate(report.calls)
        }
        held = dict(_held(before, entries))
        entries = {number: _richer(entry, before.entries.get(number)) for number, entry in entries.items()}
        for number in list(held)[: max(0, len(held) - self._max_kept)]:
            self._forgotten.update(_counts(held.pop(number)))
        entries = {number: entry for number, entry in sorted({**held, **entries}.items())}
        if events is None:
            self._noted = {each.key: each for each in noted_in(report)}
        else:
            self._hear(events, entries)
        self.snapshot = Snapshot(report, entries, self._list(), self._totals(entries, report), whole)
        return self.snapshot

    def _hear(self, events: Iterable[object], entries: Mapping[int, Entry]) -> None:
        numbers = {entry.call_id: entry.number for entry in entries.values()}
        for event in events:
            if isinstance(event, FindingEvent):
                call = numbers.get(event.call_id or "")
                key = (event.id, call, event.ssrc, NUMBERS.sub("#", event.what))
                self._noted[key] = Noted(
                    key, event.id, event.severity, event.what, event.why, event.fix, event.time, call, event.ssrc,
                    event.frames,
                )
        while len(self._noted) > MAX_FINDINGS:
            self._noted.pop(next(iter(self._noted)))

    def _list(self) -> tuple[Noted, ...]:
        """The worst first, of these the newest."""
        ranks = {severity: rank for rank, severity in enumerate(SEVERITIES)}
        return tuple(sorted(self._noted.values(), key=lambda each: (ranks[each.severity], -(each.time or 0.0))))

    def _totals(self, entries: Mapping[int, Entry], report: Report) -> Totals:
        counts = Counter(self._forgotten)
        for entry in entries.values():
            counts.update(_counts(entry))
        told = {seen.name: seen.count for seen in report.totals.outcomes} if report.totals is not None else {}
        left_out = report.totals.calls_left_out if report.totals is not None else 0
        calls = max(counts["calls"], sum(count for name, count in told.items() if name.startswith("call,")))
        return Totals(
            calls, counts["going"], counts["answered"], counts["failed"], counts["others"],
            self._forgotten["calls"] + self._forgotten["others"] + left_out,
        )


def entry_of(report: Report, position: int, found: list[Finding], whole: bool) -> Entry:
    """The row of a call, with what was found about it."""
    call = report.calls[position]
    streams = [report.streams[at] for at in call.streams]
    scores = [each.quality.mos for each in streams if each.quality is not None and each.quality.mos is not None]
    state = state_of(call, whole)
    return Entry(
        number=call.number, call_id=call.call_id, kind=call.kind, state=state, status=call.status,
        course=state.course if call.kind == "call" else None,
        start=call.start, caller=call.caller or "", callee=call.callee or "",
        seconds=call.talked(report.capture.last),
        messages=len(call.messages), streams=len(streams),
        loss=max((each.lost_fraction for each in streams), default=None),
        jitter_ms=max((each.jitter_ms for each in streams if each.jitter_ms is not None), default=None),
        mos=min(scores, default=None),
        worst=min((each.severity for each in found), key=SEVERITIES.index, default=""), found=len(found),
    )


def excerpt(report: Report, position: int) -> Report:
    """A report on one call, as far as the whole one goes: with its streams, their flows, and what was found."""
    call = report.calls[position]
    streams = [report.streams[at] for at in call.streams]
    flows = {at: new for new, at in enumerate(dict.fromkeys(at for each in streams for at in each.flows))}
    hosts = {host for each in call.messages for host in (each.src, each.dst)}
    hosts |= {host for each in streams for host in (each.src, each.dst)}
    at_stream = {at: new for new, at in enumerate(call.streams)}
    return Report(
        report.schema, report.capture, tuple(report.flows[at] for at in flows),
        (replace(call, streams=tuple(at_stream.values())),),
        tuple(replace(each, flows=tuple(flows[at] for at in each.flows), call=0) for each in streams),
        tuple(each for each in report.checks if each.src in hosts and each.dst in hosts),
        tuple(
            replace(each, call=0, stream=None if each.stream is None else at_stream[each.stream])
            for each in report.found_by_call().get(position, ()) if each.stream is None or each.stream in at_stream
        ),
        tuple(each for each in report.handshakes if each.src in hosts and each.dst in hosts),
    )


def noted_in(report: Report) -> Iterator[Noted]:
    """The findings of a report, as they stand on the list; those that differ only in numbers are numbered."""
    alike: Counter[tuple[object, ...]] = Counter()
    for finding in report.findings:
        stream = None if finding.stream is None else report.streams[finding.stream]
        at = finding.call if finding.call is not None or stream is None else stream.call
        call = None if at is None else report.calls[at].number
        ssrc = None if stream is None else stream.ssrc
        key = (finding.id, call, ssrc, NUMBERS.sub("#", finding.what))
        alike[key] += 1
        yield Noted(
            (*key, alike[key]), finding.id, finding.severity, finding.what, finding.why, finding.fix, finding.time,
            call, ssrc, tuple(place.frame for place in finding.places),
        )


def _held(before: Snapshot, entries: Mapping[int, Entry]) -> Iterator[tuple[int, Entry]]:
    """The calls that are in no report any more, each with one of its own."""
    for number, entry in before.entries.items():
        if number in entries:
            continue
        if entry.own is None and before.report is not None:
            yield number, replace(entry, own=excerpt(before.report, before.positions[number]))
        else:
            yield number, entry


def _richer(entry: Entry, before: Entry | None) -> Entry:
    """A call with what was known of its media, where the report has no streams of it any more."""
    if before is None or entry.streams or not before.streams:
        return entry
    return replace(
        entry, streams=before.streams, loss=before.loss, jitter_ms=before.jitter_ms, mos=before.mos,
        worst=entry.worst or before.worst, found=max(entry.found, before.found),
    )


def _counts(entry: Entry) -> dict[str, int]:
    if entry.course is None:
        return {"others": 1}
    return {"calls": 1, "answered": int(entry.seconds is not None), entry.course.name.lower(): 1}


def places_of(call: Call) -> list[Place]:
    """The frames of the messages of a call, each once, without those that were captured twice."""
    return list(dict.fromkeys(message.place for message in call.messages if not message.copy))
