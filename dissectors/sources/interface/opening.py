"""The choice of a backend for live frames; all backends give the same kind of source.

The backends of `interface.backends` are tried in order: the kernel's ring, dumpcap (which may have more rights than we
have), Scapy's sniffer. A source names its backend and the reason.
"""
from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from importlib import import_module

from dissectors.sources.interface import rights
from dissectors.sources.interface.backends import BACKENDS
from dissectors.sources.interface.source import Refusal, Source, Wanted
from dissectors.wire.errors import CaptureError


def open_source(wanted: Wanted, backend: str = "") -> Source:
    """The best backend that works, or the named one; raises CaptureError with advice."""
    ways = {name: module for name, module in BACKENDS.items() if backend in ("", name)}
    refusals: list[str] = []
    for name, module in ways.items():
        try:
            source: Source = import_module(module).begin(wanted)
        except Refusal as refusal:
            refusals.append(f"{name}: {refusal}")
            continue
        source.why = f"asked for by --backend; {source.why}" if backend else "; ".join((*refusals, source.why))
        return source
    raise CaptureError(f"cannot capture on {', '.join(wanted.interfaces)}: {'; '.join(refusals)}. {advice()}")


def advice(run: str = "") -> str:
    """The advice for missing rights: `run` with more rights, or the current command."""
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
    """The current command in the form for a shell, or the same program with other arguments."""
    first = sys.argv[0] if sys.argv else "muxshark"
    program = [os.path.abspath(first)]
    if os.path.basename(first) == "__main__.py":
        program = [sys.executable, "-m", os.path.basename(os.path.dirname(first))]
    elif first.endswith(".py"):
        program = [sys.executable, first]
    return shlex.join((*program, *(sys.argv[1:] if words is None else words)))
