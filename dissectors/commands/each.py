"""`muxshark analyze --each`: every file is a separate capture; each job reads one file at a time."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from functools import partial
from typing import NamedTuple

from dissectors.commands import inputs, reporting
from dissectors.outputs.formats import Format
from dissectors.sources.capture import allow
from dissectors.wire.errors import CaptureError

UNREADABLE = 2
KEPT_HERE = ("run", "parser")
"""Options that a worker does not need and cannot receive."""

FILES_PER_POOL, FILES_PER_JOB = 24, 4
"""Descriptors to start the processes, to talk to them and to work; with fewer they may hang."""

COLUMNS = ("frames", "datagrams", "calls", "streams", "findings")


class FileResult(NamedTuple):
    """The result of one file: its report as text, the exit status, and its counts for the summary.

    A file that cannot be read has a `problem` instead: one line for people.
    """

    path: str
    text: str
    status: int
    counts: dict[str, int]
    problem: str = ""


def run(options: argparse.Namespace, named: list[str]) -> int:
    """Print the report of every file in the order of the command line, then one summary."""
    if inputs.STANDARD_INPUT in named:
        raise inputs.Refused("--each reads files, not standard input")
    if options.call:
        raise inputs.Refused("--call names a call of one capture; with --each, -Y callid~PART finds it in any")
    plain = argparse.Namespace(**{name: value for name, value in vars(options).items() if name not in KEPT_HERE})
    jobs = min(options.jobs or cores(), len(named))
    seen: list[FileResult] = []
    form = inputs.report_format(options)
    sys.stdout.write(form.opening)
    with ExitStack() as stack:
        for result in _results(stack, named, plain, jobs):
            _print(result, form, any(not other.problem for other in seen))
            seen.append(result._replace(text=""))
    if form.closing:
        from dissectors.outputs.export import compact

        sys.stdout.write(form.closing.replace("{summary}", compact(summary(seen))))
    else:
        (sys.stdout if form.for_people else sys.stderr).writelines(f"{line}\n" for line in table(seen))
    return max(result.status for result in seen)


def cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def analyse(options: argparse.Namespace, path: str) -> FileResult:
    """Analyse one file."""
    # The report of the previous file holds cycles, and Python seldom collects them by itself.
    gc.collect()
    try:
        report, status = reporting.read_report([path], options)
    except CaptureError as error:
        return FileResult(path, "", UNREADABLE, {}, " ".join(str(error).split()))
    capture = report.capture
    calls = sum(call.kind == "call" for call in report.calls)
    numbers = (capture.frames, capture.datagrams, calls, len(report.streams), len(report.findings))
    text = "".join(reporting.render(report, options, sys.stdout))
    return FileResult(path, text, status, dict(zip(COLUMNS, numbers, strict=True)))


def summary(seen: list[FileResult]) -> list[dict[str, object]]:
    """The result of each file, for programs."""
    return [{"file": each.path, **each.counts, **({"problem": each.problem} if each.problem else {})} for each in seen]


def table(seen: list[FileResult]) -> Iterator[str]:
    """The results of each file and their totals, for people."""
    from dissectors.outputs.escape import visible

    read = [result for result in seen if not result.problem]
    if not read:
        return
    rows = [("", *COLUMNS), *((visible(result.path), *_numbers(result.counts)) for result in read)]
    if len(read) > 1:
        total = {name: sum(result.counts[name] for result in read) for name in COLUMNS}
        rows.append((f"{len(read)} files", *_numbers(total)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        yield "  ".join((row[0].ljust(widths[0]), *cells))
    yield from (f"not read: {visible(result.problem)}" for result in seen if result.problem)


def _numbers(counts: dict[str, int]) -> tuple[str, ...]:
    return tuple(f"{counts[name]:,}" for name in COLUMNS)


def _results(stack: ExitStack, named: list[str], options: argparse.Namespace, jobs: int) -> Iterator[FileResult]:
    """The result of each file, in order; with several jobs, each job has its own process."""
    work = partial(analyse, options)
    if jobs == 1:
        yield from map(work, named)
        return
    if not _may_open(FILES_PER_POOL + FILES_PER_JOB * jobs):
        print("muxshark: the limit of open files is too low for several jobs (ulimit -n); using one", file=sys.stderr)
        yield from map(work, named)
        return
    try:
        pool = _pool(jobs)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        print(f"muxshark: several processes cannot share memory here ({reason}); using one job", file=sys.stderr)
        yield from map(work, named)
        return
    stack.enter_context(pool)
    futures = deque(_submitted(pool, work, path) for path in named)
    for path in named:
        try:
            yield futures.popleft().result()
        except BrokenProcessPool:
            # When one process of a pool is killed, the others end too, and nothing says whose file it had.
            yield _alone(work, path)


def _may_open(files: int) -> bool:
    """Whether this process may open so many more files."""
    allow(files)
    with ExitStack() as stack:
        try:
            for _ in range(files):
                stack.callback(os.close, os.open(os.devnull, os.O_RDONLY))
        except OSError:
            return False
    return True


def _pool(jobs: int) -> ProcessPoolExecutor:
    """Processes that an interrupt ends at once without a message; the parent prints it once."""
    return ProcessPoolExecutor(jobs, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_DFL))


def _submitted(pool: ProcessPoolExecutor, work: Callable[[str], FileResult], path: str) -> Future[FileResult]:
    """Start the work on a file; the future is broken if the pool is."""
    try:
        return pool.submit(work, path)
    except BrokenProcessPool as broken:
        future: Future[FileResult] = Future()
        future.set_exception(broken)
        return future


def _alone(work: Callable[[str], FileResult], path: str) -> FileResult:
    """The result of a file in a process of its own."""
    with _pool(1) as pool:
        try:
            return pool.submit(work, path).result()
        except BrokenProcessPool:
            problem = f"{path}: the process that analysed it was killed; perhaps the memory was too small"
            return FileResult(path, "", UNREADABLE, {}, problem)


def _print(result: FileResult, form: Format, later: bool) -> None:
    if result.problem:
        print(f"muxshark: {result.problem}", file=sys.stderr)
    else:
        sys.stdout.write((form.between if later else "") + result.text + ("\n" if form.for_people else ""))
