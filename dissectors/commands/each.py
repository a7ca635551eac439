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
from itertools import chain
from shutil import get_terminal_size
from tempfile import TemporaryFile

from dissectors.commands import inputs, pages, reporting, summary
from dissectors.commands.gather import gather
from dissectors.commands.paging import page
from dissectors.commands.summary import FileResult
from dissectors.outputs.formats import Format
from dissectors.sources.capture import allow
from dissectors.wire.errors import CaptureError
from dissectors.wire.values import replace

UNREADABLE = 2
KEPT_HERE = ("run", "parser")
"""Options that a worker does not need and cannot receive."""

FILES_PER_POOL, FILES_PER_JOB = 24, 4
"""Descriptors to start the processes, to talk to them and to work; with fewer they may hang."""

def run(options: argparse.Namespace, named: list[str]) -> int:
    """Print a summary of all captures, then the report of each, in order; programs get the summary at the end."""
    if inputs.STANDARD_INPUT in named:
        raise inputs.Refused("--each reads files, not standard input")
    if options.call:
        raise inputs.Refused("--call names a call of one capture; with --each, -Y callid~PART finds it in any")
    paths, others = gather(named)
    if not paths:
        raise inputs.Refused(f"no capture among {others:,} files" if others else f"no file matches {named[0]}")
    plain = argparse.Namespace(**{name: value for name, value in vars(options).items() if name not in KEPT_HERE})
    jobs = min(options.jobs or cores(), len(paths))
    form = inputs.report_format(options)
    if options.html:
        plain.pages = options.pages = pages.places(options.html, paths, options.force)
    with ExitStack() as stack:
        results = _results(stack, paths, plain, jobs)
        if options.html:
            return max(result.status for result in pages.index(results, options, others))
        seen = _for_people(results, options, len(paths), others) if form.for_people else _document(results, form)
    return max(result.status for result in seen)


def _document(results: Iterator[FileResult], form: Format) -> list[FileResult]:
    """Print one document for programs as the results come, with the summary at its end."""
    from dissectors.outputs.export import compact

    seen: list[FileResult] = []
    sys.stdout.write(form.opening)
    for result in results:
        if result.problem:
            print(f"muxshark: {result.problem}", file=sys.stderr)
        else:
            later = any(not other.problem for other in seen)
            sys.stdout.write((form.between if later else "") + result.text)
        seen.append(result._replace(text=""))
    sys.stdout.write(form.closing.replace("{summary}", compact(summary.document(seen))))
    if not form.closing:
        sys.stderr.writelines(f"{line}\n" for line in summary.table(seen, 0))
    return seen


def _for_people(
    results: Iterator[FileResult], options: argparse.Namespace, files: int, others: int
) -> list[FileResult]:
    """Print the summary, and then the reports, which wait in a temporary file until then."""
    from dissectors.outputs.progress import Progress

    seen: list[FileResult] = []
    with TemporaryFile("w+", encoding="utf-8", errors="surrogatepass", newline="") as reports:
        with Progress(sys.stderr, f"of {files:,} captures") as progress:
            for number, result in enumerate(results, 1):
                reports.write(result.text + ("" if options.format == "brief" or result.problem else "\n"))
                seen.append(result._replace(text=""))
                progress(number)
        for result in seen:
            if result.problem:
                inputs.say([result.problem])
        reports.seek(0)
        width = (options.width or get_terminal_size().columns) if sys.stdout.isatty() else 0
        lines = (f"{line}\n" for line in summary.table(summary.ordered(seen, options.sort), others, width))
        page(chain(lines, ["\n"], reports), sys.stdout, options.no_pager)
    return seen


def cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def analyse(options: argparse.Namespace, path: str) -> FileResult:
    """Analyse one file."""
    # The report of the previous file holds cycles, and Python seldom collects them by itself. What is left then stays:
    # modules and what they remember, through which each collection would search.
    gc.collect()
    gc.freeze()
    try:
        report, status = reporting.read_report([path], options)
        if reporting.nothing_left(report, options):
            report = replace(report, findings=())
        if options.html:
            pages.write(report, path, options)
            return summary.result(path, "", status, report)
    except CaptureError as error:
        return FileResult(path, "", UNREADABLE, {}, problem=" ".join(str(error).split()))
    return summary.result(path, "".join(reporting.render(report, options, sys.stdout)), status, report)


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
    return ProcessPoolExecutor(jobs, initializer=_end_at_once)


def _end_at_once() -> None:
    """Let signals end this process: it has nothing to put in order."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


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
            return FileResult(path, "", UNREADABLE, {}, problem=problem)
