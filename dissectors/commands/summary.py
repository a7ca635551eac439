"""What `analyze --each` says of each capture in a row: its calls, the worst of them, and how to sort the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from dissectors.findings.rules import SEVERITIES

if TYPE_CHECKING:
    from dissectors.report import Report

COUNTS = ("frames", "datagrams", "calls", "streams", "findings", "failed", "errors", "warnings")
FAILED = ("rejected", "unreachable", "unanswered")
NOTHING = "–"
EXPENDABLE, MIN_NAME_CELLS = ("warnings", "errors", "MOS"), 24
"""Columns that go first where a terminal is narrow, and what the names of files have at least."""

TITLES = ("", "calls", "failed", "errors", "warnings", "loss", "MOS", "worst finding")


class FileResult(NamedTuple):
    """The result of one file: its report as text, the exit status, and what the summary says of it.

    `worst` is the id and the severity of its worst finding; `loss` the highest of a stream in percent, `mos` the lowest
    score. A file that cannot be read has a `problem` instead: one line for people.
    """

    path: str
    text: str
    status: int
    counts: dict[str, int]
    worst: tuple[str, str] | None = None
    loss: float | None = None
    mos: float | None = None
    problem: str = ""


def result(path: str, text: str, status: int, report: Report) -> FileResult:
    """What the summary says of a report, also of the calls and streams that it only counts."""
    from dissectors.outputs.terminal.summary import outcomes_of

    outcomes = outcomes_of(report, [call for call in report.calls if call.kind == "call"])
    left_out = 0 if report.totals is None else report.totals.streams_left_out
    severities = [finding.severity for finding in report.findings]
    counts = {
        "frames": report.capture.frames, "datagrams": report.capture.datagrams, "calls": outcomes.total(),
        "streams": len(report.streams) + left_out, "findings": len(report.findings),
        "failed": sum([outcomes[outcome] for outcome in FAILED]),
        "errors": severities.count("error"), "warnings": severities.count("warning"),
    }
    ranked = sorted(report.findings, key=lambda finding: SEVERITIES.index(finding.severity))
    scores = [each.quality.mos for each in report.streams if each.quality and each.quality.mos is not None]
    return FileResult(
        path, text, status, counts, (ranked[0].id, ranked[0].severity) if ranked else None,
        max((round(100 * each.lost_fraction, 2) for each in report.streams), default=None), min(scores, default=None),
    )


def document(seen: Iterable[FileResult]) -> list[dict[str, Any]]:
    """The result of each file, for programs."""
    return [
        {"file": each.path, "problem": each.problem} if each.problem else {
            "file": each.path, **each.counts, "worst": each.worst[0] if each.worst else None,
            "worst_severity": each.worst[1] if each.worst else None, "loss": each.loss, "mos": each.mos,
        }
        for each in seen
    ]


def ordered(seen: list[FileResult], by: str | None) -> list[FileResult]:
    """The results in the order that was asked for; the worst first, and files that cannot be read last."""
    keys: dict[str | None, Callable[[FileResult], Any]] = {
        "calls": lambda each: -each.counts["calls"], "failed": lambda each: -each.counts["failed"],
        "worst": lambda each: (_rank(each), -each.counts["errors"], -each.counts["warnings"]),
        "loss": lambda each: -(each.loss or 0.0), "mos": lambda each: each.mos if each.mos is not None else 9.0,
    }
    read = [each for each in seen if not each.problem]
    return [*(sorted(read, key=keys[by]) if by in keys else read), *(each for each in seen if each.problem)]


def table(seen: list[FileResult], others: int, cells: int = 0) -> Iterator[str]:
    """A row for each file and the totals, for people; `cells` is the width of a terminal, 0 is any.

    Where that is too narrow, names of files lose their beginning, then columns go, and a line says which.
    """
    from dissectors.outputs.escape import visible

    read = [each for each in seen if not each.problem]
    if read:
        rows = [TITLES, *(row_of(visible(each.path), each) for each in read)]
        if len(read) > 1:
            rows.append(_totals(read))
        rows, left_out = _fitted(rows, cells)
        widths = _widths(rows)
        for row in rows:
            middle = (cell.rjust(width) for cell, width in zip(row[1:-1], widths[1:-1], strict=True))
            yield "  ".join((row[0].ljust(widths[0]), *middle, row[-1])).rstrip()
        if left_out:
            yield f"left out, as the terminal is narrow: {', '.join(left_out)}"
    yield from (f"not read: {visible(each.problem)}" for each in seen if each.problem)
    if others:
        yield f"passed over, as no captures: {others:,} file{'' if others == 1 else 's'}"


def _widths(rows: list[tuple[str, ...]]) -> list[int]:
    return [max(map(len, column)) for column in zip(*rows, strict=True)]


def _fitted(rows: list[tuple[str, ...]], cells: int) -> tuple[list[tuple[str, ...]], list[str]]:
    """The rows as they fit into so many cells, and the titles of the columns that went."""
    left_out: list[str] = []
    for title in ("", *EXPENDABLE):
        if title:
            at = rows[0].index(title)
            rows = [row[:at] + row[at + 1 :] for row in rows]
            left_out.append(title)
        room = cells - sum(_widths(rows)[1:]) - 2 * (len(rows[0]) - 1)
        if not cells or room >= MIN_NAME_CELLS:
            break
    if not cells:
        return rows, left_out
    return [(shortened(row[0], max(room, MIN_NAME_CELLS)), *row[1:]) for row in rows], left_out


def shortened(path: str, cells: int) -> str:
    """The end of a path, which tells more than its beginning."""
    return path if len(path) <= cells else f"…{path[1 - cells :]}"


def row_of(name: str, one: FileResult) -> tuple[str, ...]:
    """A row of the table under `TITLES`."""
    numbers = (f"{one.counts[key]:,}" for key in ("calls", "failed", "errors", "warnings"))
    loss = NOTHING if one.loss is None else f"{one.loss:.1f} %"
    score = NOTHING if one.mos is None else f"{one.mos:.2f}"
    return (name, *numbers, loss, score, f"{one.worst[1]} {one.worst[0]}" if one.worst else NOTHING)


def _totals(read: list[FileResult]) -> tuple[str, ...]:
    total = {key: sum(each.counts[key] for each in read) for key in COUNTS}
    worst = min((each.worst for each in read if each.worst), key=lambda one: SEVERITIES.index(one[1]), default=None)
    every = FileResult(
        "", "", 0, total, worst, max((each.loss for each in read if each.loss is not None), default=None),
        min((each.mos for each in read if each.mos is not None), default=None),
    )
    return row_of(f"{len(read)} files", every)


def _rank(one: FileResult) -> int:
    return SEVERITIES.index(one.worst[1]) if one.worst else len(SEVERITIES)
