"""`muxshark findings`: explain a finding and what to do."""

from __future__ import annotations

import argparse

MAX_LISTED = 6
HELP = "explain what a finding means and what to do"
DESCRIPTION = "Without an id, list every finding of analyze; with one, explain what it means and what to do."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("id", nargs="?", metavar="ID", help="the finding's id, such as media-one-way")
    parser.add_argument("--markdown", action="store_true", help="print all of them as docs/findings.md")


def run(options: argparse.Namespace) -> int:
    """Print one finding, or the list of all."""
    from dissectors.commands import inputs
    from dissectors.findings.catalogue import RULES
    from dissectors.outputs.terminal import catalogue

    options.id = options.id and options.id.lower()
    if options.id is not None and options.id not in RULES:
        parts = [name for name in RULES if options.id in name]
        if parts:
            more = f" and {len(parts) - MAX_LISTED} more (muxshark findings)" if len(parts) > MAX_LISTED else ""
            raise inputs.Refused(f"no finding {options.id!r}; there are {', '.join(parts[:MAX_LISTED])}{more}")
        raise inputs.Refused(inputs.unknown("finding", options.id, list(RULES), "see muxshark findings"))
    lines = catalogue.markdown() if options.markdown else catalogue.listing()
    for line in catalogue.one(RULES[options.id]) if options.id else lines:
        print(line)
    return 0
