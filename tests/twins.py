"""Both scans side by side: everything that each tells of a capture, and that it is the same; and other twins."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import partial
from importlib.util import module_from_spec, spec_from_file_location
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

from dissectors.engine.icmp import icmp_errors
from dissectors.mux import scan as interpreted
from dissectors.mux.counters import Counters
from dissectors.mux.pictures import Pictures
from dissectors.mux.teller import Teller
from dissectors.mux.verdicts import Verdicts
from dissectors.sources.capture import Capture

try:
    from dissectors.mux.compiled import scan as compiled
except ImportError:
    compiled = None  # type: ignore[assignment]

SCANNERS = (interpreted.Scanner,) if compiled is None else (interpreted.Scanner, compiled.Scanner)
"""The scans that are here: a machine without a compiler has one."""

TELLERS: tuple[tuple[type[interpreted.Scanner], type[Teller]], ...] = ((interpreted.Scanner, Teller),)
if compiled is not None:
    TELLERS = ((compiled.Scanner, compiled.Teller), *TELLERS)  # type: ignore[assignment]  # they have the same members

ENTRY = (
    "number", "file", "frame", "layer", "time", "flow", "length", "payload", "row", "protocol", "strength", "evidence",
    "encrypted", "identification",
)
FLOW = (
    "number", "key", "open", "datagrams", "octets", "first", "last", "first_frame", "counts", "encrypted",
    "unknown_octets", "flow",
)
PROPERTIES = ("expected", "lost", "loss_runs", "line", "uneventful")
COUNTED = Counters.__slots__ + PROPERTIES
TOLD = ("counts", "octets", "datagrams", "inside", "first", "last", "recent_times", "bounds_hit")
SMALL = interpreted.Bounds(flows=6, streams=3, waiting=8)

Twin = type[interpreted.Scanner]


def source(compiled: ModuleType) -> ModuleType:
    """The plain Python beside a module, whether or not it was compiled."""
    name = compiled.__name__.rpartition(".")[2]
    spec = spec_from_file_location(f"plain_{name}", Path(str(compiled.__file__)).with_name(f"{name}.py"))
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def entries(batch: Any) -> Iterator[tuple[Any, ...]]:
    """What an entry says, its flow by number."""
    for entry in batch.entries:
        yield tuple(entry.flow.number if name == "flow" else getattr(entry, name) for name in ENTRY)


def scanned(twin: Twin, octets: bytes, chunk: int = 1 << 18, leave: bool = True, **options: Any) -> dict[str, Any]:
    """Everything that a scan can tell of a capture, which may leave what is not whole in a chunk."""
    scanner = twin(**options)
    capture = Capture("made", BytesIO(octets))
    capture._chunks = cut(octets, chunk)
    read = partial(scanner.read, 0, capture.walker, leave=leave)
    rows = [row for batch in capture.lent_through(read) for row in entries(batch)]
    rows += entries(scanner.finish())
    return {"rows": rows, "notes": capture.notes, **state(scanner)}


def state(scanner: interpreted.Scanner) -> dict[str, Any]:
    """The tables of a scan, as plain values."""
    frames = scanner.frames
    return {
        **{name: getattr(scanner, name) for name in TOLD},
        "frames": (frames.frames, frames.datagrams, frames.not_ip, frames.unsupported),
        "icmp": icmp_errors(frames.errors),
        "encapsulations": [*frames.encapsulations.items()],
        "segments": (frames.segments.count, frames.tcp_seen, frames.segments.sctp, frames.segments.esp),
        "connections": (dict(scanner.connections.unread.counts), scanner.messages, len(scanner.connections.damage)),
        "unconfirmed": [
            (protocol, found.port, found.count, found.frames) for protocol, found in scanner.unconfirmed.items()
        ],
        "flows": [tuple(getattr(flow, name) for name in FLOW) + (flow.pair.seen,) for flow in scanner.flows],
        "streams": [tuple(counted(stream).values()) for stream in scanner.streams],
    }


def counted(stream: Any) -> dict[str, Any]:
    """The counters of a stream, with those of its pictures, as plain values."""
    told = {name: getattr(stream, name) for name in COUNTED}
    pictures = told["pictures"]
    told |= {"points": stream.points(), "moments": stream.moments(lambda *each: each, 0, 8000.0)}
    told |= {"uniform": stream.uneventful and stream.uniform(), "jitter_at": [*map(stream.jitter_at, range(8))]}
    return told | {"pictures": pictures and {name: getattr(pictures, name) for name in Pictures.__slots__}}


def cut(octets: bytes, size: int) -> Iterator[bytes]:
    return (octets[at : at + size] for at in range(0, len(octets), size))


def same(octets: bytes, **options: Any) -> dict[str, Any]:
    """Both scans tell the same of a capture, column by column: this; the compiled one may leave out rows of little."""
    ours, theirs = (scanned(twin, octets, every=True, **options) for twin in (compiled.Scanner, interpreted.Scanner))
    for name, value in theirs.items():
        assert ours[name] == value, name
    brief = scanned(compiled.Scanner, octets, **options)
    left_out = set(theirs["rows"]) - set(brief["rows"])
    media, unknown = interpreted.PROTOCOLS.index("RTP"), interpreted.UNKNOWN
    assert {(row[9], row[10]) for row in left_out} <= {
        (media, "confirmed"), (unknown, None), (unknown, "plausible"),
    }
    assert [row for row in theirs["rows"] if row not in left_out] == brief["rows"]
    for name in theirs.keys() - {"rows"}:
        assert brief[name] == theirs[name], name
    numbered = sorted(row for row in theirs["rows"] if row[0] >= 0)
    told = [retold(*each, octets, **options) for each in TELLERS]
    assert told[0] == told[1]
    assert [row[1:6] for row in told[0]] == [row[9:13] + row[8:9] for row in numbered]
    for frame in {row[2] for row in numbered[:: len(numbered) // 3 + 1]}:
        watched = scanned(compiled.Scanner, octets, frame=frame, **options)["rows"]
        assert [row for row in watched if row[2] == frame] == [row for row in theirs["rows"] if row[2] == frame]
    return ours


def retold(twin: Twin, teller: type[Teller], octets: bytes, **options: Any) -> list[tuple[Any, ...]]:
    """Every row of a capture that is scanned for its verdicts, and then told: datagram, verdict, and what is inside."""
    verdicts = Verdicts(BytesIO())
    scanner, capture = twin(verdicts=verdicts, **options), Capture("made", BytesIO(octets))
    for _ in capture.through(partial(scanner.read, 0, capture.walker)):
        pass
    scanner.finish()
    told, capture = teller(verdicts.read()), Capture("made", BytesIO(octets))
    rows = [row for rows in capture.through(partial(told.read, 0, capture.walker)) for row in rows] + told.finish()
    assert len(rows) == scanner.datagrams + scanner.messages
    return [
        (row.datagram, row.protocol, row.strength, row.evidence, row.encrypted, row.row, row.inside) for row in rows
    ]


def pcap(records: list[Any]) -> bytes:
    """A little-endian pcap file of records."""
    pieces = [struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 1)]
    for _, record in records:
        head = *divmod(record.time, 1_000_000_000), len(record.octets), record.original
        pieces += struct.pack("<IIII", *head), record.octets
    return b"".join(pieces)
