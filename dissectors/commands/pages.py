"""`muxshark analyze --each --html FOLDER`: a page for each capture, and one that names them all."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence

from dissectors.commands import inputs, summary
from dissectors.commands.page import command
from dissectors.commands.summary import FileResult
from dissectors.outputs.formats import FORMATS
from dissectors.report import Report
from dissectors.rewriting.output import Output, refuse

INDEX, ENDING = "index", ".html"


def places(folder: str, named: Sequence[str], force: bool) -> dict[str, str]:
    """Where the page of each capture goes, in a folder that is made if need be.

    Pages have the names of their captures, and numbers where two are the same. Raises Refused where a page exists that
    may not be replaced.
    """
    if lacking := FORMATS["html"].lacking:
        raise inputs.Refused(lacking)
    if os.path.exists(folder) and not os.path.isdir(folder):
        raise inputs.Refused(f"{folder}: a file; with --each, --html names a folder")
    found, taken = {}, {INDEX}
    for path in dict.fromkeys(named):
        name = plain = os.path.basename(path)
        number = 1
        while name.lower() in taken:
            number += 1
            name = f"{plain}-{number}"
        taken.add(name.lower())
        found[path] = os.path.join(folder, name + ENDING)
    for place in (*found.values(), _index_of(folder)):
        refuse(place, force=force, inputs=named)
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise inputs.Refused(f"{folder}: {(error.strerror or str(error)).lower()}") from None
    return found


def write(report: Report, path: str, options: argparse.Namespace) -> None:
    """Write the page of one capture; raises CaptureError where that fails."""
    from dissectors.commands.reporting import render

    alone = argparse.Namespace(**{**vars(options), "files": [path], "also": []})
    with Output(options.pages[path], force=options.force, inputs=[path]) as file:
        for piece in render(report, alone, sys.stdout):
            file.write(piece.encode("utf-8", "backslashreplace"))


def index(results: Iterator[FileResult], options: argparse.Namespace, others: int) -> list[FileResult]:
    """Write the page that names them all as soon as all are there, and print the summary."""
    from dissectors.outputs.html import index as page

    seen = list(results)
    shown = summary.ordered(seen, options.sort)
    entries = [page.Entry(*_entry(each, options)) for each in shown]
    text = page.index(_title(seen), summary.TITLES[1:-1], entries, command(options.words))
    with Output(_index_of(options.html), force=options.force) as file:
        file.write(text.encode("utf-8", "backslashreplace"))
    sys.stdout.writelines(f"{line}\n" for line in summary.table(shown, others))
    sys.stdout.write(f"\n{_index_of(options.html)}\n")
    return seen


def _entry(one: FileResult, options: argparse.Namespace) -> tuple[str, str, tuple[str, ...], str, str, str]:
    """What the page of all says of one: its name, its page, its numbers, its worst finding, or why it has none."""
    name = os.path.basename(one.path)
    if one.problem:
        return name, "", (), "", "", one.problem
    worst, severity = one.worst or ("", "")
    page = os.path.basename(options.pages[one.path])
    return name, page, summary.row_of(name, one)[1:-1], severity, worst, ""


def _title(seen: Sequence[FileResult]) -> str:
    read = [each for each in seen if not each.problem]
    calls, failed = (sum(each.counts[name] for each in read) for name in ("calls", "failed"))
    captures = f"{len(seen):,} capture" + ("" if len(seen) == 1 else "s")
    return f"{captures}, {calls:,} call{'' if calls == 1 else 's'}, {failed:,} failed"


def _index_of(folder: str) -> str:
    return os.path.join(folder, INDEX + ENDING)
