"""An interface in, events while it runs and a report at its end: this joins source, scan and engine.

Scan and engine are the same as offline: if no bound was hit and nothing was dropped, the report of a session equals
that of `analyze` on the kept file.
"""
from __future__ import annotations

import time
from collections.abc import Callable

from dissectors.analysis.calls.table import MAX_FINISHED_CALLS
from dissectors.engine.engine import Engine
from dissectors.engine.trackers import Capacity
from dissectors.findings.rule import Dropping, counted
from dissectors.live.clock import FramesClock
from dissectors.live.events import EndEvent, Events, Look
from dissectors.live.pace import MIN_LOOK_SECONDS, next_look
from dissectors.live.recent import Recent
from dissectors.live.recorder import Recorder
from dissectors.mux.scan import Batch, Bounds
from dissectors.mux.table import PROTOCOLS
from dissectors.offline import expect_keys, scanner_class
from dissectors.queries.expressions import Expression
from dissectors.queries.selection import select
from dissectors.report import CaptureFile, Report
from dissectors.sources.interface.source import Drops, Source
from dissectors.sources.keeper import Keeper
from dissectors.sources.keys import Following
from dissectors.sources.pcapng_blocks import prefix
from dissectors.sources.pipe import Pipe
from dissectors.sources.readable import CHUNK_OCTETS
from dissectors.wire.captures.records import Walker
from dissectors.wire.inflate import LIMITS, Limits
from dissectors.wire.link.link_names import LINK_NAMES
from dissectors.wire.values import Struct

MAX_CALLS = 2048
"""Calls in memory at once; flows and streams may be twice as many. A call takes some 20 KiB."""

MAX_WAITING_DATAGRAMS = 8192
"""Datagrams that may wait for evidence."""

MAX_CHUNK_RECORDS = CHUNK_OCTETS // 16
"""The most records in one read of a pipe: the shortest record is a header without a frame."""

MANY_UNREAD_OCTETS = 16 << 20
"""Unread octets at the end of a session from which a message says so."""

QUIET_SECONDS = 5.0
"""Seconds without any datagram after which a message says so."""


class Stop(Struct, frozen=True):
    """When a session ends by itself: after so many seconds, frames, kept octets or kept files; 0 means never."""

    seconds: float = 0.0
    frames: int = 0
    octets: int = 0
    files: int = 0


class Session:
    """One live session. `run` blocks until a stop condition, the end of the source, or `stop`.

    `calls` bounds the memory: so many calls, twice as many flows and streams.

    `keys` open TLS; what a key log has gained is read before frames are.

    `taken` is called with each batch before it is analysed.

    `watch` is called with every look; an exception of it ends the session. `keep` says of what looks, events and the
    report at the end are; everything is read, kept and recorded whatever it says.
    """

    def __init__(
        self, source: Source, *, keeper: Keeper | None = None, stop: Stop | None = None, limits: Limits = LIMITS,
        forced: dict[int, str] | None = None, watch: Callable[[Look], None] | None = None, every: float = 10.0,
        calls: int = MAX_CALLS, keys: Following | None = None, keep: Expression | None = None,
        secrets: bool = False, recorder: Recorder | None = None, taken: Callable[[Batch], object] | None = None,
    ) -> None:
        self.source, self.keeper, self.keys, self.recorder = source, keeper, keys, recorder
        # What is open at once is bounded more closely than offline: a session may run for weeks.
        self.scanner = scanner_class()(Bounds(2 * calls, 2 * calls, MAX_WAITING_DATAGRAMS), forced)
        self.scanner.connections.secrets = None if keys is None else keys.secrets
        capacity = Capacity(calls=calls, checks=calls, sources=2 * calls, handshakes=calls, endpoints=calls)
        self.engine = Engine(limits, MAX_FINISHED_CALLS, capacity, secrets)
        self.engine.open_with(self.scanner.connections.secrets)
        if isinstance(source, Pipe):
            source.recognised = self._expect
        self.received = 0
        self.reason = ""
        self._limit = stop or Stop()
        self._wanted, self._taken = keep, taken
        self.watch = watch
        self._events = Events(every)
        self._recent = Recent(self.engine, self.scanner)
        self._links: dict[int, int] = {}
        self._begun = time.monotonic()
        self._clock = FramesClock()
        self._warned = self._ending = False
        self._problem = ""
        self._looked = self._begun
        self._before = (0, 0)
        self._deadline = self._begun + (self._limit.seconds or float("inf"))
        self._kinds = [0] * len(self.scanner.counts)

    def stop(self, reason: str) -> None:
        """End in order: received frames are still read. Safe to call from a signal handler."""
        self.reason = self.reason or reason

    def run(self) -> None:
        """Read until the end, then close the kept file; raises what `watch` raises."""
        due = self._begun + MIN_LOOK_SECONDS
        try:
            while not self.source.ended:
                if not self._step(max(0.0, min(due, self._deadline) - time.monotonic())):
                    break
                if (now := time.monotonic()) >= due:
                    spent = time.thread_time()
                    self._look()
                    due = next_look(now, time.monotonic(), time.thread_time() - spent)
            if self.keys is not None:
                self.keys.poll()
            self.engine.feed(self.scanner.finish(self.engine.announced()))
            self.engine.retire_finished(self.scanner, at_the_end=True)
        finally:
            self._close()
        self._note()
        self._look(last=True)
        for name, count in self._events.bounds.hits.items():
            self.engine.problem("bound-hit", f"{name}: {count:,} given up")

    def end(self) -> EndEvent:
        """The last event."""
        drops = self.source.drops()
        missed = self.keeper.missed if self.keeper else 0
        return EndEvent(
            "end", time.time(), self.received, self.scanner.datagrams, drops.kernel, drops.us + missed,
            round(time.monotonic() - self._begun, 3), self.reason or self.source.failed or "the source ended",
        )

    def report(self) -> Report:
        """The report of the whole session, once it has run; a second call gives the same."""
        return self._selected(self._whole())

    def _whole(self) -> Report:
        self._know_holes(self.source.drops())
        return self.engine.report(self.scanner, (self._file(self._dropped()),))

    @property
    def failures(self) -> tuple[str, ...]:
        """The failures of the session, for people; empty without any."""
        keeper = self.keeper
        broken = keeper is not None and keeper.trouble and not keeper.unread
        return (*filter(None, (self.source.failed,)), *((self.kept,) if broken else ()))

    @property
    def kept(self) -> str:
        """A sentence on the kept frames; empty if none were to be kept."""
        keeper = self.keeper
        if keeper is None:
            return ""
        frames = counted(keeper.frames - keeper.missed, "frame")
        if keeper.unread:
            return f"{keeper.frames - keeper.missed:,} of {counted(keeper.frames, 'frame')} went there"
        if not keeper.missed:
            return f"{frames} kept in {keeper.title if len(keeper.names) == 1 else ', '.join(keeper.names)}"
        why = keeper.trouble or f"{keeper.title}: the disk was too slow"
        if keeper.trouble and not keeper.problem:
            why += f", for {keeper.hole_seconds:.1f} s"
        return f"{why}: {frames} kept, {keeper.missed:,} not"

    def _step(self, timeout: float) -> bool:
        """Wait for frames and take them; False when the session has ended."""
        if self.reason:
            self.source.stop()
        self.source.wait(timeout)
        if self.keys is not None:
            self.keys.poll()
        came = self._pass() if self._by_octets() else self._take()
        self.received += came
        if came:
            self._clock.hear(self.scanner.recent_times[-came:])
        if self._limit.frames and self.received >= self._limit.frames:
            self.reason = self.reason or counted(self._limit.frames, "frame")
            return False
        self._bounds()
        return True

    def _by_octets(self) -> bool:
        """Whether the next octets can be read without records."""
        source = self.source
        if self.scanner.build != "compiled" or source.walker is None:
            return False
        # Blocks of ours can be kept as they are, and cut where it has to be; of what others write we take records.
        if source.head or self.keeper is not None or self.recorder is not None:
            return bool(source.head)
        return not 0 < self._limit.frames <= self.received + MAX_CHUNK_RECORDS

    def _expect(self, walker: Walker) -> None:
        """Take the keys that stand in what comes through a pipe."""
        expect_keys(walker, self.source.names[0], self.scanner.connections, self.engine)

    def _pass(self) -> int:
        """Take the next octets: keep them unchanged, and read them like a file."""
        walker, keeper, limit = self.source.walker, self.keeper, self._limit.frames
        assert walker is not None
        octets, packets = self.source.octets()
        before = walker.notes.packets
        if limit and self.received + packets > limit:
            packets = limit - self.received
            octets = prefix(octets, packets)
        if keeper is not None:
            keeper.write_octets(octets, packets)
        if self.recorder is not None:
            self.recorder.frames.write_octets(octets, packets)
        for batch in self.scanner.read(0, walker, octets):
            self._feed(batch)
        return walker.notes.packets - before

    def _take(self) -> int:
        """Take the next records, up to the stop condition."""
        records = self.source.read()
        if self._limit.frames:
            records = records[: self._limit.frames - self.received]
        if not records:
            return 0
        if self.keeper is not None:
            self.keeper.write(records)
        if self.recorder is not None:
            self.recorder.frames.write(records)
        for link in {record.link for record in records}:
            self._links.setdefault(link, len(self._links))
        for batch in self.scanner.scan([(0, record) for record in records]):
            self._feed(batch)
        return len(records)

    def _feed(self, batch: Batch) -> None:
        if self._taken is not None:
            self._taken(batch)
        self.engine.feed(batch)

    def _bounds(self) -> None:
        limit, keeper = self._limit, self.keeper
        if time.monotonic() >= self._deadline:
            self._deadline = float("inf")
            self.stop(f"{limit.seconds:g} second" + "s" * (limit.seconds != 1))
        if keeper is not None and limit.octets and keeper.octets >= limit.octets:
            self.stop(f"{counted(limit.octets, 'byte')} kept")
        if keeper is not None and limit.files and keeper.made > limit.files:
            self.stop(f"{counted(limit.files, 'file')} kept")
        self.engine.retire_finished(self.scanner)

    def _look(self, last: bool = False) -> None:
        if self.watch is None:
            return
        moment = time.monotonic()
        span, self._looked = max(moment - self._looked, 1e-3), moment
        drops = self.source.drops()
        missed = drops.us + (self.keeper.missed if self.keeper else 0)
        now = self._clock.now()
        self._know_holes(drops)
        recent = self._recent.report(now, self._file(drops.kernel + drops.us))
        report = self._selected(recent)
        events = self._events.since(report, now / 1e9, (drops.kernel, missed), last)
        if self.recorder is not None:
            events += self.recorder.finish(self._whole(), now / 1e9) if last else self.recorder.look(recent, now / 1e9)
        datagrams, octets = self.scanner.datagrams, sum(self.scanner.octets)
        before, self._before = self._before, (datagrams, octets)
        self.watch(Look(
            report, tuple(events), tuple(self._news()), moment - self._begun, self.received, datagrams,
            (datagrams - before[0]) / span, (octets - before[1]) / span, drops.kernel, missed, resident(),
            self.keeper.kept if self.keeper else 0, self.source.behind, self._protocols(span), self._events,
        ))

    def _know_holes(self, drops: Drops) -> None:
        """Say when frames were dropped, where that is known of all of them."""
        if drops.holes and sum(hole.dropped for hole in drops.holes) == drops.kernel + drops.us:
            self.engine.dropped(tuple(
                Dropping(hole.since / 1e9, hole.until / 1e9, hole.dropped, hole.came) for hole in drops.holes
            ))

    def _selected(self, report: Report) -> Report:
        return select(report, self._wanted) if self._wanted else report

    def _protocols(self, span: float) -> dict[str, float]:
        counts = list(self.scanner.counts)
        rates = {PROTOCOLS[i]: (count - self._kinds[i]) / span for i, count in enumerate(counts) if count}
        self._kinds = counts
        return rates

    def _news(self) -> list[str]:
        news = self.source.news()
        if self.recorder is not None:
            news += self.recorder.news()
        problem = self.keeper.problem if self.keeper is not None else ""
        if problem and not self._problem:
            news.append(f"{problem}; nothing is kept until that ends, the session goes on")
        elif self._problem and not problem:
            news.append("frames are kept again")
        self._problem = problem
        if self.reason and not self._ending and self.source.behind > MANY_UNREAD_OCTETS:
            self._ending = True
            news.append(f"{self.source.behind >> 20} MiB that came in are still to be read; Ctrl-C again ends at once")
        heard = self.scanner.datagrams or self.scanner.messages
        if not heard and not self._warned and time.monotonic() - self._begun >= QUIET_SECONDS:
            self._warned = True
            what = f"no UDP but {counted(self.received, 'other frame')}" if self.received else "nothing"
            news.append(f"{what} has come in on {', '.join(self.source.names)} for {QUIET_SECONDS:g} s")
        return news

    def _note(self) -> None:
        """Add the counts that a file does not hold to the report."""
        if dropped := self._dropped():
            seconds = sum(hole.until - hole.since for hole in self.source.drops().holes) / 1e9
            when = f", in {seconds:.1f} s" if seconds else ""
            self.engine.problem("capture-drops", f"the capture itself reports frames dropped: {dropped:,}{when}")
        if self.keeper is not None and self.keeper.missed:
            self.engine.problem("kept-in-part", self.kept)

    def _dropped(self) -> int:
        """Frames that came and were not looked at: neither the kernel nor the backlog had room for them."""
        drops = self.source.drops()
        return drops.kernel + drops.us

    def _close(self) -> None:
        if self.keeper is not None:
            drops = self.source.drops()
            self.keeper.close(self.received, drops.kernel + drops.us + self.keeper.missed)

    def _file(self, dropped: int) -> CaptureFile:
        """The session as a capture file: the one that was kept, or the interface."""
        keeper, walker = self.keeper, self.source.walker
        links = self._links if walker is None else {**walker.notes.links, **self._links}
        # A file that does not hold all of it is not what the report is of.
        whole = None if keeper is None or keeper.missed else keeper
        return CaptureFile(
            name=whole.names[-1] if whole and whole.made == 1 else ", ".join(self.source.names),
            format="pcapng, little-endian" if whole else f"live, {self.source.backend}",
            link_types=tuple(LINK_NAMES.get(link, str(link)) for link in links),
            frames=self.received,
            cut=False,
            comments=(),
            dropped=dropped or None,
        )


def resident() -> int:
    """Resident octets of this process; 0 if the system does not report them."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * 4096
    except OSError:
        return 0
