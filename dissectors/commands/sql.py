"""`muxshark sql`: ask captures in SQL."""

from __future__ import annotations

import argparse
import os
import re
import sys

from dissectors.commands import export, inputs

HELP = "ask one or more captures in SQL, for instance: select * from calls"
DESCRIPTION = (
    "Ask the tables of captures in SQL: files, calls, messages, streams, moments, flows, checks, handshakes, findings "
    "and datagrams. One SELECT; nothing is written, and DuckDB opens no file and no connection. It needs DuckDB (pip "
    "install 'muxshark[sql]'). docs/export.md lists the columns."
)
WORD = re.compile(r"[a-z_]+")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("question", metavar="SELECT", help="the question")
    inputs.add_captures(parser)
    parser.add_argument(
        "--format", choices=("table", "csv", "ndjson"), default="table", help="the form of the answer (table)"
    )
    inputs.add_reading(parser)
    parser.set_defaults(filter=None, call=None)


def run(options: argparse.Namespace) -> int:
    """Print the answer."""
    from dissectors.outputs.tables.answers import WRITERS
    from dissectors.outputs.tables.catalogue import NAMES
    from dissectors.outputs.tables.duck import Database, NoAnswer

    if os.path.isfile(options.question):
        raise inputs.Refused(f"the SELECT comes first: muxshark sql 'select …' {options.question}")
    named = inputs.paths(options)
    # A table that the question does not name is not made: datagrams take longest.
    words = set(WORD.findall(options.question.lower()))
    wanted = [name for name in NAMES if name in words]
    try:
        database = Database([export.made(named, options, name) for name in wanted])
        names, rows = database.ask(options.question)
        sys.stdout.writelines(WRITERS[options.format](names, rows))
    except NoAnswer as error:
        raise inputs.Refused(str(error)) from None
    return 0
