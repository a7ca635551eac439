"""The start line of a SIP message (RFC 3261 sections 7.1 and 7.2)."""
from __future__ import annotations

import re

from dissectors.limits.remembered import Remembered, remembered
from dissectors.protocols.sip_deviation import Deviation
from dissectors.protocols.sip_headers import is_name, shown, text_of
from dissectors.wire.errors import Malformed
from dissectors.wire.patterns import pattern

METHODS = frozenset(
    "ACK BYE CANCEL INFO INVITE MESSAGE NOTIFY OPTIONS PRACK PUBLISH REFER REGISTER SUBSCRIBE UPDATE".split()
)
"""The registered methods (IANA, SIP parameters)."""

METHOD_NAMES = {method: method for method in METHODS}


class StartLine:
    """A request line (`method` and `uri`) or a status line (`status` and `reason`)."""

    __slots__ = ("method", "reason", "status", "uri", "version")

    def __init__(
        self, method: str | None, uri: str | None, status: int | None, reason: str | None, version: str
    ) -> None:
        self.method, self.uri = method, uri
        self.status, self.reason = status, reason
        self.version = version


_VERSION = rb"SIP/[0-9]{1,3}\.[0-9]{1,3}"
_STATUS_LINE = pattern(rb"(" + _VERSION + rb")[ \t]+([0-9]{3})(.*)", re.IGNORECASE | re.DOTALL)
_MAY_BE_STATUS = (b"S", b"s")
_IS_VERSION = pattern(_VERSION, re.IGNORECASE)


def usual_start_line(line: str) -> StartLine | None:
    """The start line in a text without its end; None where anything about it may be odd."""
    if not line.endswith(" SIP/2.0"):
        return _usual_status(line) if line.startswith("SIP/2.0 ") else None
    first, last = line.find(" "), len(line) - 8
    method = METHOD_NAMES.get(line[:first])
    if method is None or first + 1 >= last or line.find(" ", first + 1) < last or not line.isprintable():
        return None
    return StartLine(method, line[first + 1 : last], None, None, "SIP/2.0")


def _read_usual_status(line: str) -> StartLine | None:
    found = _STATUS_LINE().fullmatch(line.encode()) if line.isprintable() else None
    notes: list[Deviation] = []
    start = _status_line(found, notes) if found else None
    return start if start is not None and start.version == "SIP/2.0" and not notes else None


_usual_status = Remembered(_read_usual_status)


def read_start_line(line: bytes, offset: int, notes: list[Deviation]) -> StartLine:
    """Read the line that stands at `offset`; what is odd is added to `notes`. Raises Malformed when it is neither."""
    try:
        start, odd = _read(line)
    except Malformed as malformed:
        raise Malformed("SIP", offset + malformed.offset, malformed.reason) from None
    notes += odd
    return start


@remembered
def _read(line: bytes) -> tuple[StartLine, list[Deviation]]:
    """The line, and what is odd about it; the offset of Malformed is within the line."""
    notes: list[Deviation] = []
    found = _STATUS_LINE().fullmatch(line) if line.startswith(_MAY_BE_STATUS) else None
    start = _status_line(found, notes) if found else _request_line(line.rstrip(b" \t\r"), notes)
    if start.version != "SIP/2.0":
        notes.append(Deviation("start line", f"the version is {start.version}, not SIP/2.0"))
    return start, notes


def _status_line(found: re.Match[bytes], notes: list[Deviation]) -> StartLine:
    version, status, reason = text_of(found[1]), int(found[2]), text_of(found[3])
    if not 100 <= status <= 699:
        notes.append(Deviation("start line", f"status {status} is outside 100 to 699"))
    if not reason.startswith(" "):
        notes.append(Deviation("start line", "no space follows the status"))
    return StartLine(None, None, status, reason.strip(" \t\r"), version)


def _request_line(line: bytes, notes: list[Deviation]) -> StartLine:
    first, _, rest = line.partition(b" ")
    uri, _, version = rest.rpartition(b" ")
    method = text_of(first)
    if method not in METHODS and not is_name(method):
        raise Malformed("SIP", 0, "no method begins the start line")
    if version != b"SIP/2.0" and not _IS_VERSION().fullmatch(version):
        raise Malformed("SIP", len(line), "no version ends the start line")
    if method not in METHODS:
        notes.append(Deviation("start line", f"{shown(method)} is not a registered method"))
    if not uri or uri != uri.strip(b" \t") or b" " in uri:
        notes.append(Deviation("start line", "the request line has spaces where none belong"))
    return StartLine(method, text_of(uri.strip(b" \t")), None, None, text_of(version))
