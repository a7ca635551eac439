"""What `muxshark live` can be asked, and what of it contradicts itself."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from dissectors.commands import inputs
from dissectors.sources.interface.backends import BACKENDS

if TYPE_CHECKING:
    from dissectors.live.session import Stop
    from dissectors.sources.keeper import Rotation

PORTS = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")
PAIR = re.compile(r"([a-z]+):(\d{1,12}(?:\.\d{1,3})?)")
AUTOSTOP = ("duration", "filesize", "files", "packets")
ROTATE = ("filesize", "duration", "files", "packets")
KILO = 1000
MAX_BUFFER_MIB = 4095


def arguments(parser: argparse.ArgumentParser) -> None:
    """What may follow the command's name."""
    parser.add_argument("pipe", nargs="?", metavar="-", help="read standard input")
    add = parser.add_argument
    add("-i", dest="interfaces", action="append", default=[], metavar="IFACE",
        help="an interface by its name or its number of -D, or any; repeatable")
    add("-D", dest="list", action="store_true", help="list the interfaces and stop")
    add("-f", dest="filter", default="", metavar="FILTER", help="capture filter, as of tcpdump")
    add("--ports", type=ports, default=(), metavar="N,N-N", help="UDP on these ports alone")
    add("--promiscuous", action="store_true", help="also frames that are for others")
    add("-s", "--snaplen", type=inputs.positive, default=262_144, metavar="OCTETS", help="keep so much of a frame")
    add("--buffer", type=buffer, default=64, metavar="MIB", help="what the kernel may hold for us (64)")
    add("--backlog", type=inputs.positive, default=1024, metavar="MIB", help="what may wait for the analysis (1024)")
    add("--backend", choices=tuple(BACKENDS), default="", help="the way in, instead of the best that works")
    add("--user", default="", metavar="NAME", help="who to be once everything is open (under sudo: who called it)")
    add("-w", dest="keep", metavar="FILE", help="keep the frames as pcapng; - is standard output")
    add("-b", dest="rotate", action="append", default=[], type=pair(ROTATE), metavar="WHAT:N",
        help="a new file after filesize:kB, duration:S or packets:N; keep files:N of them")
    add("-a", dest="autostop", action="append", default=[], type=pair(AUTOSTOP), metavar="WHAT:N",
        help="end after duration:S, packets:N, filesize:kB or files:N")
    add("-c", dest="count", type=inputs.positive, default=0, metavar="N", help="end after N frames")
    add("--ndjson", action="store_true", help="events as one JSON object a line (docs/live.md)")
    inputs.add_format(parser, "the report at the end as JSON; the log goes to standard error")
    add("--log", action="store_true", help="a line for each event instead of the screen")
    add("--calls", type=inputs.positive, default=2048, metavar="N", help="hold so many calls at once (2048)")
    add("--every", type=inputs.positive, default=10, metavar="S", help="tell how each stream does so often (10)")
    inputs.add_reading(parser)


def ports(text: str) -> tuple[tuple[int, int], ...]:
    """`5060,16384-16402` as pairs of a lowest and a highest port."""
    found = []
    for part in text.split(","):
        match = PORTS.fullmatch(part.strip())
        low, high = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if not 0 < low <= high < 65536:
            raise argparse.ArgumentTypeError(f"{part.strip()!r} is no UDP port or range of them")
        found.append((low, high))
    return tuple(found)


def buffer(text: str) -> int:
    """MiB that the kernel may hold: it counts a ring's octets in 32 bits."""
    number = inputs.positive(text)
    if number > MAX_BUFFER_MIB:
        raise argparse.ArgumentTypeError(f"{number} MiB are more than the {MAX_BUFFER_MIB} of a ring")
    return number


def pair(words: tuple[str, ...]) -> Callable[[str], tuple[str, float]]:
    """A reader of `WHAT:N` for these words."""

    def read(text: str) -> tuple[str, float]:
        match = PAIR.fullmatch(text)
        if not match or match[1] not in words or float(match[2]) <= 0:
            raise argparse.ArgumentTypeError(f"{text!r} is not {' or '.join(f'{word}:N' for word in words)}")
        return match[1], float(match[2])

    return read


def settle(options: argparse.Namespace) -> None:
    """Refuse what contradicts itself, and turn numbers of interfaces into their names."""
    _settle_source(options)
    _settle_keeping(options)
    if options.ndjson and not inputs.report_format(options).for_people:
        raise inputs.Refused(f"either events (--ndjson) or the report ({options.format}) on standard output, not both")


def _settle_source(options: argparse.Namespace) -> None:
    from dissectors.sources.interface.interfaces import ANY, name_of

    if options.pipe not in (None, inputs.STANDARD_INPUT):
        raise inputs.Refused(f"{options.pipe!r} is no option and not -; an interface is -i IFACE")
    if options.pipe and options.interfaces:
        raise inputs.Refused("either an interface (-i) or - for standard input, not both")
    if not options.pipe and not options.interfaces:
        raise inputs.Refused("name an interface (-i, see -D) or - for standard input")
    if options.pipe and (options.filter or options.ports or options.backend or options.promiscuous):
        raise inputs.Refused("a filter, ports or a backend are for interfaces; filter where standard input comes from")
    options.interfaces = [name_of(word) for word in options.interfaces]
    if len(set(options.interfaces)) < len(options.interfaces) or ANY in options.interfaces and options.interfaces[1:]:
        raise inputs.Refused("an interface is named twice; any stands alone")


def _settle_keeping(options: argparse.Namespace) -> None:
    if options.keep == "":
        raise inputs.Refused("-w: the file has no name")  # a variable that was not set: nothing would be kept
    options.keep = options.keep or ""
    if options.rotate and not options.keep:
        raise inputs.Refused("-b needs -w: what is to be rotated?")
    if options.keep == inputs.STANDARD_INPUT and options.rotate:
        raise inputs.Refused("standard output cannot be rotated")
    if set(dict(options.rotate)) == {"files"}:
        raise inputs.Refused("-b files:N says how many to keep; say also when a file is full: -b filesize:kB")
    if any(what in ("filesize", "files") for what, _ in options.autostop) and not options.keep:
        raise inputs.Refused("-a filesize and -a files need -w")


def rotation(options: argparse.Namespace) -> Rotation:
    """When a file is full, as `-b` says."""
    from dissectors.sources.keeper import Rotation

    asked = dict(options.rotate)
    return Rotation(
        int(asked.get("filesize", 0) * KILO), asked.get("duration", 0.0), int(asked.get("packets", 0)),
        int(asked.get("files", 0)),
    )


def stop(options: argparse.Namespace) -> Stop:
    """When the session ends by itself, as `-a` and `-c` say."""
    from dissectors.live.session import Stop

    asked = dict(options.autostop)
    frames = [number for number in (options.count, int(asked.get("packets", 0))) if number]
    return Stop(
        asked.get("duration", 0.0), min(frames, default=0), int(asked.get("filesize", 0) * KILO),
        int(asked.get("files", 0)),
    )
