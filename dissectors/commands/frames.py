"""One frame of a capture, for the commands that are about one: its datagrams, or why there are none."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from dissectors.commands import inputs

if TYPE_CHECKING:
    from dissectors.mux.teller import FrameRows
    from dissectors.wire.captures.records import Record


def add_frame(parser: argparse.ArgumentParser) -> None:
    """`FILE FRAME`, the layer, and the options for reading."""
    parser.add_argument("file", metavar="FILE", help="the capture; - is standard input")
    parser.add_argument("frame", metavar="FRAME", type=number, help="the frame's number, from 1")
    held = "the UDP header, or the message of TCP, in the frame, from 0 (all of them)"
    parser.add_argument("--layer", type=layer, metavar="N", help=held)
    inputs.add_reading(parser)


def found(options: argparse.Namespace) -> FrameRows:
    """The datagrams of the frame, of the layer if one was named; raises Refused where there are none."""
    told = inputs.rows_of_frame(options)
    wanted = [(row, beside) for row, beside in told.rows if options.layer in (None, row.datagram.layer)]
    if not wanted:
        raise inputs.Refused(f"{options.file}: {_absent(options, told.frames)}")
    return told._replace(rows=wanted)


def _absent(options: argparse.Namespace, frames: int) -> str:
    """Why the frame holds nothing to show; standard input cannot be read again."""
    from dissectors.sources.capture import open_capture

    number = options.frame
    if number > frames:
        return f"frame {number}: the capture has {frames:,} frames"
    where = "" if options.layer is None else f" in layer {options.layer}"
    none = f"frame {number} holds no UDP datagram and ends no message of TCP{where}"
    if options.file == inputs.STANDARD_INPUT:
        return none
    with open_capture(options.file) as capture:
        fragment, completed = _fragment(capture.records(), number)
    if not fragment:
        return _of_stream(options) or none
    if completed is None:
        return f"frame {number} is a fragment of a datagram that is incomplete here"
    return f"frame {number} is a fragment; frame {completed} completes its datagram"


def _of_stream(options: argparse.Namespace) -> str:
    """What became of the frame's TCP segment, empty where it has none."""
    from dissectors.limits.budget import Bounds
    from dissectors.mux.connections import Connections
    from dissectors.queries.segments import fate
    from dissectors.sources.capture import open_capture

    connections, keys = Connections(Bounds()), inputs.keys(options)
    connections.secrets = keys
    with open_capture(options.file) as capture:
        capture.notes.secrets = partial(connections.learn, name=options.file)
        found = fate(capture.records(), options.frame, connections)
    if found is None:
        return ""
    ends = f"frame {options.frame} ends no message of TCP"
    if found.completed is not None:
        return f"{ends}; the next one of its direction ends in frame {found.completed}"
    if found.secured and not found.opened:
        what = "no key opens it" if keys is not None else "its keys would open it (--keys FILE)"
        return f"frame {options.frame} is of TLS, and {what}"
    return f"{ends}; its connection carries nothing that is read" if found.given_up else ends


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


def number(text: str) -> int:
    """A frame's number: `5`, or `#5` as the report has it."""
    if re.fullmatch(r"#?\d+((-|\.\.|,)#?\d+)+", text):
        raise inputs.Refused(f"{text!r} are several frames; name one, or muxshark list FILE --time FROM..TO")
    if os.path.exists(text) and not text.isdecimal():
        raise inputs.Refused(f"{text!r} is a file; the file comes first, and the frame's number after it")
    return inputs.positive(text.removeprefix("#"))
