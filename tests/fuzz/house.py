"""What of the package is fuzzed: the one place that says where it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dissectors.cli import main as muxshark
from dissectors.mux.classify import classify
from dissectors.mux.explain import explain
from dissectors.mux.scan import PROTOCOLS, Batch, Scanner
from dissectors.mux.table import TABLE
from dissectors.offline import analyze
from dissectors.protocols import sdp, sip
from dissectors.sources.capture import open_capture
from dissectors.sources.keys import NoKeys
from dissectors.sources.keys import read as keys
from dissectors.wire.captures.records import MAX_RECORD_OCTETS, MAX_TIME_NS, Record
from dissectors.wire.errors import CaptureError, Malformed
from dissectors.wire.inflate import LIMITS, inflate, recover
from dissectors.wire.link.frames import Frames

COMPILED = "dissectors.mux.compiled.scan"
MODULE = "dissectors"
PURE = "MUXSHARK_PURE"
"""The module of the compiled scan, what `python -m` runs, and the variable that asks for the interpreted scan."""

PARSERS: dict[str, Callable[[bytes], Any]] = {
    **{spec.name: spec.parse for spec in TABLE},
    "SDP": sdp.parse,
    "SIP, all": sip.parse_all,
}
"""What reads octets into a message, or raises Malformed and nothing else."""

WITHOUT_SUMMARY = ("SDP", "SIP, all")
MEDIA = PROTOCOLS.index("RTP")


def _one_by_one(batches: Iterable[Batch], due: object = None) -> Iterator[Batch]:
    """Batches as the scan makes them, however small."""
    yield from batches


BOUNDS = {"dissectors.offline": {"MAX_FINISHED_CALLS": 1, "_gathered": _one_by_one}}
"""Bounds that damaged captures are too small to meet, by module, and what they are where they are to be met."""

__all__ = [
    "COMPILED", "LIMITS", "MAX_RECORD_OCTETS", "MAX_TIME_NS", "MODULE", "PARSERS", "PURE", "WITHOUT_SUMMARY",
    "CaptureError", "Malformed", "NoKeys", "Record", "analyze", "compiled", "explain", "inflate",
    "keys", "messages", "muxshark", "narrow", "open_capture", "payloads", "properties", "protocol", "recover",
    "within",
]


def compiled() -> bool:
    """Whether the compiled scan was built here."""
    return find_spec(COMPILED) is not None


@contextmanager
def narrow(wanted: bool) -> Iterator[None]:
    """Within it, if that is wanted, few calls are held and told, and what is over is let go of early."""
    before = []
    for name, bounds in BOUNDS.items() if wanted else ():
        module = import_module(name)
        for bound, value in bounds.items():
            before.append((module, bound, getattr(module, bound)))
            setattr(module, bound, value)
    try:
        yield
    finally:
        for module, bound, value in before:
            setattr(module, bound, value)


def payloads(record: Record) -> list[bytes]:
    """The UDP payloads of a frame."""
    return [bytes(found.payload) for found in Frames().udp(record)]


def messages(path: Path) -> list[bytes]:
    """The payloads of a capture that are no media, those that came over streams among them, each once."""
    try:
        with open_capture(str(path)) as capture:
            scanner = Scanner()
            batches = [*scanner.scan((0, record) for record in capture.records()), scanner.finish()]
    except CaptureError:
        return []
    payloads = {entry.payload: None for batch in batches for entry in batch.entries if entry.protocol != MEDIA}
    return list(payloads)


def within(value: Any) -> Iterator[Any]:
    """A value, and the values that stand in its fields, and in theirs."""
    yield value
    fields = [getattr(value, name) for name in getattr(type(value), "__struct_fields__", ())]
    for one in (*fields, *(value if isinstance(value, (tuple, list)) else ())):
        yield from within(one)


def properties(value: Any) -> list[str]:
    """What a value of a message tells beside its fields, by name."""
    kind = type(value)
    told = hasattr(kind, "__struct_fields__") or hasattr(kind, "_fields")
    return [name for name in dir(kind) if isinstance(getattr(kind, name), property)] if told else []


def protocol(payload: bytes) -> str:
    """What the table says of a payload alone."""
    return classify(payload).protocol
