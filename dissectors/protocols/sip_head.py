"""The head of a SIP message as nearly everybody writes it, read in a single pass; `sip_head.pyx` is its compiled twin.

What is odd about a head is not found here but by `sip`, which reads each that is not usual.
"""
from __future__ import annotations

from dissectors.limits.remembered import Remembered
from dissectors.protocols.sip_headers import Header, fields, is_complete
from dissectors.protocols.sip_message import Identity, identity
from dissectors.protocols.sip_start_line import StartLine, usual_start_line

MOST_LINES = 128
"""The lines of a usual head, its start line included."""

# A named tuple is made three times as quickly by it.
_new = tuple.__new__


class Head:
    """The start line and the headers of a message: `first` is the first value of each by its name, in their order.

    `names` are those of the headers as they are written. The body begins at `at`; `whole` says whether the empty line
    before it is there; it is `complete` with all MANDATORY headers. `identity` is what these headers identify.
    """

    __slots__ = ("at", "complete", "first", "headers", "identity", "names", "start_line", "whole")

    def __init__(
        self, start_line: StartLine, headers: tuple[Header, ...], first: dict[str, str], names: tuple[str, ...],
        at: int, whole: bool, complete: bool, identity: Identity,
    ) -> None:
        self.start_line, self.headers, self.first, self.names = start_line, headers, first, names
        self.at, self.whole, self.complete, self.identity = at, whole, complete, identity


def usual_head(payload: bytes, begin: int) -> Head | None:
    """The head that begins there, without anything odd in it; None where there may be."""
    end = payload.find(b"\r\n\r\n", begin)
    if end < 0:
        return None
    try:
        lines = payload[begin:end].decode().split("\r\n", MOST_LINES)
    except UnicodeDecodeError:
        return None
    start_line = usual_start_line(lines[0])
    if start_line is None or len(lines) > MOST_LINES:
        return None
    first: dict[str, str] = {}
    headers, names = [], []
    for line in lines[1:]:
        known = _usual_lines.recall(line)
        if known is None:
            return None
        name, value, header, written = known
        first.setdefault(name, value)
        headers.append(header)
        names.append(written)
    return Head(
        start_line, tuple(headers), first, tuple(names), end + 4, True, is_complete(first),
        identity(first, start_line.method),
    )


def _read_usual(line: str) -> tuple[str, str, Header, str] | None:
    """A header field between its name and value and what is written; None where a line is none, or may be odd."""
    found = fields(line) if line.isprintable() else None
    return None if found is None else (found[0], found[1], _new(Header, found), found[2])


_usual_lines = Remembered(_read_usual)
