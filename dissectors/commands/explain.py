"""`muxshark explain`: show why a datagram was classified as it was."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from dissectors.commands import inputs

if TYPE_CHECKING:
    from dissectors.mux.scan import Row
    from dissectors.wire.captures.records import Record

NAME = "explain"
HELP = "show why a datagram has its protocol: every rule, its octets, the evidence"
DESCRIPTION = "Show every rule that was tried on a frame's datagram, the winner, the runner-up, and the message."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("file", metavar="FILE", help="the capture; - is standard input")
    parser.add_argument("frame", metavar="FRAME", type=inputs.positive, help="the frame's number, from 1")
    parser.add_argument("--layer", type=layer, metavar="N", help="the UDP header in the frame, from 0 (all of them)")
    inputs.add_reading(parser)


def run(options: argparse.Namespace) -> int:
    """Print the explanation of every datagram of the frame."""
    from dissectors.mux.table import PROTOCOLS
    from dissectors.outputs.terminal.explanation import explained

    chosen: list[Row] = []
    protocols: dict[frozenset[tuple[str, int]], Counter[str]] = {}
    for row in inputs.rows([options.file], options):
        protocols.setdefault(_pair(row), Counter())[PROTOCOLS[row.protocol]] += 1
        if row.datagram.frame == options.frame and options.layer in (None, row.datagram.layer):
            chosen.append(row)
    if not chosen:
        raise inputs.Refused(f"{options.file}: {_absent(options)}")
    for position, row in enumerate(chosen):
        for line in explained(row, protocols[_pair(row)]):
            print(line)
        if position < len(chosen) - 1:
            print()
    return 0


def _absent(options: argparse.Namespace) -> str:
    """Why there is nothing to explain; standard input cannot be read again."""
    from dissectors.sources.capture import open_capture

    number = options.frame
    where = "" if options.layer is None else f" in layer {options.layer}"
    none = f"frame {number} holds no UDP datagram{where}"
    if options.file == inputs.STANDARD_INPUT:
        return none
    with open_capture(options.file) as capture:
        fragment, completed = _fragment(capture.records(), number)
        if not 0 < number <= capture.notes.packets:
            return f"frame {number}: the capture has {capture.notes.packets:,} frames"
    if not fragment:
        return none
    if completed is None:
        return f"frame {number} is a fragment of a datagram that is incomplete here"
    return f"frame {number} is a fragment; frame {completed} completes its datagram"


def _fragment(records: Iterable[Record], number: int) -> tuple[bool, int | None]:
    """Whether a frame is a fragment, and the frame that completes its datagram.

    That is the first frame that yields a datagram only because this one was read before.
    """
    from dissectors.wire.link.frames import Frames

    whole, without, fragment, completed = Frames(), Frames(), False, None
    for record in records:
        seen = whole.fragments.seen
        found = len(whole.udp(record))
        if record.frame == number:
            fragment = whole.fragments.seen > seen
        elif found > len(without.udp(record)) and completed is None:
            completed = record.frame
    return fragment, completed


def layer(text: str) -> int:
    """A layer's number, from 0."""
    return 0 if text == "0" else inputs.positive(text)


def _pair(row: Row) -> frozenset[tuple[str, int]]:
    flow = row.datagram.flow
    return frozenset(((flow.src, flow.sport), (flow.dst, flow.dport)))
