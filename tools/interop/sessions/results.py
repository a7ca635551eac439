"""Rows of what a program says and what muxshark says, and the table of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WITHIN = 0.05
"""How far two numbers may be apart to agree, as a share of the larger."""


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison: of what, what the program says, what muxshark says, and whether they agree."""

    what: str
    theirs: str
    ours: str
    agrees: bool


def numbers(what: str, theirs: float, ours: float, least: float = 2.0) -> Row:
    """Whether two numbers agree: within five per cent, or apart by no more than `least`."""
    apart = abs(theirs - ours)
    return Row(what, f"{theirs:,.4g}", f"{ours:,.4g}", apart <= max(least, WITHIN * max(abs(theirs), abs(ours))))


def facts(what: str, theirs: object, ours: object) -> Row:
    """Whether two values are the same."""
    return Row(what, str(theirs), str(ours), theirs == ours)


def shown(title: str, rows: Sequence[Row]) -> str:
    """A table in plain text."""
    lines = [("", "program", "muxshark", "")]
    lines += [(row.what, row.theirs, row.ours, "" if row.agrees else "DIFFERS") for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(3)]
    told = [
        f"  {what:<{widths[0]}}  {theirs:>{widths[1]}}  {ours:>{widths[2]}}  {note}".rstrip()
        for what, theirs, ours, note in lines
    ]
    agree = sum(row.agrees for row in rows)
    return "\n".join([f"{title}: {agree} of {len(rows)} agree", *told, ""])
