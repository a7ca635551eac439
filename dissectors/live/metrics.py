"""What a session counts for a monitoring system, in the text format of Prometheus (version 0.0.4).

No label comes from a sender: those that there are name a protocol of ours, an outcome, a status or a finding.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from dissectors.live.events import CallEvent, FindingEvent, Look, SummaryEvent
from dissectors.live.states import Course, state_of
from dissectors.wire.values import Struct, field

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
LOSS_BUCKETS = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
JITTER_BUCKETS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2)
MOS_BUCKETS = (1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.3)


class Histogram(Struct):
    """Values by the smallest bucket that holds them, their number and their sum."""

    bounds: tuple[float, ...]
    counts: list[int] = field(default_factory=list)
    sum: float = 0.0

    def add(self, value: float) -> None:
        """Count a value."""
        self.counts = self.counts or [0] * (len(self.bounds) + 1)
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def lines(self, name: str) -> Iterator[str]:
        """The lines of this histogram, buckets cumulative as Prometheus wants them."""
        total = 0
        for bound, count in zip((*self.bounds, None), self.counts or [0] * (len(self.bounds) + 1), strict=True):
            total += count
            yield f'{name}_bucket{{le="{"+Inf" if bound is None else f"{bound:g}"}"}} {total}'
        yield f"{name}_sum {self.sum:.9g}"
        yield f"{name}_count {total}"


class Metrics:
    """Adds up the looks at a session; `text` gives the whole page at any time, from any thread."""

    def __init__(self) -> None:
        self._look: Look | None = None
        self._calls: Counter[str] = Counter()
        self._statuses: Counter[int] = Counter()
        self._findings: Counter[tuple[str, str]] = Counter()
        self._loss = Histogram(LOSS_BUCKETS)
        self._jitter = Histogram(JITTER_BUCKETS)
        self._mos = Histogram(MOS_BUCKETS)
        self._page = self._written()

    def add(self, look: Look) -> None:
        """Take what is new."""
        self._look = look
        for event in look.events:
            if isinstance(event, CallEvent):
                self._calls[event.state] += 1
            elif isinstance(event, FindingEvent):
                self._findings[event.id, event.severity] += 1
            elif isinstance(event, SummaryEvent):
                self._sum_up(event)
        self._page = self._written()

    def text(self) -> str:
        """The page as of the last look."""
        return self._page

    def _sum_up(self, event: SummaryEvent) -> None:
        if event.status is not None and 100 <= event.status < 700:
            self._statuses[event.status] += 1
        if event.packets:
            self._loss.add(event.lost_fraction)
        if event.jitter_ms is not None:
            self._jitter.add(event.jitter_ms / 1000)
        if event.mos is not None:
            self._mos.add(event.mos)

    def _written(self) -> str:
        return "".join(f"{line}\n" for family in self._families() for line in family)

    def _families(self) -> Iterator[Iterable[str]]:
        look, calls = self._look, self._calls
        going = [call for call in look.report.calls if call.kind == "call"] if look else []
        yield _gauge("calls_active", "Calls that are set up or talked in now.",
                     [("", sum(state_of(call).course is Course.GOING for call in going))])
        yield _counter("calls_total", "Calls by the states that they came to.",
                       [(f'state="{state}"', calls[state]) for state in sorted(calls)])
        tried, answered = calls["calling"], calls["answered"]
        yield _gauge("answer_seizure_ratio", "Answered calls among all that began (ASR).",
                     [("", round(answered / tried, 6) if tried else 0)])
        yield _counter("responses_total", "Final status of calls that are over.",
                       [(f'code="{status}"', self._statuses[status]) for status in sorted(self._statuses)])
        yield _histogram("call_loss_ratio", "Packets lost of all of a call's media.", self._loss)
        yield _histogram("call_jitter_seconds", "The worst jitter of a call's streams.", self._jitter)
        yield _histogram("call_mos", "The worst estimated MOS of a call's streams.", self._mos)
        yield _counter("findings_total", "Findings by id and severity.", [
            (f'id="{id}",severity="{severity}"', count) for (id, severity), count in sorted(self._findings.items())
        ])
        if look is None:
            return
        yield _counter("frames_received_total", "Frames received.", [("", look.received)])
        yield _counter("datagrams_total", "UDP datagrams in them.", [("", look.datagrams)])
        yield _counter("frames_dropped_total", "Frames dropped, by whom.",
                       [('by="kernel"', look.dropped_kernel), ('by="muxshark"', look.dropped_us)])
        yield _gauge("streams_active", "RTP streams seen lately.", [("", len(look.report.streams))])
        yield _gauge("datagrams_per_second", "Datagrams per second since the last look, by protocol.",
                     [(f'protocol="{name}"', round(rate, 3)) for name, rate in sorted(look.protocols.items())])
        yield _gauge("backlog_bytes", "Received and not yet analysed.", [("", look.behind)])
        yield _gauge("resident_memory_bytes", "Resident memory.", [("", look.memory)])
        yield _counter("kept_bytes_total", "Written to the kept capture.", [("", look.kept)])
        yield _counter("session_seconds_total", "How long the session has run.", [("", round(look.seconds, 3))])


def _gauge(name: str, text: str, values: Sequence[tuple[str, float]]) -> Iterator[str]:
    return _family(name, text, "gauge", values)


def _counter(name: str, text: str, values: Sequence[tuple[str, float]]) -> Iterator[str]:
    return _family(name, text, "counter", values)


def _family(name: str, text: str, kind: str, values: Sequence[tuple[str, float]]) -> Iterator[str]:
    yield from _head(name, text, kind)
    for labels, value in values:
        yield f"muxshark_{name}{f'{{{labels}}}' if labels else ''} {value}"


def _histogram(name: str, text: str, values: Histogram) -> Iterator[str]:
    yield from _head(name, text, "histogram")
    yield from values.lines(f"muxshark_{name}")


def _head(name: str, text: str, kind: str) -> Iterator[str]:
    yield f"# HELP muxshark_{name} {text}"
    yield f"# TYPE muxshark_{name} {kind}"
