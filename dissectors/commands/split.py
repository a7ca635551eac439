"""`muxshark split`: write each call of a capture into a file of its own."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from dissectors.commands import choosing, inputs

if TYPE_CHECKING:
    from dissectors.crypto.secrets import Secrets
    from dissectors.queries.owned import Owned
    from dissectors.report import Report
    from dissectors.rewriting.split import Written

HELP = "cut calls out of a capture: one file for each, or one call alone"
DESCRIPTION = (
    "Write the frames of each call into a file of its own in the folder OUT: its SIP on every transport, RTP, RTCP, "
    "STUN, TURN and DTLS, and nothing else. With --call CALL, write one call into the file OUT. Frames are copied as "
    "they are, with their times, interfaces and comments (docs/rewriting.md)."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("input", metavar="IN", help="a capture; - is standard input")
    parser.add_argument("output", metavar="OUT", help="the folder to make; with --call, the file to write")
    parser.add_argument("--legs", action="store_true", help="write all legs of a call into one file")
    choosing.add_call(parser, "write one call", "--only")
    parser.add_argument("--force", action="store_true", help="replace files that exist")
    inputs.add_reading(parser, shows=False)


def run(options: argparse.Namespace) -> int:
    """Write the files, and say what is in them."""
    from dissectors import offline
    from dissectors.outputs.progress import Progress
    from dissectors.rewriting.output import refuse
    from dissectors.sources.rereadable import rereadable

    if options.output == inputs.STANDARD_INPUT and not options.call:
        raise inputs.Refused("OUT is a folder; with --call CALL, one call goes to standard output (-)")
    if options.call:
        refuse(options.output, force=options.force, inputs=[options.input])
    with ExitStack() as stack:
        path = rereadable(stack, options.input)
        with Progress(sys.stderr) as progress:
            report = offline.analyze(
                [path], limits=inputs.limits(options), forced=inputs.forced(options), progress=progress,
                everything=True, keys=inputs.keys(options), judged=False,
            )
        if not report.calls:
            raise inputs.Refused(f"{options.input}: no call is in it")
        inputs.say([*inputs.damage(report), *left_out(report)])
        if options.call:
            return _one(report, path, options)
        return _each(report, path, options)


def _one(report: Report, path: str, options: argparse.Namespace) -> int:
    from dissectors.rewriting import split

    group = group_of(report, options.call, options.legs)
    written = split.into_file(
        [path], _parts(report, group), options.output, force=options.force, keys=inputs.keys(options)
    )
    tell(written, [label(report, group)])
    return 0


def cut_out(stack: ExitStack, path: str, call: str, keys: Secrets | None = None) -> str:
    """The path of a temporary capture with one call alone."""
    from tempfile import TemporaryDirectory

    from dissectors import offline
    from dissectors.rewriting import split

    report = offline.analyze([path], everything=True, keys=keys, judged=False)
    inputs.say(inputs.damage(report))
    folder = stack.enter_context(TemporaryDirectory(prefix="muxshark-"))
    alone = os.path.join(folder, os.path.basename(path))
    group = group_of(report, call)
    inputs.say(not_alone(split.into_file([path], _parts(report, group), alone, keys=keys), 0, label(report, group)))
    return alone


def group_of(report: Report, call: str, legs: bool = False) -> list[int]:
    """The position of the named call, or those of all its legs; raises Refused where no call has that name."""
    from dissectors.queries.filters import NoFilter
    from dissectors.queries.selection import find_call
    from dissectors.rewriting.split import whole_groups

    try:
        position = report.calls.index(find_call(report, call))
    except NoFilter as refused:
        raise inputs.Refused(f"--call: {refused}") from None
    return next(each for each in whole_groups(report, legs) if position in each)


def _parts(report: Report, group: Sequence[int]) -> list[Owned]:
    """What a group owns, and what the other calls and the streams without one do."""
    from dissectors.queries.owned import owned

    others = set(range(len(report.calls))).difference(group)
    alone = [number for number, stream in enumerate(report.streams) if stream.call is None]
    return [owned(report, group), owned(report, others, alone)]


def _each(report: Report, path: str, options: argparse.Namespace) -> int:
    from dissectors.queries.owned import owned
    from dissectors.rewriting import split

    groups = split.whole_groups(report, options.legs)
    alone = [number for number, stream in enumerate(report.streams) if stream.call is None]
    parts: list[Owned] = [*(owned(report, group) for group in groups), owned(report, (), alone)]
    names = [split.safe_name(report.calls[group[0]].number, report.calls[group[0]].call_id) for group in groups]
    written = split.into_folder([path], parts, names, options.output, force=options.force, keys=inputs.keys(options))
    tell(written, [label(report, group) for group in groups])
    return 0


def label(report: Report, group: Sequence[int]) -> str:
    """A group's calls for people."""
    from dissectors.outputs.escape import visible

    first = report.calls[group[0]]
    kind = "" if first.kind == "call" else f", {first.kind}"
    more = f" with {len(group) - 1} more legs" if len(group) > 1 else ""
    return f"{visible(first.call_id) or 'no Call-ID'}{kind}{more}"


def tell(written: Written, labels: Sequence[str]) -> None:
    """Say on standard output which file holds what; nothing where the capture itself goes there."""
    from dissectors.outputs.escape import visible

    for number, (path, text) in enumerate(zip(written.paths, labels, strict=True)):
        if path != inputs.STANDARD_INPUT:
            print(f"{visible(path)}: {written.frames[number]:,} frames ({text})")
        inputs.say(not_alone(written, number, text))


def not_alone(written: Written, number: int, text: str) -> list[str]:
    """What is said where frames may be of another call as well, or hold messages of others."""
    lines = []
    if count := written.shared[number]:
        lines.append(f"{text}: {count:,} frames are in other calls' files, too: nothing tells whose they are")
    if count := written.mixed[number]:
        frames = "1 frame" if count == 1 else f"{count:,} frames"
        why = "over TCP, its own cannot be read without them"
        lines.append(f"{text}: {frames} may hold messages of others, too: {why}")
    return lines


def left_out(report: Report) -> list[str]:
    """What is said where the report does not hold all calls."""
    if report.totals is None or not report.totals.calls_left_out:
        return []
    return [f"{report.totals.calls_left_out:,} calls are left out: there are more than memory may hold"]
