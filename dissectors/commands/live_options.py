"""The options of `muxshark live`, and the check for options that contradict each other."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from dissectors.commands import choosing, hep, inputs
from dissectors.sources.interface.backends import BACKENDS

if TYPE_CHECKING:
    from dissectors.live.session import Stop
    from dissectors.queries.expressions import Expression
    from dissectors.sources.keeper import Rotation

PORTS = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")
PAIR = re.compile(r"([a-z]+):(\d{1,12}(?:\.\d{1,3})?)")
AUTOSTOP = ("duration", "filesize", "files", "packets")
ROTATE = ("filesize", "duration", "files", "packets")
KILO = 1000
MAX_BUFFER_MIB = 4095
RECORD_DIR = "recorded"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("pipe", nargs="?", metavar="-", help="read standard input")
    add = parser.add_argument
    add("-i", dest="interfaces", action="append", default=[], metavar="IFACE",
        help="an interface: its name, its number in -D, or any; repeatable")
    add("-D", dest="list", action="store_true", help="list the interfaces and stop")
    add("-f", dest="filter", default="", metavar="FILTER", help="capture filter, as in tcpdump")
    add("--ports", type=ports, default=(), metavar="N,N-N", help="only UDP on these ports")
    add("--promiscuous", action="store_true", help="also frames for other hosts")
    add("-s", "--snaplen", type=inputs.positive, default=262_144, metavar="BYTES", help="keep so much of a frame")
    add("--buffer", type=buffer, default=128, metavar="MIB", help="size of the kernel's buffer (128)")
    add("--backlog", type=inputs.positive, default=1024, metavar="MIB", help="how much may wait for analysis (1024)")
    add("--backend", choices=tuple(BACKENDS), default="", help="capture this way (the best that works)")
    add("--user", default="", metavar="NAME", help="the user to become when all is open (under sudo: the caller)")
    add("-w", dest="keep", metavar="FILE", help="save the frames as pcapng; - is standard output")
    add("-b", dest="rotate", action="append", default=[], type=pair(ROTATE), metavar="WHAT:N",
        help="a new file after filesize:kB, duration:S or packets:N; keep the last files:N")
    add("-a", dest="autostop", action="append", default=[], type=pair(AUTOSTOP), metavar="WHAT:N",
        help="end after duration:S, packets:N, filesize:kB or files:N")
    add("-c", dest="count", type=inputs.positive, default=0, metavar="N", help="end after N frames")
    add("--ndjson", action="store_true", help="print events, one JSON object per line (docs/live.md)")
    inputs.add_format(parser, "the report at the end as JSON; the log goes to standard error")
    add("--html", default="", metavar="FILE", help="write the session as a page, again every 15 seconds (docs/page.md)")
    add("--browse", action="store_true",
        help="show the screen on which you go about with keys: calls, ladders, messages (extra browse; docs/browse.md)")
    add("--log", action="store_true", help="print a line per event instead of the screen")
    add("--min-severity", choices=("error", "warning", "note"), default="note", metavar="SEVERITY",
        help="tell of findings that are at least so severe: note, warning or error (note)")
    add("--exec", default="", metavar="COMMAND",
        help="run this for each event, which is on its standard input as JSON; one at a time, ten seconds at most")
    add("--metrics", default="", metavar="HOST:PORT",
        help="serve metrics for Prometheus at http://HOST:PORT/metrics (127.0.0.1 without a host)")
    add("--metrics-file", default="", metavar="FILE", help="write them to a file, for node_exporter")
    hep.add(parser, "send")
    add("--record-on", dest="record_on", type=choosing.wanted("--record-on"), metavar="FILTER",
        help="write each call that matches to a file of its own when it is over, such as 'severity>=error'")
    add("--record-dir", dest="record_dir", metavar="DIR", help="where those files go (recorded)")
    add("--record-minutes", dest="record_minutes", type=inputs.positive, default=5, metavar="N",
        help="hold the frames of the last N minutes for --record-on (5)")
    add("--record-size", dest="record_size", type=inputs.positive, default=256, metavar="MIB",
        help="hold so many MiB of frames at most (256)")
    add("--record-files", dest="record_files", type=inputs.positive, default=1000, metavar="N",
        help="write so many files at most (1000)")
    add("--calls", type=inputs.positive, default=2048, metavar="N", help="hold N calls at once at most (2048)")
    add("-Y", dest="wanted", type=choosing.wanted("-Y"), metavar="FILTER",
        help="report only what matches, for instance 'user==alice' (docs/filters.md); -f is about frames")
    add("--call", type=choosing.named_call, metavar="CALL",
        help="report only this call: its number, its Call-ID, or a part of that")
    add("--every", type=inputs.positive, default=10, metavar="S", help="report each stream every S seconds (10)")
    choosing.add_clock(parser, "local")
    inputs.add_reading(parser)


def ports(text: str) -> tuple[tuple[int, int], ...]:
    """`5060,16384-16402` as pairs of the lowest and the highest port."""
    found = []
    for part in text.split(","):
        match = PORTS.fullmatch(part.strip())
        low, high = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if not 0 < low <= high < 65536:
            raise argparse.ArgumentTypeError(f"{part.strip()!r} is not a UDP port or a range of ports")
        found.append((low, high))
    return tuple(found)


def buffer(text: str) -> int:
    """MiB of the kernel's ring: it counts their octets in 32 bits."""
    number = inputs.positive(text)
    if number > MAX_BUFFER_MIB:
        raise argparse.ArgumentTypeError(f"{number} MiB is too large; the maximum is {MAX_BUFFER_MIB}")
    return number


def pair(words: tuple[str, ...]) -> Callable[[str], tuple[str, float]]:
    """A function that reads `WHAT:N` for these words."""

    def read(text: str) -> tuple[str, float]:
        match = PAIR.fullmatch(text)
        if not match or match[1] not in words or float(match[2]) <= 0:
            raise argparse.ArgumentTypeError(f"{text!r} is not {' or '.join(f'{word}:N' for word in words)}")
        return match[1], float(match[2])

    return read


def settle(options: argparse.Namespace) -> None:
    """Raise Refused for options that contradict each other; replace interface numbers by names."""
    _settle_source(options)
    _settle_keeping(options)
    options.wanted = _wanted(options)
    if options.hep and options.wanted:
        raise inputs.Refused("--hep sends everything that is seen; leave out -Y and --call")
    if options.browse:
        _settle_screen(options)
    if options.ndjson and not inputs.report_format(options).for_people:
        raise inputs.Refused(f"choose either events (--ndjson) or the report ({options.format}) for standard output")


def _settle_screen(options: argparse.Namespace) -> None:
    """Raise Refused where the screen cannot be, or where the terminal is for something else."""
    if options.ndjson or options.log or options.keep == inputs.STANDARD_INPUT or options.format not in (None, "text"):
        raise inputs.Refused("--browse needs the terminal for itself; leave out --log, --ndjson, --json and -w -")
    from dissectors.commands.browse import require

    require()


def _settle_source(options: argparse.Namespace) -> None:
    from dissectors.sources.interface.interfaces import ANY, name_of

    if options.pipe not in (None, inputs.STANDARD_INPUT):
        if os.path.exists(options.pipe):
            raise inputs.Refused(f"{options.pipe} is a file; muxshark analyze {options.pipe} reads it")
        raise inputs.Refused(f"{options.pipe!r} is not an option and not -; for an interface use -i {options.pipe}")
    if options.pipe and options.interfaces:
        raise inputs.Refused("choose either an interface (-i) or - for standard input")
    if not options.pipe and not options.interfaces:
        raise inputs.Refused("name an interface (-i, see -D) or - for standard input")
    if options.pipe and (options.filter or options.ports or options.backend or options.promiscuous):
        raise inputs.Refused("-f, --ports, --backend and --promiscuous need -i; filter standard input earlier")
    options.interfaces = [name_of(word) for word in options.interfaces]
    if len(set(options.interfaces)) < len(options.interfaces) or ANY in options.interfaces and options.interfaces[1:]:
        raise inputs.Refused("name each interface once, or any alone")


def _wanted(options: argparse.Namespace) -> Expression | None:
    """The filter of `-Y` and `--call` together; which calls there will be, nobody knows yet."""
    from dissectors.queries import expressions
    from dissectors.queries.selection import MAX_NUMBER_DIGITS

    keep: Expression | None = options.wanted
    if not options.call:
        return keep
    named: Expression = expressions.Contains("callid", options.call.lower())
    if options.call.isdecimal() and len(options.call) <= MAX_NUMBER_DIGITS:
        named = expressions.Same("call", frozenset((str(int(options.call)),)))
    return expressions.All((keep, named)) if keep else named


def _settle_keeping(options: argparse.Namespace) -> None:
    if options.keep == "":
        raise inputs.Refused("-w: the file name is empty")  # an unset shell variable: nothing would be kept
    options.keep = options.keep or ""
    if options.record_dir is not None and not (options.record_on and options.record_dir):
        raise inputs.Refused("--record-dir needs the name of a folder and --record-on FILTER")
    options.record_dir = options.record_dir or RECORD_DIR
    if options.rotate and not options.keep:
        raise inputs.Refused("-b needs -w FILE")
    if options.keep == inputs.STANDARD_INPUT and options.rotate:
        raise inputs.Refused("-b cannot rotate standard output")
    if set(dict(options.rotate)) == {"files"}:
        raise inputs.Refused("-b files:N also needs the size or duration of a file, such as -b filesize:kB")
    if any(what in ("filesize", "files") for what, _ in options.autostop) and not options.keep:
        raise inputs.Refused("-a filesize and -a files need -w")


def rotation(options: argparse.Namespace) -> Rotation:
    """When to start a new file, from `-b`."""
    from dissectors.sources.keeper import Rotation

    asked = dict(options.rotate)
    return Rotation(
        int(asked.get("filesize", 0) * KILO), asked.get("duration", 0.0), int(asked.get("packets", 0)),
        int(asked.get("files", 0)),
    )


def stop(options: argparse.Namespace) -> Stop:
    """When the session ends by itself, from `-a` and `-c`."""
    from dissectors.live.session import Stop

    asked = dict(options.autostop)
    frames = [number for number in (options.count, int(asked.get("packets", 0))) if number]
    return Stop(
        asked.get("duration", 0.0), min(frames, default=0), int(asked.get("filesize", 0) * KILO),
        int(asked.get("files", 0)),
    )
