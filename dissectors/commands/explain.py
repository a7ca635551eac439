"""`muxshark explain`: show why a datagram was classified as it was."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from dissectors.commands import choosing, frames

if TYPE_CHECKING:
    from dissectors.mux.scan import Row

HELP = "show why a datagram has its protocol: every rule, its bytes, the evidence"
DESCRIPTION = "Show the message in a frame, why it has its protocol, every rule that was tried, and the bytes."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    frames.add_frame(parser)
    choosing.add_clock(parser)


def run(options: argparse.Namespace) -> int:
    """Print the explanation of every datagram of the frame."""
    from dissectors.outputs.terminal.explanation import explained

    told = frames.found(options)
    for position, (row, beside) in enumerate(told.rows):
        for line in explained(row, beside, _when(row, told.begin or 0, options.clock), options.secrets):
            print(line)
        if position < len(told.rows) - 1:
            print()
    return 0


def _when(row: Row, zero: int, clock: str) -> str:
    """The time of a datagram in seconds from the first one, and as date and time of day."""
    from dissectors.outputs.terminal.lines import Page
    from dissectors.outputs.terminal.moments import day, zone

    time, page = row.datagram.time / 1e9, Page(clock=clock)
    return f"{(row.datagram.time - zero) / 1e9:.6f} s, {day(page, time)} {zone(page, time)}"
