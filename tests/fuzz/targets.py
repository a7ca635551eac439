"""What is fuzzed: for each target, how its input is made and what must hold of it.

A check raises where something does not hold; an exception out of the package is a failure, too.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from tests.fuzz import builds, house, mutants, sealed, streams, tunnels
from tests.fuzz.mutants import Corpus

CHUNKS = (1, 7, 100, 4096, 1 << 18)
MOST_CHUNKS = 20_000
FORCED = ({16402: "RTP"}, {16402: "SIP"}, {5060: "RTCP"})
INFLATED = 1100
"""Octets that one octet of gzip holds at most, with some to spare."""

CHILD_SECONDS = 60
ENCODINGS = ("utf-8", "ascii", "latin-1")


class Wrong(Exception):
    """Something does not hold."""


class Target(NamedTuple):
    """One thing to fuzz; `unable` says why that cannot be done here, or nothing."""

    make: Callable[[Random, Corpus], list[bytes]]
    check: Callable[[Random, Sequence[Path]], None]
    unable: Callable[[], str] = lambda: ""


class Ran(NamedTuple):
    """What came of a command."""

    words: list[str]
    status: int
    out: str
    err: str


def ensure(holds: object, otherwise: str) -> None:
    """Raise Wrong unless something holds."""
    if not holds:
        raise Wrong(otherwise)


def captures(count: int) -> Callable[[Random, Corpus], list[bytes]]:
    """A maker of so many damaged captures."""
    return lambda dice, corpus: [mutants.capture(dice, corpus) for _ in range(count)]


def chunk(dice: Random, octets: bytes) -> int:
    """How many octets to feed at once."""
    return max(dice.choice(CHUNKS), len(octets) // MOST_CHUNKS)


def message(dice: Random, corpus: Corpus) -> list[bytes]:
    """A damaged payload, and a damaged capture."""
    return [mutants.payload(dice, corpus), mutants.capture(dice, corpus)]


def uncompiled() -> str:
    return "" if house.compiled() else "no compiled scan was built here"


def scan(dice: Random, paths: Sequence[Path]) -> None:
    """The compiled scan takes octets in chunks, a file in one place, and records; a whole analysis stands on it."""
    from tests.twins import SMALL, compiled, scanned, state

    (path,) = paths
    octets, every = path.read_bytes(), dice.random() < 0.5
    options = {"bounds": dice.choice((None, SMALL)), "forced": dice.choice((None, None, *FORCED)), "every": every}
    try:
        scanned(compiled.Scanner, octets, chunk(dice, octets), **options)
        scanner = compiled.Scanner(**options)
        with house.open_capture(str(path)) as capture:
            for batch in scanner.scan((0, record) for record in capture.records()):
                # Whoever reads a batch may let go of what it names while others still name it.
                scanner.forget(dice.sample(scanner.streams, min(2, len(scanner.streams))), [])
                scanner.forget([], [entry.flow for entry in batch.entries[:2]])
        scanner.finish()
        state(scanner)
        in_place(dice, path, compiled.Scanner(**options))
        with house.narrow(dice.random() < 0.5):
            house.analyze([str(path)])
    except house.CaptureError:
        return


def in_place(dice: Random, path: Path, scanner: Any) -> None:
    """A scan of a file that is read into one place, of which it leaves what is not whole there."""
    with house.open_capture(str(path)) as capture:
        read = partial(scanner.read, 0, capture.walker, leave=dice.random() < 0.8)
        for batch in capture.lent_through(read):
            [entry.payload for entry in batch.entries]
    scanner.finish()


def readers(dice: Random, paths: Sequence[Path]) -> None:
    """A file gives records or a CaptureError in one line; what it gives is no more than what it holds."""
    (path,) = paths
    size, given = path.stat().st_size, 0
    try:
        with house.open_capture(str(path)) as capture:
            bound = size * (INFLATED if capture.compressed else 1)
            for count, record in enumerate(capture.records(), 1):
                ensure(record.frame == count, f"record {count} says that it is {record.frame}")
                ensure(len(record.octets) <= house.MAX_RECORD_OCTETS, f"record {count} has {len(record.octets)} bytes")
                ensure(0 <= record.time <= house.MAX_TIME_NS, f"record {count} has the time {record.time}")
                given += len(record.octets)
            notes = capture.notes
            ensure(notes.packets == sum(notes.links.values()), "packets are not those of the links")
    except house.CaptureError as error:
        ensure(str(error) and "\n" not in str(error), f"no line for people: {error!s:.200}")
        return
    ensure(max(given, notes.packets) <= bound, f"{notes.packets} records of {given} bytes in a file of {size}")


def parsers(dice: Random, paths: Sequence[Path]) -> None:
    """Every parser reads the octets or finds them malformed; every field, property and summary of a message works."""
    octets, body = (path.read_bytes() for path in paths)
    house.protocol(octets)
    house.explain(octets)
    for name, parse in house.PARSERS.items():
        try:
            message = parse(octets)
        except house.Malformed as malformed:
            ensure(malformed.reason and str(malformed), f"{name}: no reason")
            continue
        touch(message)
        ensure(name in house.WITHOUT_SUMMARY or isinstance(message.summary, str), f"{name}: no summary")
    for found in (house.recover(body), house.inflate(body), house.inflate(body, ("deflate, gzip",))):
        ensure(len(found.octets) <= house.LIMITS.bound(len(body)), f"{len(found.octets)} bytes of {len(body)}")
        touch(found)


def touch(message: Any) -> None:
    """Ask a message for all its fields and properties, and those for theirs."""
    for value in house.within(message):
        for name in house.properties(value):
            getattr(value, name)


A, B, BODY, FRAME = "A", "B", "BODY", "FRAME"
"""Words that stand for two damaged captures, a body and the number of a frame."""

FILTERS = ("user==alice or status==2xx", "protocol==RTP and not port==16402", "severity==warning", "ssrc!=1")
COMMANDS: tuple[list[str], ...] = (
    ["analyze", A],
    ["analyze", A],
    ["analyze", "--json", A],
    ["analyze", "--json", A, B],
    ["analyze", "--json", "--all", "--time", "0..5", A],
    ["analyze", "--all", "--what-if", "compress", "--width", "40", "--clock", "utc", A, B],
    ["analyze", "--fail-on", "warning", "-d", "udp.port==16402,RTP", A],
    ["analyze", "--each", "--jobs", "1", A, B],
    ["analyze", "--each", "--jobs", "1", "--json", A, B],
    *(["analyze", "-Y", text, A] for text in FILTERS),
    ["list", A],
    ["list", A, B],
    ["list", "--ndjson", A],
    ["list", "--ndjson", "-d", "udp.port==16402,SIP", A, B],
    ["explain", A, FRAME],
    ["explain", A, FRAME],
    ["inflate", BODY],
    ["inflate", "--label", "deflate", BODY],
    ["inflate", A],
    ["diff", A, B],
    ["diff", "--all", A, A],
    ["diff", "--json", A, B],
    ["plugin", "--from", A],
)
PIPED: tuple[list[str], ...] = (
    ["live", "-", "--ndjson"],
    ["live", "-", "--json", "--calls", "1"],
    ["live", "-", "--log", "--calls", "2"],
    ["analyze", "--json", "-"],
    ["list", "-"],
)
"""Commands that read a damaged capture as their standard input, in a process of their own."""

PIPED_SHARE = 0.02
REPORTED_BY_BOTH = 0.02
SEEN_BY_BOTH = 0.1
"""How many damaged conversations go through both scans, and their reports through the schema."""


def commands(dice: Random, corpus: Corpus) -> list[bytes]:
    """Two captures and a body."""
    return [mutants.capture(dice, corpus), mutants.file(dice, corpus), mutants.body(dice, corpus)]


def command(dice: Random, paths: Sequence[Path]) -> None:
    """The command ends with 0, 1 or 2; what it prints is what it should be, and no traceback."""
    names = {A: str(paths[0]), B: str(paths[1]), BODY: str(paths[2]), FRAME: str(dice.choice((1, 2, 5, 20, 99)))}
    with house.narrow(dice.random() < 0.3):
        for words in dice.sample(COMMANDS, 3):
            judge(run([names.get(word, word) for word in words], dice.choice(ENCODINGS)))
    if dice.random() < PIPED_SHARE:
        judge(piped(list(dice.choice(PIPED)), paths[0]))


def run(words: list[str], encoding: str = "utf-8") -> Ran:
    """Run a command within this process."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding, newline="") for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        status = house.muxshark(words)
    for stream in (out, err):
        stream.flush()
    texts = (stream.buffer.getvalue().decode(encoding, "surrogateescape") for stream in (out, err))
    return Ran(words, status, *texts)


def piped(words: list[str], path: Path) -> Ran:
    """Run a command as a process that reads a file as its standard input."""
    line = [sys.executable, "-m", house.MODULE, *words]
    with path.open("rb") as file:
        done = subprocess.run(line, stdin=file, capture_output=True, timeout=CHILD_SECONDS, check=False)
    texts = (octets.decode("utf-8", "surrogateescape") for octets in (done.stdout, done.stderr))
    return Ran(words, done.returncode, *texts)


def judge(ran: Ran) -> None:
    """Raise Wrong for what a command must not do."""
    said = f"{' '.join(ran.words)}: exit {ran.status}, {ran.err[-2000:]!r}"
    ensure(ran.status in ((0, 1, 2) if "--fail-on" in ran.words else (0, 2)), said)
    ensure(ran.status != 2 or ran.err, f"{said}: nothing says why")
    for line in ran.err.splitlines():
        # The log of a live session stands there, too, when something else is on standard output.
        ensure("live" in ran.words or line.startswith("muxshark: "), f"{said}: a line that is none of ours")
        ensure(line.isprintable() and not line.startswith("Traceback"), f"{said}: no line for people")
    if "--ndjson" in ran.words:
        for line in ran.out.splitlines():
            ensure(isinstance(strict(line), dict), f"{said}: {line[:200]}")
    elif "--json" in ran.words:
        if ran.out or ran.status == 0:
            document(ran.words, strict(ran.out))
    elif ran.words[0] not in ("inflate", "plugin"):
        for line in ran.out.split("\n"):
            ensure(line.isprintable(), f"{said}: printed {line[:200]!r}")


def strict(text: str) -> Any:
    """JSON as its RFC has it, without NaN."""

    def refuse(word: str) -> None:
        raise Wrong(f"{word} in JSON")

    return json.loads(text, parse_constant=refuse)


def document(words: Sequence[str], read: Any) -> None:
    """A report keeps its schema."""
    if words[0] != "analyze" or "--each" in words:
        return
    from tests.outputs.test_schema import CHECKER

    error = next(CHECKER.iter_errors(read), None)
    ensure(error is None, f"{' '.join(words)}: {error!s:.2000}")


GZIP = b"\x1f\x8b"
COMPARED = (["analyze", "--json", "--all"], ["list", "--ndjson"], ["analyze", "--json"])
THOROUGH_SHARE = 0.25
"""What both scans are compared by, the first of these always, and how often by all, and by octets that are cut."""


def twins(dice: Random, paths: Sequence[Path]) -> None:
    """Both scans say the same of a capture, and lead to the same report; now and then, to the same in every form."""
    from tests.twins import SMALL, compiled, same, scanned

    path = str(paths[0])
    octets = paths[0].read_bytes()
    options = {"bounds": dice.choice((None, SMALL)), "forced": dice.choice((None, None, *FORCED))}
    # A scan is fed with what is inflated already.
    octets = b"" if octets.startswith(GZIP) else octets
    thorough = dice.random() < THOROUGH_SHARE
    try:
        whole = same(octets, **options)
        cut = scanned(compiled.Scanner, octets, chunk(dice, octets), every=True, **options) if thorough else whole
    except house.CaptureError:
        return
    ensure(whole == cut, "how the bytes are cut changes what the compiled scan says")
    for words in COMPARED if thorough else COMPARED[:1]:
        with house.narrow(dice.random() < 0.5):
            ours = run([*words, path])
            with interpreted():
                theirs = run([*words, path])
        ours = ours._replace(out=ours.out.replace('"compiled"', '"interpreted"', 1))
        ensure(ours == theirs, different(ours, theirs))


@contextmanager
def interpreted() -> Iterator[None]:
    """Within it, the interpreted scan is what runs."""
    before = os.environ.get(house.PURE)
    os.environ[house.PURE] = "1"
    try:
        yield
    finally:
        os.environ.pop(house.PURE)
        if before is not None:
            os.environ[house.PURE] = before


def different(ours: Ran, theirs: Ran) -> str:
    """Where two outputs part."""
    return f"{' '.join(ours.words)}: {parting(ours.out, theirs.out)}"


def parting(ours: str, theirs: str) -> str:
    """What stands around the place where two texts part."""
    at = len(os.path.commonprefix((ours, theirs)))
    around = slice(max(0, at - 100), at + 100)
    return f"compiled {ours[around]!r}, interpreted {theirs[around]!r}"


def plain(dice: Random, paths: Sequence[Path]) -> None:
    """What is compiled and its sources make the same message of a payload, and now and then the same report."""
    from tests import both_builds

    payload, capture = paths
    octets = payload.read_bytes()
    ensure(both_builds.source() != builds.sources().source, "one build is compared with itself")
    said = [(both_builds.parsed(octets), builds.sources().parsed(octets))]
    if dice.random() < REPORTED_BY_BOTH:
        said.append((both_builds.told(capture), builds.sources().told(capture)))
    for ours, theirs in said:
        ensure(ours == theirs, parting(ours, theirs))


def carried(dice: Random, paths: Sequence[Path]) -> None:
    """Both scans say the same of a damaged conversation over TCP, and its report keeps its schema."""
    from tests.twins import SMALL, compiled, same

    if dice.random() < SEEN_BY_BOTH and compiled is not None:
        same(paths[0].read_bytes(), bounds=dice.choice((None, SMALL)), forced=None)
        judge(run(["analyze", "--json", "--all", str(paths[0])]))
    else:
        house.analyze([str(paths[0])])


def opened(dice: Random, paths: Sequence[Path]) -> None:
    """Damaged records of TLS and DTLS are opened with damaged keys, or not, and the report keeps its schema."""
    capture, keys = map(str, paths)
    if dice.random() < SEEN_BY_BOTH:
        judge(run([*dice.choice((["analyze", "--json", "--all"], ["list", "--ndjson"])), "--keys", keys, capture]))
        return
    try:
        house.analyze([capture], keys=house.keys([keys], []))
    except house.NoKeys as error:
        ensure(str(error), "no keys, and nothing says why")


TARGETS: dict[str, Target] = {
    "scan": Target(captures(1), scan, uncompiled),
    "readers": Target(lambda dice, corpus: [mutants.file(dice, corpus)], readers),
    "parsers": Target(lambda dice, corpus: [mutants.payload(dice, corpus), mutants.body(dice, corpus)], parsers),
    "command": Target(commands, command),
    "twins": Target(captures(1), twins, uncompiled),
    "builds": Target(message, plain, uncompiled),
    "streams": Target(streams.capture, carried, uncompiled),
    "sealed": Target(sealed.sealed, opened, uncompiled),
    "tunnels": Target(tunnels.packets, carried, uncompiled),
}
"""By name, in the order in which they run."""
