"""MSRP: the messages of a session of text or files on a stream (RFC 4975); each ends in a line with its transaction.

What people wrote to each other is not kept: only how much it is.
"""

from __future__ import annotations

import re

from dissectors.wire.errors import Malformed
from dissectors.wire.patterns import pattern
from dissectors.wire.spec import U32, AtLeast, Beyond, Bits, Incomplete, Spec, certain
from dissectors.wire.values import Struct

MAX_HEAD_OCTETS, MAX_MESSAGE_OCTETS = 1 << 14, 1 << 20
"""Octets of a start line with its headers beyond which there is none, and of a chunk beyond which it is not kept."""

MIN_OCTETS = 9
DASHES = b"-------"
FLAGS = {"$": "", "+": "more follows", "#": "aborted"}
"""What stands at the end of a message, and what it says (RFC 4975 section 7.1)."""

_TRANSACTION = rb"[A-Za-z0-9][A-Za-z0-9.+%=-]{3,31}"
_START = pattern(rb"MSRP (" + _TRANSACTION + rb") (?:([A-Z]{1,32})|([0-9]{3})(?: ([^\r\n]*))?)\r?$")
_BEGINNING = pattern(rb"M(?:S(?:R(?:P(?: (?:[A-Za-z0-9][A-Za-z0-9.+%=-]{0,31}(?: [^\r\n]*\r?)?)?)?)?)?)?")
_RANGE = pattern(rb"^Byte-Range[ \t]*:[ \t]*([0-9]{1,10})-([0-9]{1,10})/", re.I | re.M)
_HEADER = pattern(rb"([A-Za-z0-9!%'*+._`~-]+)[ \t]*:[ \t]*([^\r\n]*?)[ \t]*\r?")


class Message(Struct, frozen=True):
    """A request with its `method`, or a response with its `status` and `reason`.

    `headers` are those of it in order, `size` is that of its body in octets; `flag` says how it ends: `$` where its
    message is whole, `+` where more of that follows, `#` where it was given up.
    """

    transaction: str
    method: str
    status: int | None
    reason: str
    headers: tuple[tuple[str, str], ...]
    size: int
    flag: str

    def header(self, name: str) -> str:
        """The first value of a header, empty where there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    @property
    def summary(self) -> str:
        """One line for a list of messages."""
        if not self.method:
            return f"{self.status:03} {self.reason}".rstrip()
        parts = [f"{self.method} {self.header('Status') or self.header('Content-Type')}".rstrip()]
        parts += [f"bytes {span}"] if (span := self.header("Byte-Range")) else []
        parts += [f"{self.size:,} B"] if self.size else []
        return ", ".join([*parts, *filter(None, (FLAGS[self.flag],))])


def frame(octets: bytes) -> int | Incomplete:
    """The octets of the message that begins here, or `Incomplete`; raises Malformed where none begins."""
    line, found, _ = octets[:MAX_HEAD_OCTETS].partition(b"\n")
    start = _START().match(line) if found else None
    if start is None:
        if found or not _BEGINNING().fullmatch(line):
            raise Malformed("MSRP", 0, "no start line")
        return Incomplete(len(octets) + 1)
    end = _end(octets, start[1], len(line))
    if end is not None:
        size, _ = end
    else:
        size = _expected(octets, len(start[1]))
    if size > MAX_MESSAGE_OCTETS:
        return Beyond(len(line) + 1, b"\n" + DASHES + start[1], len(b"$\r\n"))
    return size if size <= len(octets) else Incomplete(size)


def parse(payload: bytes) -> Message:
    """Read one message; raises `Malformed` where its start line, a header or its end is none."""
    line, _, _ = payload.partition(b"\n")
    start = _START().match(line)
    if start is None:
        raise Malformed("MSRP", 0, "no start line")
    transaction = start[1]
    end = _end(payload, transaction, len(line))
    if end is None:
        raise Malformed("MSRP", len(payload), "its last line is missing")
    size, at = end
    if size != len(payload):
        raise Malformed("MSRP", size, f"{len(payload) - size} bytes follow its last line")
    head, blank, body = payload[len(line) + 1 : at].partition(b"\r\n\r\n")
    headers = tuple(_headers(head, len(line) + 1))
    kept = len(body) - len(b"\r\n") if blank and body else 0
    method, status, reason = start[2], start[3], start[4]
    return Message(
        transaction.decode(), (method or b"").decode(), int(status) if status else None,
        (reason or b"").decode(errors="replace"), headers, max(kept, 0), chr(payload[at + len(DASHES + transaction)]),
    )


def _end(octets: bytes, transaction: bytes, start: int) -> tuple[int, int] | None:
    """How many octets the message has, and where its last line begins; None where that is not there."""
    word = b"\n" + DASHES + transaction
    at = octets.find(word, start)
    while at >= 0:
        flag = at + len(word)
        if octets[flag : flag + 1] in (b"$", b"+", b"#") and octets[flag + 1 : flag + 3] == b"\r\n":
            return flag + 3, at + 1
        at = octets.find(word, at + 1)
    return None


def _expected(octets: bytes, transaction: int) -> int:
    """How many octets it takes at least to go on: all, where the range of its body has an end."""
    blank = octets.find(b"\r\n\r\n", 0, MAX_HEAD_OCTETS)
    if blank < 0:
        if len(octets) < MAX_HEAD_OCTETS:
            return len(octets) + 1
        raise Malformed("MSRP", len(octets), f"a header block of more than {MAX_HEAD_OCTETS} bytes")
    said = _RANGE().search(octets, 0, blank + 2)
    if said is None or int(said[2]) < int(said[1]):
        return len(octets) + 1
    body = int(said[2]) - int(said[1]) + 1
    last = len(b"\r\n" + DASHES) + transaction + len(b"$\r\n")
    return max(len(octets) + 1, blank + 4 + body + last)


def _headers(head: bytes, offset: int) -> list[tuple[str, str]]:
    found = []
    for line in head.split(b"\n"):
        if line.strip(b"\r"):
            header = _HEADER().fullmatch(line)
            if header is None:
                raise Malformed("MSRP", offset, "a line that is no header")
            found.append((header[1].decode(), header[2].decode(errors="replace")))
        offset += len(line) + 1
    return found


SPEC = Spec(
    name="MSRP",
    match=(
        certain(
            "the word MSRP and a transaction", AtLeast(MIN_OCTETS), Bits(0, 0xFF, ord("M")), U32(0, 0x4D535250),
            Bits(4, 0xFF, 0x20),
        ),
    ),
    parse=parse,
    reported=True,
    wireshark="msrp",
    short="msrp",
    colour="bright_red",
    frame=frame,
)
