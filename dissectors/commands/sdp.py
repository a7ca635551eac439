"""`muxshark sdp`: every offer and answer of a capture, with its call."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dissectors.commands import choosing, inputs

if TYPE_CHECKING:
    from dissectors.report import Call, Description, Report

HELP = "print every offer and answer with its call, as text"
DESCRIPTION = """\
Print every offer and answer of a capture, in order: its call, its frame, its time,
who made it, and its text, inflated if it was compressed. What a proxy passed on
unchanged is printed once."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    inputs.add_captures(parser)
    choosing.add_filter(parser, "calls")
    choosing.add_time(parser)
    choosing.add_clock(parser)
    parser.add_argument("--all", action="store_true", help="also what a proxy passed on unchanged")
    inputs.add_reading(parser)


def run(options: argparse.Namespace) -> int:
    """Print every description of the calls that are asked for."""
    from dissectors.commands.reporting import selected
    from dissectors.outputs.escape import visible
    from dissectors.outputs.progress import Progress

    named = inputs.timeline(options)
    with Progress(sys.stderr) as progress:
        whole = inputs.whole_report(named, options, progress)
    inputs.say(inputs.damage(whole))
    report = selected(whole, options)
    first = True
    for call in report.calls:
        for line in _of_call(report, call, options):
            print(visible(line) if line else "", end="\n")
            first = False
    if first:
        inputs.say(["no offer and no answer was found"])
    return 0


def _of_call(report: Report, call: Call, options: argparse.Namespace) -> Iterator[str]:
    bodies = {message.place: message.body.text for message in call.messages if message.body}
    seen: set[str] = set()
    for description in call.descriptions:
        text = bodies.get(description.place, "")
        if text in seen and not options.all:
            continue
        seen.add(text)
        yield _head(report, call, description, options.clock)
        yield from text.replace("\r\n", "\n").rstrip("\n").split("\n")
        yield ""


def _head(report: Report, call: Call, description: Description, clock: str) -> str:
    """`# call 1, frame 5, 0.151 s: offer of the caller in INVITE, alice → bob`; lines of SDP never begin with #."""
    from dissectors.outputs.terminal.lines import Page
    from dissectors.outputs.terminal.moments import at
    from dissectors.outputs.terminal.parties import party

    page = Page(clock=clock, zero=report.capture.first or 0.0)
    place = description.place
    several = len(report.capture.files) > 1
    where = f"frame {place.frame}" + (f" of {report.capture.files[place.file].name}" if several else "")
    side = f" of the {description.side}" if description.side else ""
    method = f" in {description.method}" if description.method else ""
    state = "" if description.state == "agreed" else f", {description.state}"
    return (
        f"# call {call.number}, {where}, {at(page, description.time)}: {description.role}{side}{method}{state}, "
        f"{party(call.caller)} → {party(call.callee)}"
    )
