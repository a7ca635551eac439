"""Captures or frames in, a report or a list of datagrams out: this joins sources, scan and engine."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, cast

from dissectors.analysis.calls.table import MAX_FINISHED_CALLS
from dissectors.engine import members
from dissectors.engine.engine import Engine
from dissectors.mux import scan
from dissectors.mux.entry import Entry
from dissectors.mux.scan import Batch, Row, Scanner
from dissectors.report import CaptureFile, Place, Report
from dissectors.sources.capture import STANDARD_INPUT, Capture, Source, allow, merge, name_of, open_capture
from dissectors.wire.captures.pcapng import PcapngWalker
from dissectors.wire.captures.records import Notes, Record
from dissectors.wire.inflate import LIMITS, Limits
from dissectors.wire.link.link_names import LINK_NAMES
from dissectors.wire.values import NamedTuple

if TYPE_CHECKING:
    from typing import Protocol, TypeVar

    from dissectors.crypto.secrets import Secrets
    from dissectors.mux.connections import Connections
    from dissectors.mux.teller import FrameRows, Teller
    from dissectors.protocols.sip_usual import Usual
    from dissectors.wire.captures.records import Walker

    Made = TypeVar("Made", covariant=True)

    class _Reads(Protocol[Made]):
        """A scan, or what tells of it."""

        def read(
            self, file: int, walker: Walker, chunk: bytes | memoryview, leave: bool = False
        ) -> Generator[Made, None, int]:
            """What is made of the next octets of a capture, and how many of them it leaves for the next call."""

        def scan(self, records: Iterable[tuple[int, Record]]) -> Iterator[Made]:
            """What is made of records."""

Progress = Callable[[int], None]
"""Called at intervals with the number of frames read so far."""

PROGRESS_FRAMES = 20_000


def scanner_class() -> type[Scanner]:
    """The compiled scan if it was built, else the interpreted one; `MUXSHARK_PURE=1` selects the interpreted one."""
    if os.environ.get("MUXSHARK_PURE", "") not in ("", "0"):
        return scan.Scanner
    try:
        from dissectors.mux.compiled.scan import Scanner as compiled
    except ModuleNotFoundError:
        return scan.Scanner
    # No subclass, and its flows and streams are none either: they have the same members, which tests compare.
    return cast(type[Scanner], compiled)


def is_compiled() -> bool:
    """Whether that is the compiled one, so that what is compiled beside it is there, too."""
    return scanner_class() is not scan.Scanner


def teller_class() -> type[Teller]:
    """The teller that belongs to `scanner_class`."""
    if not is_compiled():
        from dissectors.mux.teller import Teller

        return Teller
    from dissectors.mux.compiled.scan import Teller as compiled

    return cast("type[Teller]", compiled)


def analyze(
    sources: Sequence[Source],
    *,
    limits: Limits = LIMITS,
    forced: dict[int, str] | None = None,
    progress: Progress | None = None,
    everything: bool = False,
    keys: Secrets | None = None,
    secrets: bool = False,
    verify: bool = True,
    encryption: bool = False,
    judged: bool = True,
) -> Report:
    """The report on one or more captures, as one timeline: paths, "-" for standard input, open binary files.

    The report lists the last `MAX_FINISHED_CALLS` of the calls that ended well, and counts the others and their
    streams; `everything` lists as many as the memory bound allows. `limits` bound the inflating of bodies, `forced`
    maps UDP ports to the names of their protocols, `keys` open TLS, as those do that a capture holds; `secrets` keeps
    passwords and keys in texts, which are masked otherwise. `keys` learn those of SRTP that SDP and DTLS give; with any
    the captures are read again to `verify` what they open; with `encryption` they are, to judge whether payloads are
    encrypted. Unless it is to be `judged`, its only findings are those about damage of the captures. Raises
    CaptureError when one of the captures cannot be read at all; a cut or corrupt capture gives its whole part, and a
    finding.
    """
    allow(len(sources))
    scanner, engine = scanner_class()(forced=forced), _engine(limits, everything, secrets)
    with ExitStack() as stack:
        again = encryption or keys is not None and verify
        kept = [_ReadTwice(stack, source) for source in sources] if again else []
        captures = [stack.enter_context(source.open()) for source in kept] if kept else [
            stack.enter_context(open_capture(source)) for source in sources
        ]
        _give(keys, scanner, captures, engine)
        _feed(engine, scanner, _batches(scanner, captures, progress))
        report = _ended(engine, scanner, captures, judged)
        if keys is not None and scanner.connections.secrets is not None:
            keys.learn(scanner.connections.secrets)
        if keys is not None and verify:
            report = _decrypted(report, keys, kept)
        return _judged(report, kept) if encryption else report


def growing_reports(
    sources: Sequence[Source],
    *,
    due: Callable[[], bool],
    taken: Callable[[Batch], object] | None = None,
    limits: Limits = LIMITS,
    forced: dict[int, str] | None = None,
    keys: Secrets | None = None,
    secrets: bool = False,
) -> Iterator[tuple[Report, bool]]:
    """The report on what was read so far, each time that `due` says so, and at the end the whole one; says which it is.

    The whole one is that of `analyze` with `everything`. `taken` is called with each batch before it is analysed.
    Raises CaptureError as `analyze` does.
    """
    allow(len(sources))
    scanner, engine = scanner_class()(forced=forced), _engine(limits, True, secrets)
    with ExitStack() as stack:
        captures = [stack.enter_context(open_capture(source)) for source in sources]
        _give(keys, scanner, captures, engine)
        for batch in _gathered(_batches(scanner, captures, None), due):
            if taken is not None:
                taken(batch)
            engine.feed(batch)
            if due():
                yield engine.report(scanner, tuple(_file(capture) for capture in captures)), False
        last = scanner.finish(engine.announced())
        if taken is not None:
            taken(last)
        engine.feed(last)
        engine.retire_finished(scanner, at_the_end=True)
        yield _ended(engine, scanner, captures), True


class Media(NamedTuple):
    """What is said of each stream; how many segments of TCP there were."""

    streams: list[members.Media]
    segments: int


def media(source: Source, taken: Callable[[Batch], object]) -> Media:
    """What the report with `everything` says of media, and no more; `taken` is called with each batch of a capture.

    Raises CaptureError as `analyze` does.
    """
    scanner, engine = scanner_class()(), _engine(LIMITS, True, False)
    with open_capture(source) as capture:
        _give(None, scanner, [capture], engine)
        _feed(engine, scanner, _batches(scanner, [capture], None), taken)
        return Media([*engine.media(scanner)], scanner.frames.segments.count)


def _ended(engine: Engine, scanner: Scanner, captures: Sequence[Capture], judged: bool = True) -> Report:
    """The report on captures that were read to their end."""
    for number, capture in enumerate(captures):
        _problems(engine, number, capture)
    if scanner.connections.lacking:
        engine.problem("keys-unused", scanner.connections.lacking)
    return engine.report(scanner, tuple(_file(capture) for capture in captures), last=True, judged=judged)


def _decrypted(report: Report, keys: Secrets, sources: Sequence[_ReadTwice]) -> Report:
    """The report with what keys of SRTP open, where there are any."""
    if not (keys.media_keys or keys.announced or keys.exported):
        return report
    from dissectors.queries.decrypted import decrypted

    with _again(sources) as records:
        return decrypted(report, keys, records)


def _judged(report: Report, sources: Sequence[_ReadTwice]) -> Report:
    """The report with a verdict on the payloads of each stream."""
    from dissectors.queries.randomness import judged

    with _again(sources) as records:
        return judged(report, records)


@contextmanager
def _again(sources: Sequence[_ReadTwice]) -> Iterator[Iterator[tuple[int, Record]]]:
    """The records of captures, read once more as one timeline."""
    with ExitStack() as stack:
        yield merge([stack.enter_context(source.open()) for source in sources])


def read_keys(names: Sequence[str]) -> Secrets | None:
    """The keys in files of any kind; raises ValueError where there are none, or nothing that can use them."""
    if not names:
        return None
    from dissectors.crypto.primitives import NoCryptography
    from dissectors.sources.keys import NoKeys, read

    try:
        return read(names)
    except (NoKeys, NoCryptography) as error:
        raise ValueError(str(error)) from None


def analyze_records(
    records: Iterable[Record],
    name: str,
    *,
    limits: Limits = LIMITS,
    forced: dict[int, str] | None = None,
    everything: bool = False,
    keys: Secrets | None = None,
    secrets: bool = False,
) -> Report:
    """The report on frames from memory, as `analyze` makes it; `name` stands for the file name."""
    notes = Notes(format="frames in memory")
    scanner, engine = scanner_class()(forced=forced), _engine(limits, everything, secrets)
    _give(keys, scanner, (), engine)
    _feed(engine, scanner, scanner.scan(_noted(records, notes)))
    return engine.report(scanner, (_described(name, notes),), last=True)


def rows(
    sources: Sequence[Source],
    *,
    forced: dict[int, str] | None = None,
    progress: Progress | None = None,
    damaged: Callable[[str], object] | None = None,
    keys: Secrets | None = None,
) -> Iterator[Row]:
    """Every UDP datagram in the order of the capture, with its final verdict.

    A verdict may need later datagrams, so the captures are read twice: once for the verdicts, once for the result. A
    temporary file keeps the verdicts, and also a capture that cannot be read twice. Calls `damaged` with one sentence
    for each capture that is cut or corrupt. Raises CaptureError as `analyze` does.
    """
    from tempfile import TemporaryFile

    from dissectors.mux.verdicts import Verdicts

    allow(len(sources))
    with ExitStack() as stack:
        kept = [_ReadTwice(stack, source) for source in sources]
        verdicts = Verdicts(stack.enter_context(TemporaryFile()))
        scanner = scanner_class()(forced=forced, verdicts=verdicts)
        with ExitStack() as first:
            captures = [first.enter_context(source.open()) for source in kept]
            _give(keys, scanner, captures)
            for _ in _batches(scanner, captures, progress):
                pass
            scanner.finish()
            for capture in captures:
                for _, text in _damage(capture):
                    if damaged is not None:
                        damaged(f"{capture.path}: {text}")
        captures = [stack.enter_context(source.open()) for source in kept]
        teller = teller_class()(verdicts.read())
        _give(keys, teller, captures)
        for told in _batches(teller, captures, None):
            yield from told
        yield from teller.finish()


def rows_of_frame(
    source: Source,
    frame: int,
    *,
    forced: dict[int, str] | None = None,
    progress: Progress | None = None,
    keys: Secrets | None = None,
) -> FrameRows:
    """What `rows` says of the datagrams in one frame of a capture, which is read once and at the speed of the scan.

    Raises CaptureError as `analyze` does.
    """
    from dissectors.mux.teller import FrameRows, beside, row_of

    scanner = scanner_class()(forced=forced, frame=frame)
    entries: list[Entry] = []
    begin = None
    with open_capture(source) as capture:
        _give(keys, scanner, [capture])
        for batch in _to_the_end(scanner, capture, progress):
            entries += [entry for entry in batch.entries if entry.frame == frame and entry.number >= 0]
            if begin is None and scanner.flows.made:
                begin = next((flow.first for flow in scanner.flows if flow.number == 0), None)
        frames = capture.notes.packets
    entries.sort(key=attrgetter("number"))
    # Those that are quiet are copied each time.
    flows = list(scanner.flows)
    rows = [(row_of(entry), beside(flows, entry.flow)) for entry in entries]
    return FrameRows(rows, begin, frames)


def _to_the_end(scanner: Scanner, capture: Capture, progress: Progress | None) -> Iterator[Batch]:
    """The batches of one capture, and what its scan gives up at the end."""
    yield from _batches(scanner, [capture], progress)
    yield scanner.finish()


class _ReadTwice:
    """A capture that can be opened twice; one that cannot is copied to a temporary file first."""

    def __init__(self, stack: ExitStack, source: Source) -> None:
        from dissectors.sources.rereadable import temporary_copy

        self._name = source if isinstance(source, str) else name_of(source)
        if source == STANDARD_INPUT:
            source = temporary_copy(stack, sys.stdin.buffer)
        elif not isinstance(source, str) and not source.seekable():
            source = temporary_copy(stack, source)
        self._source = source
        self._begin = 0 if isinstance(source, str) else source.tell()

    def open(self) -> Capture:
        """The capture from its beginning, by its own name."""
        if not isinstance(self._source, str):
            self._source.seek(self._begin)
        return open_capture(self._source, self._name)


def _give(
    keys: Secrets | None, scanner: Scanner | Teller, captures: Iterable[Capture], engine: Engine | None = None
) -> None:
    """Give a scan and its engine the keys that there are, and those that captures hold once they come."""
    connections = scanner.connections
    # What a capture adds is unknown again when it is read once more: messages come in the same order.
    connections.secrets = None if keys is None else keys.copy()
    for capture in captures:
        expect_keys(capture.walker, capture.path, connections, engine)
    if engine is not None:
        engine.open_with(connections.secrets)


def expect_keys(walker: Walker, name: str, connections: Connections, engine: Engine | None) -> None:
    """Give connections, and an engine, the keys that the capture of this name holds, once they come."""

    def learn(octets: bytes) -> None:
        connections.learn(octets, name)
        if engine is not None:
            engine.open_with(connections.secrets)

    walker.notes.secrets = learn
    connections.expects_keys |= isinstance(walker, PcapngWalker)


def _engine(limits: Limits, everything: bool, secrets: bool) -> Engine:
    most = None if everything else MAX_FINISHED_CALLS
    return Engine(limits, most, secrets=secrets, glance=None if everything else _glance())


def _glance() -> Callable[[bytes], Usual | None] | None:
    """What looks at SIP instead of parsing it, if it was built."""
    if not is_compiled():
        return None
    try:
        from dissectors.protocols.sip_usual import glance
    except ModuleNotFoundError:
        return None
    return glance


def _feed(
    engine: Engine, scanner: Scanner, batches: Iterable[Batch], taken: Callable[[Batch], object] | None = None
) -> None:
    """Take the batches of a scan, retire finished calls in between, then take what waited until all SDP was known.

    `taken` is called with each batch before it is analysed.
    """
    for batch in _gathered(batches):
        if taken is not None:
            taken(batch)
        engine.feed(batch)
        engine.retire_finished(scanner)
    last = scanner.finish(engine.announced())
    if taken is not None:
        taken(last)
    engine.feed(last)
    engine.retire_finished(scanner, at_the_end=True)


def batches(scanner: Scanner, capture: Capture) -> Iterator[Batch]:
    """The batches of a scan of one capture."""
    return _batches(scanner, [capture], None)


def _batches(scanner: _Reads[Made], captures: Sequence[Capture], progress: Progress | None) -> Iterator[Made]:
    """The batches of a scan: of one capture by its octets, of several as one timeline of records."""
    if len(captures) == 1:
        (capture,) = captures
        for batch in capture.lent_through(partial(scanner.read, 0, capture.walker, leave=True)):
            if progress is not None:
                progress(capture.notes.packets)
            yield batch
    else:
        yield from scanner.scan(_watched(merge(captures), progress))


def _noted(records: Iterable[Record], notes: Notes) -> Iterator[tuple[int, Record]]:
    """The records as those of one file, counted in `notes`."""
    for record in records:
        notes.passed({record.link: 1})
        yield 0, record


def _gathered(batches: Iterable[Batch], due: Callable[[], bool] | None = None) -> Iterator[Batch]:
    """The same entries in larger batches: in turns, scan and engine would push each other out of the CPU caches.

    One that is `due` is as large as it is.
    """
    held = Batch()
    for batch in batches:
        held.entries += batch.entries
        if batch.full or due is not None and due():
            yield held
            held = Batch()
    yield held


def _watched(records: Iterator[tuple[int, Record]], progress: Progress | None) -> Iterator[tuple[int, Record]]:
    if progress is None:
        return records
    return _counted(records, progress)


def _counted(records: Iterator[tuple[int, Record]], progress: Progress) -> Iterator[tuple[int, Record]]:
    for count, record in enumerate(records, 1):
        if count % PROGRESS_FRAMES == 0:
            progress(count)
        yield record


def _problems(engine: Engine, number: int, capture: Capture) -> None:
    notes = capture.notes
    last = Place(number, notes.packets)
    for id, what in _damage(capture):
        engine.problem(id, what, last)
    if notes.drops:
        engine.problem("capture-drops", f"the capture itself reports frames dropped: {notes.drops:,}", None)


def _damage(capture: Capture) -> Iterator[tuple[str, str]]:
    """The damage of a capture that has been read: a finding's id, and a sentence."""
    if capture.notes.damage:
        yield ("capture-cut" if capture.notes.corrupt is None else "capture-corrupt"), capture.notes.damage


def _file(capture: Capture) -> CaptureFile:
    return _described(capture.path, capture.notes, ", gzip" if capture.compressed else "")


def _described(name: str, notes: Notes, packed: str = "") -> CaptureFile:
    return CaptureFile(
        name=name,
        format=notes.format + packed,
        link_types=tuple(LINK_NAMES.get(link, str(link)) for link in notes.links),
        frames=notes.packets,
        cut=notes.cut is not None or notes.corrupt is not None,
        comments=tuple(text for _, text in notes.comments),
        dropped=notes.drops or None,
    )
