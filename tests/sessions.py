"""Sessions on a capture that comes through a pipe."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from array import array
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from dissectors.live.events import Event, Events, Look
from dissectors.live.session import Session, Stop
from dissectors.sources.keeper import Keeper
from dissectors.sources.pipe import Pipe
from tests.made import A, B, report, rtp, sip
from tests.namespaces import MUXSHARK

ROOT = Path(__file__).resolve().parents[1]
CALL = ROOT / "pcaps" / "facetime-2013.pcap"


@contextmanager
def fed(octets: bytes, size: int = 5000, pause: float = 0.0, apart: bool = False) -> Iterator[Pipe]:
    """A pipe into which a thread writes, `size` octets at a time; with `apart` each is read before the next comes."""
    out, into = os.pipe()

    def unread() -> bool:
        import fcntl  # not on every system
        import termios

        return any(array("i", fcntl.ioctl(into, termios.FIONREAD, bytes(4))))

    def write() -> None:
        # Who reads may stop before the end.
        with suppress(BrokenPipeError), open(into, "wb", buffering=0) as file:
            for at in range(0, len(octets), size):
                file.write(octets[at : at + size])
                time.sleep(pause)
                while apart and unread():
                    time.sleep(0.001)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield Pipe(out)
    finally:
        os.close(out)
        thread.join()


def session(octets: bytes, keep: Path | None = None, stop: Stop | None = None, size: int = 5000) -> tuple[Session, Any]:
    """A session over these octets until its end, and what was told of it."""
    told: list[Event] = []

    def watch(look: Look) -> None:
        told.extend(look.events)

    with fed(octets, size) as pipe:
        keeper = Keeper(str(keep)) if keep else None
        one = Session(pipe, keeper=keeper, stop=stop, watch=watch)
        one.run()
    return one, told


def run(*words: str, octets: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [*MUXSHARK, "live", *words]
    return subprocess.run(command, input=octets, capture_output=True, cwd=ROOT, timeout=60, check=False)


HOSTILE = "sip:\x1b[2J\u202eevil@192.0.2.1"


def look(calls: int = 1, streams: int = 2) -> Look:
    """A look at this many calls and streams, with a hostile name among the callers."""
    sent = []
    for number in range(calls):
        headers = (f"Call-ID: {number}", f"From: <{HOSTILE}>;tag=1", "To: <sip:b@192.0.2.2>", "CSeq: 1 INVITE")
        sent += [(A, B, sip("INVITE sip:b@192.0.2.2 SIP/2.0", *headers))]
        sent += [(B, A, sip("SIP/2.0 180 Ringing", headers[0], headers[1], headers[2] + ";tag=2", headers[3]))]
    for sequence in range(30):
        for n in range(streams):
            sent += [((A[0], 20000 + n), (B[0], 20000 + n), rtp(sequence + sequence // 15, ssrc=n + 1))]
    made = report(sent)
    watched = Events()
    events = watched.since(made, made.capture.last or 0.0, (3, 0))
    return Look(
        made, tuple(events), (), 83.0, 1000, 990, 1234.5, 250_000.0, 3, 0, 40_000_000, 0, 0,
        {"RTP": 1200.0, "SIP": 2.0}, watched,
    )
