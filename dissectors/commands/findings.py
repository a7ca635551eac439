"""`muxshark findings`: what a finding means, and what to do about it."""

from __future__ import annotations

import argparse

NAME = "findings"
HELP = "what a finding means and what to do about it"
DESCRIPTION = "Without an id, list every finding that analyze may report; with one, say what it means and what to do."


def arguments(parser: argparse.ArgumentParser) -> None:
    """What may follow the command's name."""
    parser.add_argument("id", nargs="?", metavar="ID", help="the finding's id, such as media-one-way")
    parser.add_argument("--markdown", action="store_true", help="all of them as docs/findings.md")


def run(options: argparse.Namespace) -> int:
    """Print one finding, or all."""
    from dissectors.commands import inputs
    from dissectors.findings.rules import RULES
    from dissectors.outputs.terminal import catalogue

    if options.id is not None and options.id not in RULES:
        raise inputs.Refused(inputs.unknown("finding", options.id, list(RULES), "see muxshark findings"))
    lines = catalogue.markdown() if options.markdown else catalogue.listing()
    for line in catalogue.one(RULES[options.id]) if options.id else lines:
        print(line)
    return 0
