"""The table of calls: its first rows are HTML, the others are data that the page's script draws when one asks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dissectors.outputs.escape import visible
from dissectors.outputs.terminal.call_table import OUTCOME_STYLES
from dissectors.outputs.terminal.lines import Page
from dissectors.outputs.terminal.moments import moment
from dissectors.outputs.terminal.parties import party
from dissectors.outputs.terminal.summary import outcome
from dissectors.report import Report

MAX_ROWS_OCTETS = 1_150_000
"""Octets of the rows of the table, as data."""

FIRST_ROWS = 200
"""Rows that are HTML, so that they are there without a script."""

STYLES = {"green": "good", "red": "bad", "yellow": "odd"}
SEVERITIES = ("error", "warning", "note")


class Row(NamedTuple):
    """A call in the table; `style` is `good`, `bad`, `odd` or nothing."""

    position: int
    number: str
    start: str
    caller: str
    callee: str
    kind: str
    outcome: str
    style: str
    call_id: str
    found: dict[str, int]

    @property
    def data(self) -> str:
        """The row as JSON that may stand in a page."""
        position, *texts, found = self
        values = [position, *map(visible, texts), *(found.get(severity, 0) for severity in SEVERITIES)]
        return json.dumps(values, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


class Table(NamedTuple):
    """The rows that have room: the first ones, the data of the others, and the first words of all outcomes."""

    first: list[Row]
    later: str
    outcomes: list[str]
    listed: int
    octets: int


def row(page: Page, report: Report, position: int, found: Mapping[int, dict[str, int]]) -> Row:
    """The row of the call at this position; `found` counts findings by call and severity."""
    call = report.calls[position]
    return Row(
        position, report.number_of(position), moment(page, call.start), party(call.caller), party(call.callee),
        "" if call.kind == "call" else call.kind, outcome(call), STYLES.get(OUTCOME_STYLES.get(call.outcome, ""), ""),
        call.call_id, found.get(position, {}),
    )


def table(page: Page, report: Report, order: Sequence[int], found: Mapping[int, dict[str, int]], room: int) -> Table:
    """The rows of the calls, as they began; the last ones of `order` are left out where there is no room in octets."""
    kept: list[tuple[Row, str]] = []
    octets = 0
    for position in order:
        made = row(page, report, position, found)
        data = made.data
        octets += len(data.encode("utf-8", "surrogatepass")) + 2
        if octets > min(MAX_ROWS_OCTETS, room):
            break
        kept.append((made, data))
    kept.sort(key=lambda each: (report.calls[each[0].position].start, each[0].position))
    outcomes = sorted({each.outcome.split(" ")[0] for each, _ in kept})
    later = "[" + ",\n".join(data for _, data in kept[FIRST_ROWS:]) + "]"
    return Table([each for each, _ in kept[:FIRST_ROWS]], later, outcomes, len(kept), octets)
