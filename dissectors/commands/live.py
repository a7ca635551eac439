"""`muxshark live`: watch an interface or a pipe."""
from __future__ import annotations

import argparse
import signal
import sys
import time
from contextlib import ExitStack
from importlib import import_module
from typing import TYPE_CHECKING

from dissectors.commands import inputs, live_options
from dissectors.commands.live_views import UNREAD, Audience, say, watch
from dissectors.outputs.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from dissectors.commands.live_browse import Browsing
    from dissectors.commands.live_listeners import Listeners
    from dissectors.commands.live_recorder import FlightRecorder
    from dissectors.live.events import EndEvent
    from dissectors.live.session import Session
    from dissectors.mux.scan import Batch
    from dissectors.sources.interface.source import Source
    from dissectors.sources.keeper import Keeper
    from dissectors.sources.keys import Following

HELP = "report live from an interface or a pipe"
DESCRIPTION = """\
Watch an interface or a pipe: ports, calls, streams, findings and drops.
  muxshark live -i eth0 --ports 5060,16384-16402
  muxshark live -i any -f 'host 192.0.2.1' -w call.pcapng
  tcpdump --immediate-mode -U -w - | muxshark live -
  ssh router tcpdump --immediate-mode -U -w - udp | muxshark live -
Ctrl-C ends with the full report of the session; a second Ctrl-C ends at once."""
SWITCH_SECONDS = 0.0005
FAILED, CLOSED, INTERRUPTED = 2, 141, "interrupted"
"""Exit statuses, and a reason to end; a shell reports 141 for a program whose output pipe was closed."""


SAME_INTERRUPT_SECONDS = 0.03
"""Two interrupts within so many seconds are one: no user is that fast."""

AHEAD = tuple(f"dissectors.outputs.{name}" for name in ("escape", "export", "journal", "speaker"))
"""Modules that the end of a session needs."""

TRACKING = tuple(f"dissectors.{name}" for name in (
    "analysis.calls.jsep", "analysis.calls.verto", "analysis.connectivity.channels",
    "analysis.connectivity.handshakes", "analysis.connectivity.sessions", "analysis.connectivity.succession",
    "analysis.streams.unsent", "engine.assessed", "engine.belongings", "engine.talks", "findings.delivery.unsent",
    "findings.dropped", "findings.media.namesakes", "protocols.dtls_bodies", "protocols.dtls_handshake",
    "protocols.jsep_http", "protocols.jsep_json", "protocols.jsep_xml", "wire.proxied", "wire.tls_hello", "wire.x509",
))
"""Modules of what reads, tracks and judges that are loaded with what they are for, where one may."""

OPENING = tuple(f"dissectors.{name}" for name in ("crypto.dtls_records", "engine.secured", "mux.tls", "mux.tls_keys"))
"""Modules that TLS and DTLS need."""

BROWSING = (
    "dissectors.screens.browser.app", "textual.drivers.linux_driver", "textual.widgets._toast",
    "textual.widgets._tooltip",
)
"""Modules that the screen needs on which one goes about."""

SENDING = ("dissectors.commands.live_hep", "encodings.idna")
"""Modules that a server of HEP needs, and its name."""

LARGE_BUFFER_MIB = 512
"""MiB of a ring beyond which the kernel takes seconds to provide it."""

arguments = live_options.arguments


def run(options: argparse.Namespace) -> int:
    """Watch until the end, then print the report."""
    if options.list:
        sys.stdout.writelines(f"{text}\n" for text in listing())
        return 0
    live_options.settle(options)
    from dissectors.commands.live_listeners import Listeners
    from dissectors.live import session as online
    from dissectors.sources.interface import rights

    _load(options)
    with ExitStack() as stack:
        source = _source(options)
        stack.callback(source.close)
        keys = _keys(options)
        stack.callback(keys.close)
        became = rights.give_up_root(options.user)
        listeners = Listeners(options)
        keeper = _keeper(options, source)
        recorder = _recorder(options, source)
        browsing = _browsing(options, source, recorder)
        session = online.Session(
            source, keeper=keeper, stop=live_options.stop(options), limits=inputs.limits(options),
            forced=inputs.forced(options), every=options.every, calls=options.calls, keys=keys,
            keep=options.wanted, secrets=options.secrets, recorder=browsing.frames if browsing else recorder,
            taken=_taken(listeners, browsing),
        )
        if options.html:
            listeners.show(options.html, options.clock, session.report)
        if recorder is not None:
            stack.callback(recorder.close)
            recorder.keys = lambda: session.scanner.connections.secrets
        _handle(session)
        whom = f", as {became}" if became else ""
        # A user may interrupt as soon as this line is there: the kept file is a capture by now.
        say(f"watching {', '.join(source.names)} by {source.backend}{whom}: {source.why}")
        for log in keys.logs:
            say(f"opening TLS with the keys in {log.name}" + (f" ({log.origin})" if log.origin != "file" else ""))
        # The thread that empties the kernel's ring waits no longer than that for the interpreter.
        sys.setswitchinterval(SWITCH_SECONDS)
        return _finish(options, session, watch(options, session, listeners, browsing), listeners)


def listing() -> list[str]:
    """One line per interface: number, name, state, addresses."""
    from dissectors.sources.interface.interfaces import interfaces

    found = interfaces()
    width = max(len(interface.name) for interface in found)
    return [
        f"{number:>2}  {one.name:<{width}}  {one.state:<10}  {', '.join(one.addresses)}".rstrip()
        for number, one in enumerate(found, 1)
    ]


def _load(options: argparse.Namespace) -> None:
    """Import all modules now: the user that we become may have no right to read Python's folders."""
    from dissectors.offline import scanner_class

    scanner_class()
    report = () if options.ndjson else (inputs.report_format(options).module,)
    page = (FORMATS["html"].module,) if options.html and not FORMATS["html"].lacking else ()
    wanted = (*(BROWSING if options.browse else ()), *(SENDING if options.hep else ()))
    for name in (*AHEAD, *TRACKING, *OPENING, *report, *page, *wanted):
        import_module(name)


def _source(options: argparse.Namespace) -> Source:
    from dissectors.sources.interface import bpf, opening
    from dissectors.sources.interface.source import SNAPLEN_OCTETS, Wanted
    from dissectors.sources.pipe import Pipe

    if options.pipe:
        return Pipe(_keyboard() if options.browse else sys.stdin.fileno())
    if options.buffer > LARGE_BUFFER_MIB:
        say(f"asking the kernel for {options.buffer:,} MiB; this takes a while")
    expression = bpf.both(options.filter, bpf.for_ports(options.ports) if options.ports else "")
    wanted = Wanted(
        tuple(options.interfaces), expression, min(options.snaplen, SNAPLEN_OCTETS), options.promiscuous,
        options.buffer << 20, options.backlog << 20,
    )
    return opening.open_source(wanted, options.backend)


def _keys(options: argparse.Namespace) -> Following:
    from dissectors.crypto.primitives import NoCryptography
    from dissectors.sources.keys import Following, NoKeys

    try:
        return Following(options.keys, options.private_keys)
    except (NoKeys, NoCryptography) as error:
        raise inputs.Refused(str(error)) from None


def _keeper(options: argparse.Namespace, source: Source) -> Keeper | None:
    from dissectors.sources.keeper import Keeper

    if not options.keep:
        return None
    return Keeper(
        options.keep, rotation=live_options.rotation(options), interface=", ".join(source.names),
        snaplen=options.snaplen, head=source.head,
    )


def _recorder(options: argparse.Namespace, source: Source) -> FlightRecorder | None:
    if options.record_on is None:
        return None
    from dissectors.commands.live_recorder import FlightRecorder, recent_frames

    return FlightRecorder(
        options.record_on, options.record_dir, recent_frames(options, source), files=options.record_files,
        interface=", ".join(source.names),
    )


def _browsing(options: argparse.Namespace, source: Source, recorder: FlightRecorder | None) -> Browsing | None:
    if not options.browse:
        return None
    from dissectors.commands.live_browse import Browsing

    return Browsing(options, source, recorder)


def _taken(listeners: Listeners, browsing: Browsing | None) -> Callable[[Batch], object] | None:
    """What each batch is shown to before it is analysed."""
    wanted: list[Callable[[Batch], object]] = [browsing.originals.take] if browsing else []
    wanted += [listeners.relay.take] if listeners.relay else []
    if len(wanted) < 2:
        return wanted[0] if wanted else None
    return lambda batch: [take(batch) for take in wanted]


def _keyboard() -> int:
    from dissectors.commands.browse import keyboard

    return keyboard()


def _handle(session: Session) -> None:
    """The first Ctrl-C (or SIGTERM) ends the session in order; the next one ends it at once."""
    since = 0.0

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal since
        now = time.monotonic()
        # `timeout -s INT` interrupts a program, and then its whole process group.
        if session.reason == INTERRUPTED and number == signal.SIGINT and now - since > SAME_INTERRUPT_SECONDS:
            raise KeyboardInterrupt
        since = since or now
        session.stop(INTERRUPTED)
        session.reason = INTERRUPTED

    for number in (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])):
        # nohup(1) ignores the one that a closed terminal sends.
        if number in (signal.SIGINT, signal.SIGTERM) or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handle)


def _finish(options: argparse.Namespace, session: Session, audience: Audience, listeners: Listeners) -> int:
    """Print the last event and the report; return the exit status."""
    unread, end = 0, session.end()
    if audience.error is None:
        unread = _end(options, session, audience, end)
    for text in session.failures:
        if text not in audience.said:
            audience.say(text)
    if audience.left or audience.stalled:
        kept = () if session.failures else filter(None, (session.kept,))
        audience.say(": ".join((_unsaid(audience, unread) if audience.stalled else UNREAD, *kept)))
    for text in listeners.close(end):
        audience.say(text)
    audience.close()
    if audience.error is not None and not audience.left:
        raise audience.error
    unread_frames = session.keeper is not None and session.keeper.unread
    return FAILED if session.failures else CLOSED if audience.left or audience.stalled or unread_frames else 0


def _unsaid(audience: Audience, octets: int) -> str:
    """What a reader who stalls did not take."""
    from dissectors.findings.rule import counted

    events = f"{counted(audience.unsaid, 'event')} and " if audience.unsaid else ""
    return f"nobody read standard output at the end; {events}{counted(octets, 'byte')} were not written"


def _end(options: argparse.Namespace, session: Session, audience: Audience, end: EndEvent) -> int:
    """Say what the session ends with; return how many octets of it were not taken."""
    from dissectors.live.events import MissedEvent
    from dissectors.outputs.journal import human, ndjson
    from dissectors.outputs.view import View

    # Then the frames are on standard output, and nothing else may be written there.
    taken = options.keep == inputs.STANDARD_INPUT
    speaker, form = audience.notes if taken else audience.out, inputs.report_format(options)

    def texts() -> Iterator[str]:
        if audience.unsaid:
            missed = MissedEvent("missed", end.time, audience.unsaid)
            yield f"{ndjson(missed) if options.ndjson else human(missed)}\n"
        if options.ndjson:
            yield f"{ndjson(end)}\n"
        elif not (form.for_people and taken):
            yield f"{human(end)}\n\n" if form.for_people else ""
            yield from form.write(session.report(), View(speaker.stream, clock=options.clock))

    return audience.report(texts(), speaker)
