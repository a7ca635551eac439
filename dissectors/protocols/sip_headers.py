"""SIP header fields (RFC 3261 section 7.3): names in every form, folding, lists, addresses and parameters.

Everything here is one pass from left to right, so that a header of 64 kB costs what its octets cost.
"""
from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from dissectors.limits.remembered import MAX_TEXTS, Remembered, remembered
from dissectors.wire.patterns import pattern
from dissectors.wire.values import NamedTuple, Struct

LONGEST_BLOCK = 2048
"""The octets of a header block up to which its lines are remembered as they were read."""

COMPACT = {
    "a": "Accept-Contact",
    "b": "Referred-By",
    "c": "Content-Type",
    "d": "Request-Disposition",
    "e": "Content-Encoding",
    "f": "From",
    "i": "Call-ID",
    "j": "Reject-Contact",
    "k": "Supported",
    "l": "Content-Length",
    "m": "Contact",
    "n": "Identity-Info",
    "o": "Event",
    "r": "Refer-To",
    "s": "Subject",
    "t": "To",
    "u": "Allow-Events",
    "v": "Via",
    "x": "Session-Expires",
    "y": "Identity",
}
"""The compact forms of RFC 3261 and the IANA registry, to the long ones."""

LISTS = frozenset(
    """
    Accept Accept-Contact Accept-Encoding Accept-Language Alert-Info Allow Allow-Events Call-Info Contact
    Content-Encoding Content-Language Diversion Error-Info Geolocation History-Info In-Reply-To P-Asserted-Identity
    P-Associated-URI P-Preferred-Identity P-Visited-Network-ID Path Permission-Missing Proxy-Require Reason
    Record-Route Recv-Info Reject-Contact Request-Disposition Require Route Security-Client Security-Server
    Security-Verify Service-Route Supported Trigger-Consent Unsupported Via Warning
    """.split()
)
"""Header fields whose value is a comma-separated list (RFC 3261 section 7.3.1); the others keep their commas."""

_SINGLE = """
    Answer-Mode Authentication-Info Authorization Call-ID CSeq Content-Disposition Content-ID Content-Length
    Content-Type Date Event Expires From Identity Identity-Info Info-Package Join Max-Breadth Max-Forwards MIME-Version
    Min-Expires Min-SE Organization P-Access-Network-Info P-Asserted-Service P-Called-Party-ID P-Charging-Vector
    P-Early-Media Priority Privacy Proxy-Authenticate Proxy-Authorization RAck Refer-Sub Refer-To Referred-By Replaces
    Reply-To Resource-Priority Retry-After RSeq Server Session-Expires Session-ID SIP-ETag SIP-If-Match Subject
    Subscription-State Suppress-If-Match Target-Dialog Timestamp To User-Agent WWW-Authenticate
""".split()

MANDATORY = ("Via", "From", "To", "Call-ID", "CSeq")
"""Those that every message must have (RFC 3261 section 8.1.1), but for Max-Forwards."""

_OF_OPENSIPS = {name.lower(): name for name in ("Comp-Hdrs", "Headers-Encoding", "Headers-Algo")}
"""Header names of OpenSIPS for compressed headers; they are not registered."""

NAMES = {name.lower(): name for name in (*LISTS, *_SINGLE)} | COMPACT
"""Every registered name, compact or long, in lower case, to its registered spelling."""

SPELLINGS = {
    name: (NAMES[name.lower()], name) for spelling in (*NAMES, *NAMES.values()) for name in (spelling, spelling.upper())
}
"""Each name as people write it, with its registered spelling before it.

One copy of each: those that senders make up are not kept, as `intern` might for ever.
"""

# A named tuple is made three times as quickly by it.
_new = tuple.__new__

_FIELD_NAME = pattern(r"[A-Za-z0-9.!%*_+`'~-]+")


class Header(NamedTuple):
    """One header field: its canonical long name, its value unfolded, and its name as it stood on the wire.

    `recovered` says that it did not stand in the header block but was compressed, with the body or in Comp-Hdrs.
    """

    name: str
    value: str
    written: str
    recovered: bool = False


class Address(Struct, frozen=True):
    """A name-addr or addr-spec with its header parameters (RFC 3261 section 20.10); absent parts are empty."""

    display: str
    uri: str
    parameters: tuple[tuple[str, str | None], ...]

    @property
    def tag(self) -> str | None:
        """The `tag` parameter of From and To (RFC 3261 section 19.3)."""
        return parameter(self.parameters, "tag")


def canonical(written: str) -> str:
    """The long name of a header field in its registered spelling; an unknown one as it is written."""
    lower = written.lower()
    return NAMES.get(lower) or _OF_OPENSIPS.get(lower, written)


def known(written: str) -> bool:
    """Whether a name, compact or long, is a registered header field."""
    return written.lower() in NAMES


def is_complete(names: Collection[str]) -> bool:
    """Whether all MANDATORY headers are among these, by their long names."""
    return all([name in names for name in MANDATORY])


def is_name(text: str) -> bool:
    """Whether `text` is a token, as the name of a header field has to be."""
    return _FIELD_NAME().fullmatch(text) is not None


def text_of(octets: bytes) -> str:
    """Octets as UTF-8, or octet by octet (ISO 8859-1) when they are not, so that nothing is lost."""
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def unfold(lines: list[bytes]) -> Iterator[bytes]:
    """Header lines with their continuations joined by one space (RFC 3261 section 7.3.1)."""
    pending: list[bytes] = []
    for line in lines:
        if pending and line[:1] in (b" ", b"\t"):
            pending.append(line.strip(b" \t"))
            continue
        if pending:
            yield b" ".join(pending)
        pending = [line.rstrip(b" \t")]
    if pending:
        yield b" ".join(pending)


def header_lines(block: bytes) -> list[str]:
    """The lines of a header block, each ended by CR LF or LF, as text and with their continuations."""
    block = block.replace(b"\r\n", b"\n")[:-1]
    if b"\n " in block or b"\n\t" in block:
        block = b"\n".join(unfold(block.split(b"\n")))
    if not block:
        return []
    try:
        return block.decode().split("\n")
    except UnicodeDecodeError:
        return [text_of(line) for line in block.split(b"\n")]


def read(line: str) -> Header | None:
    """One unfolded line, with or without its CR, as a header field; None when no name stands before a colon."""
    found = fields(line)
    return None if found is None else _new(Header, found)


def fields(line: str) -> tuple[str, str, str, bool] | None:
    """As `read`, but for the class of it."""
    colon = line.find(":")
    if colon < 0:
        return None
    written, value = line[:colon], line[colon + 1 :].strip(" \t\r")
    usual = SPELLINGS.get(written)
    if usual is not None:
        return usual[0], value, usual[1], False
    name = written.rstrip(" \t")
    long = NAMES.get(name.lower())
    if long is None:
        if not is_name(name):
            return None
        long = canonical(name)
    return long, value, SPELLINGS.get(name, (long, name))[1], False


_read_again = lru_cache(MAX_TEXTS)(read)


def read_block(block: bytes) -> tuple[tuple[Header, ...], list[str]]:
    """The header fields of a block of lines, each ended by CR LF or LF, and the lines that are none."""
    reading = _read_again if len(block) <= LONGEST_BLOCK else read
    try:
        lines = block[:-1].decode().split("\n")
        headers = tuple([header for header in map(reading, lines) if header])
        if len(headers) == len(lines):
            return headers, []
    except UnicodeDecodeError:
        pass
    # What is folded, or not UTF-8, takes the way that is longer.
    lines = [line.rstrip(" \t") for line in header_lines(block)]
    found = [reading(line.lstrip(" \t")) for line in lines]
    odd = [line for line, header in zip(lines, found, strict=True) if header is None]
    return tuple([header for header in found if header]), odd


def first_values(headers: tuple[Header, ...]) -> dict[str, str]:
    """The first value of each header by its name, in the order in which they stand."""
    first: dict[str, str] = {}
    for name, value, _, _ in headers:
        if name not in first:
            first[name] = value
    return first


_PROTECTS = pattern(r'[\\"<(]')
_MARKS = pattern(r'\\.|[",;<>()]', re.DOTALL)


def split(value: str, separator: str) -> tuple[str, ...]:
    """Split at `,` or `;` outside quoted strings, angle brackets and comments (RFC 3261 section 25.1); trimmed."""
    if not _PROTECTS().search(value):
        return tuple([trimmed for piece in value.split(separator) if (trimmed := piece.strip(" \t"))])
    pieces: list[str] = []
    start = depth = 0
    quoted = angle = False
    for found in _MARKS().finditer(value):
        mark = found[0]
        if quoted:
            quoted = mark != '"'
        elif mark == '"':
            quoted = True
        elif angle:
            angle = mark != ">"
        elif mark == "<":
            angle = True
        elif mark in "()":
            depth = max(0, depth + (1 if mark == "(" else -1))
        elif mark == separator and not depth:
            pieces.append(value[start : found.start()].strip(" \t"))
            start = found.end()
    pieces.append(value[start:].strip(" \t"))
    return tuple(piece for piece in pieces if piece)


def parameters(text: str) -> tuple[tuple[str, str | None], ...]:
    """`;name=value;flag` as pairs in order, names in lower case, quotes removed, None for a flag without value."""
    pairs: list[tuple[str, str | None]] = []
    for piece in split(text, ";"):
        name, equals, value = piece.partition("=")
        pairs.append((name.strip(" \t").lower(), unquote(value.strip(" \t")) if equals else None))
    return tuple(pairs)


def parameter(pairs: tuple[tuple[str, str | None], ...], name: str) -> str | None:
    """The value of the first parameter of that name (in lower case), or None."""
    for key, value in pairs:
        if key == name:
            return value
    return None


_QUOTED = pattern(r'"((?:[^"\\]|\\.)*)"?', re.DOTALL)
_ESCAPE = pattern(r"\\(.)", re.DOTALL)


def unquote(text: str) -> str:
    """The content of a quoted string, its escapes resolved; anything else as it is."""
    found = _QUOTED().match(text) if text.startswith('"') else None
    return _ESCAPE().sub(r"\1", found[1]) if found else text


@remembered
def address(value: str) -> Address:
    """Read a From, To, Contact, Route or Refer-To value; of a broken one whatever is there. Raises nothing."""
    value = value.strip(" \t")
    display, after = "", 0
    if value.startswith('"') and (found := _QUOTED().match(value)):
        display, after = unquote(found[0]), found.end()
    opened = value.find("<", after)
    semicolon = value.find(";", after)
    if opened < 0 or (not display and 0 <= semicolon < opened and ":" in value[:semicolon]):
        uri, _, rest = value[after:].partition(";")
        return Address(display, uri.strip(" \t"), parameters(rest))
    display = display or value[:opened].strip(" \t")
    uri, _, rest = value[opened + 1 :].partition(">")
    return Address(display, uri.strip(" \t"), parameters(rest))


def closing(value: str) -> int:
    """Where the bracket behind the address of a From or To is, if it is written as nearly everybody does; or -1.

    That is `<sip:bob@example.org>` with a name before it or none; parameters may follow.
    """
    opened, closed, quoted = value.find("<"), value.find(">"), value.find('"')
    if not 0 <= opened < closed or value.find("<", opened + 1) >= 0 or value.find("\\") >= 0 or value.find("(") >= 0:
        return -1
    if quoted < 0:
        return -1 if 0 <= value.find(";") < opened else closed
    end = value.find('"', 1)
    return closed if quoted == 0 and 1 < end < opened and value.find('"', end + 1) < 0 else -1


def tag(value: str) -> str | None:
    """The `tag` of a From or To (RFC 3261 section 19.3), as `address` finds it; None where there is none."""
    found: str | None = _tags.recall(value)
    return found


def read_tag(value: str) -> str | None:
    """The same of one that is not remembered."""
    closed = closing(value)
    if closed >= 0 and closed + 1 == len(value):
        return None
    if closed >= 0 and value.startswith(">;tag=", closed):
        end = value.find(";", closed + 2)
        return value[closed + 6 : len(value) if end < 0 else end].strip(" \t")
    return address(value).tag


_tags = Remembered(read_tag)
"""Who calls is told by all messages of a call, and they come one soon after the other."""


def uri(value: str) -> str:
    """The address in a From or To, as `address` finds it; empty where there is none."""
    closed = closing(value)
    return address(value).uri if closed < 0 else value[value.find("<") + 1 : closed].strip(" \t")


def number(text: str, digits: int = 10) -> int | None:
    """A decimal number of at most `digits` ASCII digits; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None


def shown(text: str) -> str:
    """Text of the wire inside a phrase: short, and visible whatever it holds."""
    return ascii(text if len(text) <= 40 else text[:39] + "…")
