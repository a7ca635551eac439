"""Text as it was typed (ITU-T T.140 in RTP, RFC 4103): lines with their moment and their side.

Laws of this file:
1. What was lost is taken from the redundancy of a later datagram (RFC 2198). What is nowhere is U+FFFD, once.
2. What comes late is left out: the redundancy behind it has said it already.
3. Characters are kept as they were typed. Left out are controls, and what turns the direction of a whole line around:
   neither is text, and a terminal might do what they say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from unicodedata import category

from dissectors.protocols import rtp
from dissectors.wire.errors import Malformed

MISSING = "\N{REPLACEMENT CHARACTER}"
BREAKS = "\N{LINE SEPARATOR}\N{PARAGRAPH SEPARATOR}\r\n"
BACKSPACE, MARK = "\b", "\N{ZERO WIDTH NO-BREAK SPACE}"
PAUSE_NS = 10_000_000_000
"""After so long a silence a new line begins."""

MAX_LINE = 10_000

MAX_LATE = 16
"""How far behind a datagram may be that is late; one that is farther behind begins a sequence anew."""

MAX_LEFT_OUT = 3000
"""Datagrams that may be missing at once; after more than that a sequence begins anew."""

DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
CONTROL = "Cc"
COMMANDS = re.compile("\x1ba|\x9b[^m\x9b]{0,64}m|\x98[^\x98\x9c]{0,256}\x9c")
"""What T.140 says beside text: an interruption, how characters look, functions of applications."""


class Line(NamedTuple):
    """A line: when it began, in nanoseconds, who typed it, and its text."""

    time: int
    side: str
    text: str


def blocks(payload: bytes, redundant: bool) -> list[bytes]:
    """What a payload holds, the oldest first, its own text last (RFC 2198 section 3); raises Malformed."""
    if not redundant:
        return [payload]
    sizes, at = [], 0
    while True:
        if at >= len(payload):
            raise Malformed("RED", at, "its headers do not end")
        if not payload[at] & 0x80:
            break
        sizes.append(int.from_bytes(payload[at + 2 : at + 4], "big") & 0x3FF)
        at += 4
    at += 1
    found = []
    for size in sizes:
        if at + size > len(payload):
            raise Malformed("RED", at, f"a block needs {size} bytes, {len(payload) - at} are left")
        found.append(payload[at : at + size])
        at += size
    return [*found, payload[at:]]


class Typed:
    """The text of one stream. `missing` counts datagrams that nothing makes up for, `repaired` those that others do."""

    def __init__(self, side: str) -> None:
        self.side = side
        self.lines: list[Line] = []
        self.missing = self.repaired = self.unread = 0
        self._expected: int | None = None
        self._text: list[str] = []
        self._began = self._last = 0

    def take(self, message: rtp.Message, time: int, redundant: bool) -> None:
        """Take a datagram."""
        try:
            found = blocks(message.payload, redundant)
        except Malformed:
            self.unread += 1
            return
        left_out = 0 if self._expected is None else (message.sequence - self._expected + 0x8000) % 0x10000 - 0x8000
        if -MAX_LATE <= left_out < 0:
            return
        if not 0 <= left_out <= MAX_LEFT_OUT:
            left_out = 0
        self._expected = (message.sequence + 1) & 0xFFFF
        *before, own = found
        again = before[-left_out:] if left_out else []
        self.repaired += len(again)
        if left_out > len(again):
            self.missing += left_out - len(again)
            self._add(MISSING, time)
        for octets in (*again, own):
            self._add(octets.decode("utf-8", "replace"), time)

    def _add(self, text: str, time: int) -> None:
        if text and self._text and time - self._last > PAUSE_NS:
            self.finish()
        for character in COMMANDS.sub("", text).replace("\r\n", "\n"):
            if character in BREAKS or len(self._text) >= MAX_LINE:
                self.finish()
            elif character == BACKSPACE:
                del self._text[-1:]
            elif character != MARK and character not in DIRECTIONS and category(character) != CONTROL:
                self._began = self._began if self._text else time
                self._text.append(character)
            self._last = time

    def finish(self) -> None:
        """End the line that is being typed."""
        if self._text:
            self.lines.append(Line(self._began, self.side, "".join(self._text)))
            self._text = []


def conversation(typed: Sequence[Typed], zero: int) -> Iterator[str]:
    """The lines of all sides in the order in which they began, with seconds from the time `zero` on."""
    for line in sorted(line for each in typed for line in each.lines):
        yield f"{(line.time - zero) / 1e9:9.2f}  {line.side}: {line.text}\n"
