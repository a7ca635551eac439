"""`muxshark explain`: show why a datagram was classified as it was."""

from __future__ import annotations

import argparse
from collections import Counter
from typing import TYPE_CHECKING

from dissectors.commands import choosing, frames, inputs

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
    from dissectors.mux.table import PROTOCOLS
    from dissectors.outputs.terminal.explanation import explained

    chosen: list[Row] = []
    protocols: dict[frozenset[tuple[str, int]], Counter[str]] = {}
    zero = None
    for row in inputs.rows([options.file], options):
        zero = row.datagram.time if zero is None else zero
        protocols.setdefault(_pair(row), Counter())[PROTOCOLS[row.protocol]] += 1
        if frames.is_wanted(row, options):
            chosen.append(row)
    if not chosen:
        raise frames.absent(options)
    for position, row in enumerate(chosen):
        for line in explained(row, protocols[_pair(row)], _when(row, zero or 0, options.clock), options.secrets):
            print(line)
        if position < len(chosen) - 1:
            print()
    return 0


def _when(row: Row, zero: int, clock: str) -> str:
    """The time of a datagram in seconds from the first one, and as date and time of day."""
    from dissectors.outputs.terminal.lines import Page
    from dissectors.outputs.terminal.moments import day, zone

    time, page = row.datagram.time / 1e9, Page(clock=clock)
    return f"{(row.datagram.time - zero) / 1e9:.6f} s, {day(page, time)} {zone(page, time)}"


def _pair(row: Row) -> frozenset[tuple[str, int]]:
    flow = row.datagram.flow
    return frozenset(((flow.src, flow.sport), (flow.dst, flow.dport)))
