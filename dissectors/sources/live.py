"""Frames as they come: which way into the machine there is, and the one shape that all of them have.

Ways are tried in order: the kernel's ring, dumpcap (whose own rights may reach further than ours), Scapy's sniffer.
A source says which one it is and why.
"""
from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Sequence
from typing import Protocol

from dissectors.sources import rights
from dissectors.wire.errors import CaptureError
from dissectors.wire.records import Record, Walker
from dissectors.wire.values import Struct

SNAPLEN = 262_144
BUFFER = 64 << 20
BACKLOG = 1 << 30


class Wanted(Struct, frozen=True):
    """What is to be captured: from which interfaces, by which filter, how much of a frame.

    `buffer` octets wait in the kernel, `backlog` octets (in a temporary file) until they are analysed.
    """

    interfaces: tuple[str, ...]
    filter: str = ""
    snaplen: int = SNAPLEN
    promiscuous: bool = False
    buffer: int = BUFFER
    backlog: int = BACKLOG


class Drops(Struct):
    """Frames that are lost: the kernel's ring had no room for them, or our backlog had none."""

    kernel: int = 0
    us: int = 0


class Source(Protocol):
    """Frames as they come.

    `backend` is the way in, `why` a phrase that says why this one, `names` the interfaces. `ended` is True once nothing
    more will come; `failed` then says what broke, if anything did.
    """

    backend: str
    why: str
    names: tuple[str, ...]
    failed: str

    @property
    def ended(self) -> bool: ...

    @property
    def walker(self) -> Walker | None:
        """What walks the octets of `octets`, fed with all that came before; None where there are only records."""
        ...

    @property
    def head(self) -> bytes:
        """What a pcapng file of all that `octets` gives begins with; empty where they are no such blocks."""
        ...

    def octets(self) -> tuple[bytes, int]:
        """The next octets of a capture, for `walker`, and where there is a `head` how many frames they are.

        It and `read` go on where the other stopped.
        """
        ...

    @property
    def behind(self) -> int:
        """Octets that are taken in and not yet read."""
        ...

    def wait(self, timeout: float) -> None:
        """Sleep until something is there, at most `timeout` seconds; a signal wakes too."""
        ...

    def read(self) -> list[Record]:
        """The next frames, in order and numbered from 1; none when there are none now."""
        ...

    def stop(self) -> None:
        """Take nothing more in. What came before is still to be read, until `ended`."""
        ...

    def drops(self) -> Drops:
        """How many frames were dropped so far."""
        ...

    def news(self) -> list[str]:
        """What people should hear of since this was asked last: an interface that went down, and the like."""
        ...

    def close(self) -> None:
        """Give everything back."""
        ...


def open_source(wanted: Wanted, backend: str = "") -> Source:
    """The best way in that works, or the one that is named; raises CaptureError with what to do about it."""
    ways = {name: way for name, way in BACKENDS.items() if backend in ("", name)}
    refusals: list[str] = []
    for name, way in ways.items():
        try:
            source = way(wanted)
        except Refusal as refusal:
            refusals.append(f"{name}: {refusal}")
            continue
        source.why = f"asked for by --backend; {source.why}" if backend else "; ".join((*refusals, source.why))
        return source
    raise CaptureError(f"cannot capture on {', '.join(wanted.interfaces)}: {'; '.join(refusals)}. {advice()}")


class Refusal(Exception):
    """One way in does not work here; the phrase says why."""


def advice(run: str = "") -> str:
    """What to run where rights are missing: `run` with more of them, or the command that is running."""
    if not sys.platform.startswith("linux"):
        return "Try it as root, or install Wireshark, whose dumpcap has the rights"
    if rights.is_root():
        return "Root is not enough here: the container needs CAP_NET_RAW (docker run --cap-add NET_RAW --network host)"
    return (
        f"Run it as root, which is given up at once (sudo {run or command()}), "
        f"or give this Python the right ({rights.setcap()}), "
        "or let dumpcap do it (sudo apt install wireshark-common, then sudo dpkg-reconfigure wireshark-common, then "
        "sudo usermod -aG wireshark $USER, and log in again)"
    )


def command(words: Sequence[str] | None = None) -> str:
    """The command that is running, as it can be typed again into a shell, or the same program with other words."""
    first = sys.argv[0] if sys.argv else "muxshark"
    program = [os.path.abspath(first)]
    if os.path.basename(first) == "__main__.py":
        program = [sys.executable, "-m", os.path.basename(os.path.dirname(first))]
    elif first.endswith(".py"):
        program = [sys.executable, first]
    return shlex.join((*program, *(sys.argv[1:] if words is None else words)))


def _ring(wanted: Wanted) -> Source:
    from dissectors.sources import rings

    if not rings.supported():
        raise Refusal("only Linux has it")
    try:
        return rings.Rings(wanted)
    except PermissionError:
        raise Refusal("raw sockets are not allowed here") from None
    except OSError as error:
        raise Refusal((error.strerror or str(error)).lower()) from None


def _dumpcap(wanted: Wanted) -> Source:
    from dissectors.sources.pipe import Dumpcap

    return Dumpcap(wanted)


def _scapy(wanted: Wanted) -> Source:
    from dissectors.sources.live_scapy import Sniffer

    return Sniffer(wanted)


BACKENDS: dict[str, Callable[[Wanted], Source]] = {"ring": _ring, "dumpcap": _dumpcap, "scapy": _scapy}
"""The ways in, the best first."""

