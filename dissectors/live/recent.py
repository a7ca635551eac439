"""The recent part of a session as a report: open calls and streams, and those that have just ended, within bounds.

The cost of a whole report grows with the session. A screen and its events need only the calls that changed, the active
streams and the active endpoints, twice a second for hours.
"""
from __future__ import annotations

from collections.abc import Container, Iterable
from heapq import nlargest
from itertools import islice
from operator import attrgetter

from dissectors.analysis.calls.call import CallState
from dissectors.analysis.connectivity.asked import Asked
from dissectors.engine.engine import Engine
from dissectors.engine.members import Chosen
from dissectors.engine.retirement import CLOCK_MARGIN_NS
from dissectors.engine.view import ScanView
from dissectors.mux.counters import Counters
from dissectors.mux.flows import FlowState
from dissectors.mux.scan import Scanner
from dissectors.report import CaptureFile, Report
from dissectors.wire.values import replace

RECENT_NS = 10_000_000_000
"""Nanoseconds of silence after which a call or stream is no longer recent."""

MAX_STEP_NS = RECENT_NS // 2
"""Nanoseconds by the frames from one report to the next; after more, what was recent then is shown once more."""

MAX_OUT_OF_ORDER = 16
"""Calls may have earlier times than calls before them: the search for recent calls skips so many."""

MAX_CALLS, MAX_STREAMS, MAX_FLOWS, MAX_CHECKS = 1024, 2048, 256, 64
"""What a recent report holds at most: a call has two streams, one a way."""

OPEN = ("established", "ringing", "unanswered")


class Recent:
    """Makes recent reports of one engine and its scan; remembers open calls, however long they are silent.

    A call that is in one has its streams with it, those that are silent, too: on hold it lacks nothing.

    Where there are more streams than a report holds, those that began first are left out; so nothing is found about
    calls that are older than the streams that are in it: what they lack may be what was left out.
    """

    def __init__(self, engine: Engine, scanner: Scanner) -> None:
        self._engine = engine
        self._scanner = scanner
        self._open: dict[str, None] = {}
        self._of_calls: dict[tuple[int, tuple[int, int]], str] = {}
        self._since = 0
        self._looked: int | None = None

    def report(self, now: int, file: CaptureFile) -> Report:
        """The recent report at the time `now`, in nanoseconds; it leaves out nothing since the one before.

        What comes through a pipe may be hours of frames at once.
        """
        begin = now - RECENT_NS
        if self._looked is None or now - self._looked > MAX_STEP_NS:
            begin = min(begin, (self._looked or 0) - RECENT_NS)
        # Before the first frame, the clock is the system's, and a capture may be of another year.
        self._looked = now if self._scanner.last is not None else None
        recent = range(begin, now + CLOCK_MARGIN_NS)
        chosen = self._calls(recent)
        streams = self._streams(recent, {call.call_id for call in chosen})
        part = ScanView(self._scanner, self._flows(recent, streams), streams)
        part.last = None if part.last is None else min(part.last, now)
        report = self._engine.report(part, (file,), Chosen(chosen, self._checks()))
        self._of_calls = {
            (stream.ssrc, (stream.first_place.file, stream.first_place.frame)): report.calls[stream.call].call_id
            for stream in report.streams if stream.call is not None
        }
        if self._since:
            calls, since = report.calls, self._since / 1e9
            found = tuple(each for each in report.findings if each.call is None or calls[each.call].start >= since)
            report = replace(report, findings=found)
        return report

    def _calls(self, recent: Container[int]) -> list[CallState]:
        tracked = self._engine.trackers.calls
        calls = tracked.calls
        chosen: dict[str, CallState] = {}
        others = 0
        # A call moves to the end of the table with each of its messages.
        for name in reversed(calls):
            # Live, everything is read at once: nothing is to be opened.
            call = tracked.open(calls[name])
            if call.last in recent:
                chosen[name] = call
            others += call.last not in recent
            if others > MAX_OUT_OF_ORDER or len(chosen) >= MAX_CALLS:
                break
        for name in self._open:
            if name in calls:
                chosen.setdefault(name, tracked.open(calls[name]))
        is_open = (name for name, call in chosen.items() if call.kind == "call" and call.outcome in OPEN)
        self._open = dict.fromkeys(islice(is_open, MAX_CALLS))
        return sorted(chosen.values(), key=lambda call: call.start)

    def _checks(self) -> list[Asked]:
        return list(islice(reversed(self._engine.trackers.checks.asked.values()), MAX_CHECKS))

    def _streams(self, recent: Container[int], calls: Container[str]) -> list[Counters]:
        of_calls = self._of_calls
        active = [
            counters for counters in self._scanner.streams
            if counters.last in recent or of_calls.get((counters.ssrc, counters.first_frame)) in calls
        ]
        self._since = 0
        if len(active) > MAX_STREAMS:
            active = nlargest(MAX_STREAMS, active, key=attrgetter("first"))
            self._since = active[-1].first
        return active

    def _flows(self, recent: range, streams: Iterable[Counters]) -> list[FlowState]:
        wanted = {number for counters in streams for number in counters.flows}
        chosen, others = [], []
        table = self._scanner.flows
        for state in table.recognised():
            if state.number in wanted:
                chosen.append(state)
            elif state.last in recent:
                others.append(state)
        others += table.latest(recent, MAX_FLOWS)
        return chosen + nlargest(MAX_FLOWS, others, key=attrgetter("last"))
