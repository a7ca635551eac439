"""How long a SIP message is on a stream (RFC 3261 section 18.3)."""
from __future__ import annotations

import re

from dissectors.protocols.sip_parts import head
from dissectors.wire.errors import Malformed
from dissectors.wire.patterns import pattern
from dissectors.wire.spec import Beyond, Incomplete

MAX_HEAD_OCTETS, MAX_MESSAGE_OCTETS, MAX_PASSED_OCTETS = 1 << 16, 1 << 20, 1 << 24
"""Octets of a start line with its headers beyond which there is none; of a message with its body beyond which it is
not kept; and beyond which there is none of them either.
"""

_START = pattern(rb"SIP/2\.0 [1-6][0-9]{2}(?=[ \r\n])|[A-Za-z0-9.!%*_+`'~-]+ [^\r\n]+ SIP/2\.0[ \t]*\r?$", re.I)
_BEGINNING = pattern(rb"[A-Za-z0-9.!%*_+`'~-]{1,32}(?: [^\r\n]*)?\r?|SIP/(?:2(?:\.(?:0(?: [^\r\n]*)?\r?)?)?)?", re.I)
_VIA = pattern(rb"^(?:Via|v)[ \t]*:", re.I | re.M)
_CARRIES_SIP = pattern(rb"^(?:Content-Type|c)[ \t]*:[ \t\r\n]*(?:message|multipart)/", re.I | re.M)
_LENGTH = pattern(rb"^(?:Content-Length|l)[ \t]*:[ \t\r\n]*([0-9]{1,10})[ \t]*\r?$", re.I | re.M)

MAX_PLAIN_LINE_OCTETS, MAX_PLAIN_HEAD_OCTETS = 512, 2048

_TOKEN = rb"[A-Za-z0-9.!%*_+`'~-]"
_PLAIN_LINE = pattern(
    rb"(?:[A-Z0-9.!%*_+`'~-]" + _TOKEN + rb"{0,31} [^\r\n]+ SIP/2\.0|SIP/2\.0 [1-6][0-9]{2} [^\r\n]*)\r?\n"
)
_LENGTH_OF_PLAIN = pattern(rb"\n(?:Content-Length|l)[ \t]*:[ \t\r\n]*([0-9]{1,10})[ \t]*\r?(?=\n)", re.I)


def frame(octets: bytes) -> int | Incomplete:
    """The octets of the message that begins here, or `Incomplete`; raises Malformed where none begins.

    Without a Content-Length, which a stream demands, a message has no body.
    """
    if not may_begin(octets):
        raise Malformed("SIP", 0, "no start line")
    block, at, whole = head(octets, 0)
    if not whole:
        if len(octets) > MAX_HEAD_OCTETS:
            raise Malformed("SIP", len(octets), f"a header block of more than {MAX_HEAD_OCTETS} bytes")
        return Incomplete(len(octets) + 1)
    length = _LENGTH().search(block)
    size = at + int(length[1]) if length else at
    if size > MAX_MESSAGE_OCTETS:
        if size > MAX_PASSED_OCTETS:
            raise Malformed("SIP", at, f"a message of {size} bytes")
        return Beyond(size)
    return size if size <= len(octets) else Incomplete(size)


def plain_line(octets: bytes, at: int) -> int:
    """Where a start line ends that stands there as nearly all do; 0 where `may_begin` has to be asked."""
    line = _PLAIN_LINE().match(octets, at)
    return line.end() if line is not None and line.end() - at <= MAX_PLAIN_LINE_OCTETS else 0


def plain_end(octets: bytes, at: int, line: int) -> int:
    """Where the message ends that begins there with a plain start line; 0 where `frame` has to be asked."""
    last = octets.find(b"\n\r\n", line - 1, at + MAX_PLAIN_HEAD_OCTETS)
    if last < 0 or octets.find(b"\n\n", line - 1, last + 1) >= 0:
        return 0
    length = _LENGTH_OF_PLAIN().search(octets, line - 1, last + 1)
    end = last + 3 + (int(length[1]) if length is not None else 0)
    return end if end <= len(octets) else 0


def may_begin(octets: bytes) -> bool:
    """Whether a start line stands at the beginning, or what is there may become one."""
    line, found, _ = octets.partition(b"\n")
    return bool(_START().match(line) if found else _BEGINNING().fullmatch(line)) and len(line) <= MAX_HEAD_OCTETS


def begins(octets: bytes) -> bool:
    """Whether a message begins here for sure: a start line, and a Via in the header block behind it."""
    line, found, rest = octets.partition(b"\n")
    return bool(found and _START().match(line) and _VIA().search(head(rest, 0)[0]))


def carries_sip(octets: bytes) -> bool:
    """Whether the body of a message may be SIP, or a part of it, itself."""
    return _CARRIES_SIP().search(head(octets, 0)[0]) is not None
