"""`muxshark live`: an interface, watched."""
from __future__ import annotations

import argparse
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from dissectors.commands import inputs

if TYPE_CHECKING:
    from types import FrameType

    from dissectors.analysis.events import Look
    from dissectors.online import Session, Stop
    from dissectors.sources.keep import Keeper, Rotation
    from dissectors.sources.live import Source

NAME = "live"
HELP = "the same, live from an interface or a pipe"
DESCRIPTION = """\
Watch an interface: what is on its ports, calls as they ring, streams, findings, drops.
  muxshark live -i eth0 --ports 5060,16384-16402
  muxshark live -i any -f 'host 192.0.2.1' -w call.pcapng
  tcpdump --immediate-mode -U -w - | muxshark live -
  ssh router tcpdump --immediate-mode -U -w - udp | muxshark live -
Ctrl-C ends with the full report of the session, twice at once."""
BACKENDS = ("ring", "dumpcap", "scapy")
PORTS = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")
PAIR = re.compile(r"([a-z]+):(\d{1,12}(?:\.\d{1,3})?)")
AUTOSTOP = ("duration", "filesize", "files", "packets")
ROTATE = ("filesize", "duration", "files", "packets")
KILO = 1000
SWITCH = 0.0005
LARGEST_BUFFER = 4095
NO_SCREEN = ("dumb", "unknown")
TOGETHER = 0.03
"""Seconds within which two interrupts are one: nobody is that fast."""

FAILED, INTERRUPTED = 2, "interrupted"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What may follow the command's name."""
    parser.add_argument("pipe", nargs="?", metavar="-", help="read standard input")
    add = parser.add_argument
    add("-i", dest="interfaces", action="append", default=[], metavar="IFACE", help="an interface, or any; repeatable")
    add("-D", dest="list", action="store_true", help="list the interfaces and stop")
    add("-f", dest="filter", default="", metavar="FILTER", help="capture filter, as of tcpdump")
    add("--ports", type=ports, default=(), metavar="N,N-N", help="UDP on these ports alone")
    add("--promiscuous", action="store_true", help="also frames that are for others")
    add("-s", "--snaplen", type=inputs.positive, default=262_144, metavar="OCTETS", help="keep so much of a frame")
    add("--buffer", type=buffer, default=64, metavar="MIB", help="what the kernel may hold for us (64)")
    add("--backlog", type=inputs.positive, default=1024, metavar="MIB", help="what may wait for the analysis (1024)")
    add("--backend", choices=BACKENDS, default="", help="the way in, instead of the best that works")
    add("--user", default="", metavar="NAME", help="who to be once everything is open (under sudo: who called it)")
    add("-w", dest="keep", metavar="FILE", help="keep the frames as pcapng; - is standard output")
    add("-b", dest="rotate", action="append", default=[], type=pair(ROTATE), metavar="WHAT:N",
        help="a new file after filesize:kB, duration:S or packets:N; keep files:N of them")  # fmt: skip
    add("-a", dest="autostop", action="append", default=[], type=pair(AUTOSTOP), metavar="WHAT:N",
        help="end after duration:S, packets:N, filesize:kB or files:N")  # fmt: skip
    add("-c", dest="count", type=inputs.positive, default=0, metavar="N", help="end after N frames")
    add("--ndjson", action="store_true", help="events as one JSON object a line (docs/live.md)")
    add("--json", action="store_true", help="the report at the end as JSON; the log goes to standard error")
    add("--log", action="store_true", help="a line for each event instead of the screen")
    add("--calls", type=inputs.positive, default=2048, metavar="N", help="hold so many calls at once (2048)")
    add("--every", type=inputs.positive, default=10, metavar="S", help="tell how each stream does so often (10)")
    inputs.add_reading(parser)


def run(options: argparse.Namespace) -> int:
    """Watch until the end, then print the report."""
    if options.list:
        sys.stdout.writelines(f"{text}\n" for text in listing())
        return 0
    _sensible(options)
    from dissectors import online
    from dissectors.sources import rights

    _load(options)
    with ExitStack() as stack:
        source = _source(options)
        stack.callback(source.close)
        became = rights.give_up_root(options.user)
        keeper = _keeper(options, source)
        session = online.Session(
            source, keeper=keeper, stop=_stop(options), limits=inputs.limits(options), forced=inputs.forced(options),
            every=options.every, calls=options.calls,
        )  # fmt: skip
        whom = f", as {became}" if became else ""
        _say(f"watching {', '.join(source.names)} by {source.backend}{whom}: {source.why}")
        _handle(session)
        # Whoever empties the kernel's ring waits for the interpreter no longer than that.
        sys.setswitchinterval(SWITCH)
        _watch(options, session, keeper)
        return _finish(options, session)


def listing() -> list[str]:
    """The interfaces, a line each: number, name, state, addresses."""
    from dissectors.sources.interfaces import interfaces

    found = interfaces()
    width = max(len(interface.name) for interface in found)
    return [
        f"{number:>2}  {one.name:<{width}}  {one.state:<10}  {', '.join(one.addresses)}".rstrip()
        for number, one in enumerate(found, 1)
    ]


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
    if number > LARGEST_BUFFER:
        raise argparse.ArgumentTypeError(f"{number} MiB are more than the {LARGEST_BUFFER} of a ring")
    return number


def pair(words: tuple[str, ...]) -> Callable[[str], tuple[str, float]]:
    """A reader of `WHAT:N` for these words."""

    def read(text: str) -> tuple[str, float]:
        match = PAIR.fullmatch(text)
        if not match or match[1] not in words or float(match[2]) <= 0:
            raise argparse.ArgumentTypeError(f"{text!r} is not {' or '.join(f'{word}:N' for word in words)}")
        return match[1], float(match[2])

    return read


def _sensible(options: argparse.Namespace) -> None:
    """Refuse what contradicts itself."""
    if options.pipe not in (None, inputs.STANDARD_INPUT):
        raise inputs.Refused(f"{options.pipe!r} is no option and not -; an interface is -i IFACE")
    if options.pipe and options.interfaces:
        raise inputs.Refused("either an interface (-i) or - for standard input, not both")
    if not options.pipe and not options.interfaces:
        raise inputs.Refused("name an interface (-i, see -D) or - for standard input")
    if len(set(options.interfaces)) < len(options.interfaces) or "any" in options.interfaces and options.interfaces[1:]:
        raise inputs.Refused("an interface is named twice; any stands alone")
    if options.pipe and (options.filter or options.ports or options.backend or options.promiscuous):
        raise inputs.Refused("a filter, ports or a backend are for interfaces; filter where standard input comes from")
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


def _load(options: argparse.Namespace) -> None:
    """Import what will be needed: whoever we become may not be able to read where Python is installed."""
    import dissectors.outputs.escape
    import dissectors.outputs.export
    import dissectors.outputs.journal

    if not (options.ndjson or options.json):
        import dissectors.outputs.screen
        import dissectors.outputs.terminal  # noqa: F401  imported ahead of its use


def _source(options: argparse.Namespace) -> Source:
    from dissectors.sources import filters, live
    from dissectors.sources.pipe import Pipe

    if options.pipe:
        return Pipe(sys.stdin.fileno())
    expression = filters.both(options.filter, filters.for_ports(options.ports) if options.ports else "")
    wanted = live.Wanted(
        tuple(options.interfaces), expression, min(options.snaplen, live.SNAPLEN), options.promiscuous,
        options.buffer << 20, options.backlog << 20,
    )  # fmt: skip
    return live.open_source(wanted, options.backend)


def _keeper(options: argparse.Namespace, source: Source) -> Keeper | None:
    from dissectors.sources.keep import Keeper

    if not options.keep:
        return None
    return Keeper(
        options.keep, rotation=_rotation(options), interface=", ".join(source.names), snaplen=options.snaplen,
        head=source.head,
    )  # fmt: skip


def _rotation(options: argparse.Namespace) -> Rotation:
    from dissectors.sources.keep import Rotation

    asked = dict(options.rotate)
    return Rotation(
        int(asked.get("filesize", 0) * KILO), asked.get("duration", 0.0), int(asked.get("packets", 0)),
        int(asked.get("files", 0)),
    )  # fmt: skip


def _stop(options: argparse.Namespace) -> Stop:
    from dissectors.online import Stop

    asked = dict(options.autostop)
    frames = [number for number in (options.count, int(asked.get("packets", 0))) if number]
    return Stop(
        asked.get("duration", 0.0), min(frames, default=0), int(asked.get("filesize", 0) * KILO),
        int(asked.get("files", 0)),
    )  # fmt: skip


def _handle(session: Session) -> None:
    """The first Ctrl-C (or SIGTERM) ends in order; the next one ends at once."""
    since = 0.0

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal since
        now = time.monotonic()
        # `timeout -s INT` interrupts a program, and then its whole process group.
        if session.reason == INTERRUPTED and number == signal.SIGINT and now - since > TOGETHER:
            raise KeyboardInterrupt
        since = since or now
        session.stop(INTERRUPTED)
        session.reason = INTERRUPTED

    for number in (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])):
        signal.signal(number, handle)


def _watch(options: argparse.Namespace, session: Session, keeper: Keeper | None) -> None:
    """Run the session with whichever view of it was asked for."""
    lines = options.ndjson or options.json or options.log or options.keep == inputs.STANDARD_INPUT
    if sys.stdout.isatty() and os.environ.get("TERM") not in NO_SCREEN and not lines:
        from dissectors.outputs.screen import Screen

        title = f"{', '.join(session.source.names)} by {session.source.backend}"
        with Screen(sys.stdout, title, options.keep) as screen:
            session.watch = screen.show
            session.run()
        return
    session.watch = _teller(options)
    session.run()


def _teller(options: argparse.Namespace) -> Callable[[Look], None]:
    """What writes the events of a look, as lines."""
    from dissectors.outputs.journal import human, ndjson

    write = ndjson if options.ndjson else human
    quiet = options.json or options.keep == inputs.STANDARD_INPUT
    stream = sys.stderr if quiet else sys.stdout

    def tell(look: Look) -> None:
        stream.writelines(f"{write(event)}\n" for event in look.events)
        stream.flush()
        for text in look.news:
            _say(text)

    return tell


def _finish(options: argparse.Namespace, session: Session) -> int:
    """The last event and the report; the exit status."""
    from dissectors.outputs.journal import human, ndjson

    end = session.end()
    # On standard output are the frames, then, and nothing may come between or after them.
    stream = sys.stderr if options.keep == inputs.STANDARD_INPUT else sys.stdout
    if options.ndjson:
        stream.write(f"{ndjson(end)}\n")
    elif options.json:
        from dissectors.outputs.export import document

        stream.writelines(document(session.report()))
    elif options.keep != inputs.STANDARD_INPUT:
        from dissectors.outputs.terminal import render

        sys.stdout.write(f"{human(end)}\n\n{render(session.report(), sys.stdout, clock='local')}")
    if session.failed:
        _say(session.failed)
        return FAILED
    return 0


def _say(text: str) -> None:
    """A message for people."""
    from dissectors.outputs.escape import visible

    print(f"muxshark: {visible(text)}", file=sys.stderr, flush=True)
