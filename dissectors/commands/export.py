"""`muxshark export`: calls, messages, streams, datagrams and findings as tables for other programs."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from dissectors.commands import choosing, hep, inputs

if TYPE_CHECKING:
    from dissectors.mux.scan import Row
    from dissectors.outputs.tables.catalogue import Cells, Column
    from dissectors.report import Report
    from dissectors.rewriting.output import Output

HELP = "write calls, messages, streams, datagrams and findings as CSV, NDJSON, SQLite or Parquet"
DESCRIPTION = (
    "Write tables of one or more captures: CSV, NDJSON, SQLite, or Parquet (needs DuckDB). Each capture is a report of "
    "its own; the column capture names it. Several tables of CSV or Parquet go into a folder. docs/export.md lists the "
    "columns."
)
FORMATS = {"csv": ".csv", "ndjson": ".ndjson", "sqlite": ".sqlite", "parquet": ".parquet"}
ENDINGS = {".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson", ".sqlite": "sqlite", ".db": "sqlite",
           ".parquet": "parquet"}
ONE_FILE = ("ndjson", "sqlite")
FOREIGN = (".xlsx", ".xls", ".ods", ".json", ".txt", ".xml", ".html", ".tsv")
"""Endings that people try, of formats that are not written."""

COPY_OCTETS = 1 << 20


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    inputs.add_captures(parser)
    parser.add_argument(
        "-o", "--output", default="-", metavar="OUT", help="the file or folder to write; its ending selects the format"
    )
    parser.add_argument("--format", choices=tuple(FORMATS), help="the format (csv)")
    parser.add_argument(
        "--tables", type=tables, metavar="NAME,…", help="the tables; all but datagrams if none is named"
    )
    choosing.add_filter(parser, "calls, streams and flows")
    hep.add(parser, "instead, send")
    parser.add_argument("--pace", action="store_true", help="with --hep, at the pace of the capture instead of at once")
    parser.add_argument("--force", action="store_true", help="replace files that exist")
    inputs.add_reading(parser)


def tables(text: str) -> tuple[str, ...]:
    """Names of tables, separated by commas."""
    from dissectors.outputs.tables.catalogue import NAMES

    names = tuple(dict.fromkeys(text.split(",")))
    for name in names:
        if name not in NAMES:
            there = f"there are {', '.join(NAMES)}"
            raise argparse.ArgumentTypeError(inputs.unknown("table", name, list(NAMES), there))
    return names


def run(options: argparse.Namespace) -> int:
    """Write the tables."""
    from dissectors.outputs.tables.catalogue import DATAGRAMS, NAMES
    from dissectors.rewriting.output import Folder, Output, refuse

    named = inputs.paths(options)
    if beside := next((name for name in named[1:] if _is_output(name)), None):
        raise inputs.Refused(f"{beside}: no such file; -o {beside} writes there")
    if options.hep:
        return _send(named, options)
    wanted = options.tables or tuple(name for name in NAMES if name != DATAGRAMS)
    kind = options.format or ENDINGS.get(os.path.splitext(options.output)[1].lower(), "csv")
    alone = len(wanted) == 1 or kind in ONE_FILE
    refuse_ending(options, alone, len(wanted))
    if options.output == "-" and not alone:
        raise inputs.Refused(f"{len(wanted)} tables do not go into one output; -o names a folder, --tables one of them")
    if options.output == "-" and kind == "sqlite" and sys.stdout.isatty():
        raise inputs.Refused("a database is not for a terminal; -o names a file")
    if alone:
        refuse(options.output, force=options.force, inputs=named)
        with Output(options.output, force=options.force, inputs=named) as output:
            write(kind, [made(named, options, name) for name in wanted], {name: output for name in wanted})
        return 0
    with Folder(options.output, force=options.force) as folder:
        paths = {name: os.path.join(folder, name + FORMATS[kind]) for name in wanted}
        outputs = {name: Output(path) for name, path in paths.items()}
        write(kind, [made(named, options, name) for name in wanted], outputs)
        for output in outputs.values():
            output.commit()
    return 0


def _is_output(name: str) -> bool:
    """Whether a name among the captures is meant as that of the output."""
    return os.path.splitext(name)[1].lower() in ENDINGS and not os.path.exists(name)


def refuse_ending(options: argparse.Namespace, alone: bool, tables: int) -> None:
    """Raise Refused where the name of the output is that of a file, and it would be a folder or another format."""
    ending = os.path.splitext(options.output)[1].lower()
    if ending in ENDINGS and not alone:
        one = f"{tables} tables of {ENDINGS[ending].upper()} are a file each"
        raise inputs.Refused(f"{options.output}: {one}; -o names a folder, --tables one of them")
    if ending in FOREIGN and not options.format:
        raise inputs.Refused(f"{options.output}: not a format that is written; endings are {', '.join(ENDINGS)}")


def _send(named: list[str], options: argparse.Namespace) -> int:
    """Send everything to a server, and say how much it was."""
    from dissectors.findings.rule import counted
    from dissectors.rewriting import hep

    if inputs.STANDARD_INPUT in named:
        raise inputs.Refused("--hep reads a capture twice; name a file")
    if options.filter or options.call:
        raise inputs.Refused("--hep sends a whole capture; muxshark FILE --call CALL -w OUT cuts one call out first")
    sender = hep.Sender(*options.hep, tcp=options.tcp)
    for path in named:
        told = hep.packets(
            inputs.rows([path], options), report_of(path, options), options.agent, inputs.limits(options)
        )
        tally = hep.send(told, sender, pace=options.pace)
        inputs.say([f"{path}: {tally.sent:,} packets sent"])
        inputs.say([f"{tally.too_long:,} were too long for HEP"] if tally.too_long else [])
        inputs.say([f"{tally.unheard:,} of them were not acknowledged"] if tally.unheard else [])
        if tally.closed:
            times = counted(tally.closed, "time")
            inputs.say([f"the server closed the connection {times}: what it had not read then is lost"])
    return 0


Made = tuple[str, "tuple[Column, ...]", "Iterable[Cells]"]
"""A table's name, its columns and its rows."""


def made(named: list[str], options: argparse.Namespace, name: str) -> Made:
    """A table of captures: its name, its columns and its rows."""
    from dissectors.outputs.tables.catalogue import columns_of

    return name, columns_of(name), _rows(named, options, name)


def _rows(named: list[str], options: argparse.Namespace, name: str) -> Iterator[Cells]:
    from dissectors.outputs.tables.catalogue import DATAGRAMS, TABLES, datagram

    for path in named:
        if name == DATAGRAMS:
            yield from (datagram(row, path) for row in _datagrams(path, options))
        else:
            yield from TABLES[name].rows(_selected(path, options))


def _selected(path: str, options: argparse.Namespace) -> Report:
    """What -Y and --call ask for of one capture."""
    from dissectors.queries.selection import select

    report = report_of(path, options)
    keep = choosing.kept(report, options)
    return select(report, keep) if keep else report


def _datagrams(path: str, options: argparse.Namespace) -> Iterator[Row]:
    """The datagrams that -Y and --call ask for."""
    from dissectors.queries.datagrams import Datagrams

    rows = inputs.rows([path], options)
    if not (options.filter or options.call):
        return rows
    report = report_of(path, options)
    keep = choosing.kept(report, options)
    return filter(Datagrams(keep, report), rows) if keep else rows


def report_of(path: str, options: argparse.Namespace) -> Report:
    """The report on one capture; it is kept, for several tables ask for it one after the other."""
    from dissectors import offline

    reports: dict[str, Report] = options.__dict__.setdefault("reports", {})
    if path not in reports:
        reports[path] = offline.analyze(
            [path], limits=inputs.limits(options), forced=inputs.forced(options), keys=inputs.keys(options),
            everything=True,
        )
        inputs.say(inputs.damage(reports[path]))
    return reports[path]


def write(kind: str, found: list[Made], outputs: dict[str, Output]) -> None:
    """Write tables, each to its output."""
    from dissectors.outputs.tables import texts

    if kind == "csv":
        for name, columns, rows in found:
            for piece in texts.csv_pieces(columns, rows):
                outputs[name].write(piece.encode("utf-8", "backslashreplace"))
    elif kind == "ndjson":
        for name, columns, rows in found:
            for piece in texts.ndjson_pieces(name, columns, rows):
                outputs[name].write(piece.encode())
    else:
        _by_file(kind, found, outputs)


def _by_file(kind: str, found: list[Made], outputs: dict[str, Output]) -> None:
    """Formats that a library writes into a file of its own."""
    import sqlite3
    from tempfile import TemporaryDirectory

    from dissectors.outputs.tables import duck, sqlite

    with TemporaryDirectory(prefix="muxshark-") as folder:
        try:
            if kind == "sqlite":
                path = os.path.join(folder, "database")
                sqlite.write(path, found)
                _pour(path, next(iter(outputs.values())))
                return
            database = duck.Database(found)
            for name, _, _ in found:
                path = os.path.join(folder, name)
                database.parquet(name, path)
                _pour(path, outputs[name])
        except (sqlite3.Error, duck.NoAnswer) as error:
            raise inputs.Refused(str(error)) from None


def _pour(path: str, output: Output) -> None:
    with open(path, "rb") as file:
        while octets := file.read(COPY_OCTETS):
            output.write(octets)
