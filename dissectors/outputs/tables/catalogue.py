"""The tables of an export: their names, what a row is, their columns and their rows.

Every table begins with `capture`, the name of the capture that a row is from. The first number of a row (`call`,
`stream`, …) is its position in the report of that capture; other tables name it by the same word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from dissectors.mux.explain import reason
from dissectors.mux.scan import Row
from dissectors.mux.table import PROTOCOLS
from dissectors.outputs.escape import scalar
from dissectors.outputs.flat import Scalar, columns, rows
from dissectors.outputs.rows import summary
from dissectors.report import (
    Call,
    CaptureFile,
    Check,
    Finding,
    Flow,
    Handshake,
    Message,
    Moment,
    Report,
    Stream,
)
from dissectors.wire.values import Struct

VERSION = "muxshark/export/1"
"""Columns are only added under one version."""

Cells = dict[str, Scalar]


class Column(NamedTuple):
    """A column's name and the type of its values: int, float, bool or str; each may be missing."""

    name: str
    kind: type


class Table(NamedTuple):
    """A table: what a row is, its columns in order, and its rows of a report."""

    name: str
    row: str
    columns: tuple[Column, ...]
    rows: Callable[[Report], Iterator[Cells]]


def _table(
    name: str, row: str, kind: type[Struct], numbers: tuple[str, ...],
    numbered: Callable[[Report], Iterator[tuple[tuple[int | None, ...], Struct]]],
) -> Table:
    """A table of values of a kind, with columns of numbers before theirs."""
    own = [Column(each.name, each.kind) for each in columns(kind) if each.name not in numbers]
    every = (Column("capture", str), *(Column(number, int) for number in numbers), *own)

    def made(report: Report) -> Iterator[Cells]:
        capture = scalar("; ".join(file.name for file in report.capture.files))
        found = list(numbered(report))
        flat = rows(value for _, value in found)
        for (places, _), cells in zip(found, flat, strict=True):
            yield {"capture": capture, **{key: each for key, each in cells.items() if key not in numbers},
                   **dict(zip(numbers, places, strict=True))}

    return Table(name, row, every, made)


def _positions(values: Iterable[Struct]) -> Iterator[tuple[tuple[int | None, ...], Struct]]:
    return (((number,), value) for number, value in enumerate(values))


def _messages(report: Report) -> Iterator[tuple[tuple[int | None, ...], Struct]]:
    return (
        ((position, number), message)
        for position, call in enumerate(report.calls) for number, message in enumerate(call.messages)
    )


def _moments(report: Report) -> Iterator[tuple[tuple[int | None, ...], Struct]]:
    return (((position,), each) for position, stream in enumerate(report.streams) for each in stream.timeline)


def _findings(report: Report) -> Iterator[tuple[tuple[int | None, ...], Struct]]:
    return (((number, each.call, each.stream), each) for number, each in enumerate(report.findings))


DATAGRAM_COLUMNS = (
    Column("capture", str), Column("frame", int), Column("layer", int), Column("time", float), Column("src", str),
    Column("sport", int), Column("dst", str), Column("dport", int), Column("transport", str), Column("length", int),
    Column("protocol", str), Column("strength", str), Column("reason", str), Column("encrypted", bool),
    Column("inside", str), Column("summary", str),
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        _table("files", "a capture file", CaptureFile, ("file",), lambda report: _positions(report.capture.files)),
        _table("calls", "a Call-ID with its dialogs", Call, ("call",), lambda report: _positions(report.calls)),
        _table("messages", "a SIP message", Message, ("call", "message"), _messages),
        _table("streams", "an RTP stream", Stream, ("stream",), lambda report: _positions(report.streams)),
        _table("moments", "a stream at one moment of its time series", Moment, ("stream",), _moments),
        _table("flows", "a directed 5-tuple", Flow, ("flow",), lambda report: _positions(report.flows)),
        _table("checks", "STUN from one end to another", Check, ("check",), lambda report: _positions(report.checks)),
        _table("handshakes", "a DTLS handshake", Handshake, ("handshake",),
               lambda report: _positions(report.handshakes)),
        _table("findings", "a finding", Finding, ("finding", "call", "stream"), _findings),
    )
}
"""Every table that a report gives, by its name."""

DATAGRAMS = "datagrams"
NAMES = (*TABLES, DATAGRAMS)


def columns_of(name: str) -> tuple[Column, ...]:
    """The columns of a table."""
    return DATAGRAM_COLUMNS if name == DATAGRAMS else TABLES[name].columns


def datagram(row: Row, capture: str) -> Cells:
    """One settled datagram as a row of its table; `time` is in seconds since the epoch."""
    one = row.datagram
    return {
        "capture": scalar(capture), "frame": one.frame, "layer": one.layer, "time": one.time / 1e9,
        "src": one.flow.src, "sport": one.flow.sport, "dst": one.flow.dst, "dport": one.flow.dport,
        "transport": one.flow.transport, "length": one.length, "protocol": PROTOCOLS[row.protocol],
        "strength": row.strength, "reason": scalar(reason(row)), "encrypted": row.encrypted,
        "inside": row.inside or None, "summary": summary(row),
    }


def markdown() -> str:
    """The tables and their columns, as a page."""
    lines = [f"Version: `{VERSION}`. Under one version, columns are only added.", ""]
    names = {int: "whole number", float: "number", bool: "true or false", str: "text"}
    for name in NAMES:
        what = TABLES[name].row if name in TABLES else "a datagram, or a message of a stream"
        lines += [f"### {name}", "", f"A row is {what}.", "", "| column | type |", "| --- | --- |"]
        lines += [f"| `{column.name}` | {names[column.kind]} |" for column in columns_of(name)]
        lines.append("")
    return "\n".join(lines)
