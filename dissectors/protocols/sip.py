"""SIP (RFC 3261): start line, headers in every form, body.

Lenient in what it reads and exact in what it reports: a message whose start line is whole is read as far as it goes,
and its deviations list everything odd.
"""
from __future__ import annotations

from dissectors.limits.remembered import Remembered
from dissectors.protocols.sip_build import build, request_line, status_line
from dissectors.protocols.sip_deviation import Deviation
from dissectors.protocols.sip_framing import frame
from dissectors.protocols.sip_head import Head, usual_head
from dissectors.protocols.sip_headers import (
    MANDATORY,
    Address,
    Header,
    address,
    first_values,
    header_lines,
    is_complete,
    known,
    number,
    read_block,
    shown,
)
from dissectors.protocols.sip_message import Identity, Message, identity
from dissectors.protocols.sip_parts import Part, head, media_type, read_parts
from dissectors.protocols.sip_start_line import METHODS, read_start_line
from dissectors.protocols.sip_via import Via, via
from dissectors.wire import spec
from dissectors.wire.errors import Malformed
from dissectors.wire.inflate import LIMITS, NOTHING, Inflated, Limits, inflate
from dissectors.wire.values import replace

__all__ = [
    "METHODS", "SPEC", "Address", "Deviation", "Header", "Identity", "Message", "Part", "Via", "address", "build",
    "parse", "parse_all", "request_line", "status_line", "via",
]

ONCE = ("From", "To", "Call-ID", "CSeq", "Content-Length", "Content-Type", "Max-Forwards")
"""Headers of which only one may stand."""

MAX_MESSAGES = 16
MAX_DEVIATIONS = 32
MAX_RECOVERED = 65535


def parse(payload: bytes, limits: Limits = LIMITS) -> Message:
    """Read one message; what follows its body is `trailing`. Raises Malformed when no whole start line is there.

    A message that the capture cut short gives the headers that are whole and the body as far as it goes.
    """
    return _read(payload, 0, limits)


def parse_all(payload: bytes, limits: Limits = LIMITS) -> tuple[Message, ...]:
    """Read the messages of a datagram that carries several, at most MAX_MESSAGES; raises Malformed as `parse` does.

    RFC 3261 section 18.3 allows only one, so each further one is a deviation; what follows the last is its `trailing`.
    """
    message = _read(payload, 0, limits)
    if not message.trailing:
        return (message,)
    messages = [message]
    while messages[-1].trailing and len(messages) < MAX_MESSAGES:
        previous = messages[-1]
        try:
            following = _read(payload, previous.body_offset + len(previous.raw_body), limits)
        except Malformed:
            break
        noted = (*following.deviations, Deviation("further message", "follows another message in the same datagram"))
        messages[-1:] = [replace(previous, trailing=b""), replace(following, deviations=noted)]
    return tuple(messages)


_TEXT = bytes(octet for octet in range(256) if octet >= 0x20 and octet != 0x7F or octet in b"\t\r\n")
_BEGIN_WITH_LINES = ("message/", "multipart/", "text/")
"""Types of bodies that may begin with lines like those of headers, and with an empty one."""


def _read(payload: bytes, start: int, limits: Limits) -> Message:
    """The message at `start`, after any CR and LF (RFC 3261 section 7.5)."""
    begin = start
    while begin < len(payload) and payload[begin] in b"\r\n":
        begin += 1
    notes = [Deviation("line ends", f"begins with {begin - start} bytes of CR and LF")] if begin > start else []
    usual = usual_head(payload, begin)
    read = _head(payload, begin, notes) if usual is None else usual
    start_line, headers, first, at, told = read.start_line, read.headers, read.first, read.at, read.identity
    size = len(payload)
    end = at + _length(first.get("Content-Length") if read.whole else None, payload, at, notes)
    raw_body = payload[at:end] if end > at else b""
    labels = _labels(headers, first) if "Content-Encoding" in first else ()
    body = inflate(raw_body, labels, limits) if raw_body or labels else NOTHING
    if "Comp-Hdrs" in first or body is not NOTHING and body.compressed and not _is_description(body.octets):
        recovered, body = _recover(first, body, limits, notes)
        if recovered:
            headers = (*headers, *recovered)
            first = first_values(headers)
            told = identity(first, start_line.method)
    parts = _parts(first["Content-Type"], body, limits, notes) if "Content-Type" in first else ()
    if len(first) < len(headers):
        _note_repeated(headers, notes)
    _note_oddities(first, start_line.method, told, read.whole and not read.complete, notes)
    if usual is None:
        _note_octets(payload[begin:at], notes)
    return Message(
        start_line.method, start_line.uri, start_line.status, start_line.reason, start_line.version, headers,
        payload[begin:end] if begin or end < size else payload, raw_body, body, at, parts,
        payload[end:] if end < size else b"", _bounded(notes) if notes else (), first, read.names, "", told,
    )


def _head(payload: bytes, begin: int, notes: list[Deviation]) -> Head:
    """The head that begins there; what is odd is added to `notes`."""
    block, at, whole = head(payload, begin)
    line, block = _first_line(block or payload[begin:], begin)
    start_line = read_start_line(line, begin, notes)
    if not whole:
        notes.append(Deviation("header broken", "the header block is not finished"))
        at = len(payload)
    headers = _headers(block, notes)
    first, names = first_values(headers), tuple([header.written for header in headers])
    return Head(start_line, headers, first, names, at, whole, is_complete(first), identity(first, start_line.method))


def _first_line(block: bytes, begin: int) -> tuple[bytes, bytes]:
    """The start line, and the block without it; one that ends with the datagram instead of a line end counts too."""
    line, _, block = block.partition(b"\n")
    line, _, rest = line.removesuffix(b"\r").partition(b"\r")
    if rest and block:
        # A line end that lost its LF: the line after it is still one.
        block = rest + b"\n" + block
    if not line:
        raise Malformed("SIP", begin, "no start line")
    return line, block


def _headers(block: bytes, notes: list[Deviation]) -> tuple[Header, ...]:
    if block.startswith((b" ", b"\t")):
        notes.append(Deviation("header broken", "the first header line is a continuation of nothing"))
    headers, odd = read_block(block)
    notes += [Deviation("header broken", f"not a header line: {shown(line)}") for line in odd if line]
    return headers


def _labels(headers: tuple[Header, ...], first: dict[str, str]) -> tuple[str, ...]:
    if len(first) == len(headers):
        return (first["Content-Encoding"],)
    return tuple([header.value for header in headers if header.name == "Content-Encoding"])


def _length(value: str | None, payload: bytes, at: int, notes: list[Deviation]) -> int:
    """How many of the octets from `at` on are the body by its Content-Length (RFC 3261 sections 18.3 and 20.14).

    Lines without anything behind it are as those before a message: nobody minds them (section 7.5).
    """
    left = len(payload) - at
    if value is None:
        return left
    length: int | None = _known_lengths.recall(value)
    if length is None:
        notes.append(Deviation("length wrong", f"Content-Length is no number: {shown(value)}"))
        return left
    if length > left:
        notes.append(Deviation("length wrong", f"Content-Length says {length} bytes, {left} are there"))
        return left
    if length < left and payload[at + length :].strip(b"\r\n"):
        notes.append(Deviation("octets follow", f"{left - length} bytes follow the {length} of Content-Length"))
    return length


_known_lengths = Remembered(number)
"""There are a few, in messages without number."""


def _is_description(octets: bytes) -> bool:
    """Whether these begin as SDP does, and so with no header."""
    return octets.startswith(b"v=")


def _recover(
    first: dict[str, str], body: Inflated, limits: Limits, notes: list[Deviation]
) -> tuple[tuple[Header, ...], Inflated]:
    """Headers that were compressed into Comp-Hdrs or before the body, and the body without them."""
    recovered = _compressed_headers(first["Comp-Hdrs"], limits, notes) if "Comp-Hdrs" in first else ()
    if not body.compressed:
        return recovered, body
    block, at, whole = head(body.octets[:MAX_RECOVERED], 0)
    if not whole or not all(known(line.rstrip(" \t").partition(":")[0]) for line in header_lines(block)):
        return recovered, body
    said: list[Deviation] = []
    embedded = _recovered(block, said)
    if not _are_of_message(embedded, first, body.octets[at:]):
        return recovered, body
    notes += said
    if embedded:
        notes.append(Deviation("headers compressed", f"{len(embedded)} headers are compressed with the body"))
    else:
        notes.append(Deviation("headers compressed", "the inflated body begins with an empty line"))
    return (*recovered, *embedded), replace(body, octets=body.octets[at:])


def _are_of_message(embedded: tuple[Header, ...], first: dict[str, str], rest: bytes) -> bool:
    """Whether the lines before an empty one are headers of the message, not the beginning of its body.

    Who compresses headers with a body (mc_compress of OpenSIPS) takes them out of the message, leaves there what a
    message must have, and compresses the Content-Length that it had, too: that counts the octets of the `rest`. A body
    of a type that begins with such lines itself, message/cpim for one, is the body.
    """
    kind = media_type(first.get("Content-Type")) or ""
    if not embedded:
        return not kind.startswith(_BEGIN_WITH_LINES)
    names = first_values(embedded)
    twice = any(name in first and name in names for name in ONCE if name != "Content-Length")
    if twice or kind.startswith("message/"):
        return False
    if kind.startswith(_BEGIN_WITH_LINES) or not (kind or "Content-Type" in names or rest.startswith(b"v=0")):
        return number(names.get("Content-Length", "")) == len(rest)
    return True


def _compressed_headers(value: str, limits: Limits, notes: list[Deviation]) -> tuple[Header, ...]:
    """Those within the first Comp-Hdrs."""
    found = inflate(value.encode("latin-1", "replace"), ("deflate", "base64"), limits)
    block, _, _ = head(found.octets[:MAX_RECOVERED].rstrip(b"\r\n") + b"\n", 0)
    recovered = _recovered(block, notes) if found.compressed else ()
    text = f"{len(recovered)} headers are compressed in Comp-Hdrs ({found.encoding}, {found.status})"
    notes.append(Deviation("headers compressed", text))
    return recovered


def _recovered(block: bytes, notes: list[Deviation]) -> tuple[Header, ...]:
    return tuple([header._replace(recovered=True) for header in _headers(block, notes)])


def _parts(kind: str, body: Inflated, limits: Limits, notes: list[Deviation]) -> tuple[Part, ...]:
    if not (media_type(kind) or "").startswith("multipart/"):
        return ()
    parts, odd = read_parts(kind, body.octets, limits)
    notes += [Deviation("parts", text) for text in odd]
    return parts


def _note_repeated(headers: tuple[Header, ...], notes: list[Deviation]) -> None:
    """Header fields that stand several times and may not; those that were recovered do not count."""
    names = [header.name for header in headers if not header.recovered]
    for name in ONCE:
        if (count := names.count(name)) > 1:
            notes.append(Deviation("header broken", f"{count} {name} headers, only one may stand"))


def _note_oddities(
    first: dict[str, str], method: str | None, told: Identity, lacks: bool, notes: list[Deviation]
) -> None:
    """The deviations of the headers: one that is mandatory `lacks`, or they are contradictory.

    `first` has the first value of each, and `told` is what they identify.
    """
    if lacks:
        for name in MANDATORY:
            if name not in first:
                notes.append(Deviation("header missing", f"no {name} header"))
    written = first.get("CSeq")
    if written is None:
        return
    if told.sequence is None:
        text = f"CSeq is not a number below 2**32 and a method: {shown(written)}"
        notes.append(Deviation("header broken", text))
    elif method and told.method != method:
        text = f"the CSeq method {shown(told.method or '')} is not that of the request, {shown(method)}"
        notes.append(Deviation("header broken", text))


def _note_octets(block: bytes, notes: list[Deviation]) -> None:
    """The deviations in the octets of the start line and the headers."""
    if block.translate(None, _TEXT):
        notes.append(Deviation("header broken", "control characters in the header block"))
    try:
        block.decode()
    except UnicodeDecodeError:
        notes.append(Deviation("header broken", "the header block is not UTF-8"))
    if block.count(b"\n") > block.count(b"\r\n"):
        notes.append(Deviation("line ends", "lines end in LF alone"))


def _bounded(notes: list[Deviation]) -> tuple[Deviation, ...]:
    if not notes:
        return ()
    distinct = tuple(dict.fromkeys(notes))
    if len(distinct) <= MAX_DEVIATIONS:
        return distinct
    return (*distinct[:MAX_DEVIATIONS], Deviation("more", f"and {len(distinct) - MAX_DEVIATIONS} more"))


SPEC = spec.Spec(
    name="SIP",
    match=(spec.certain("start line of SIP/2.0", spec.StartLine(b"SIP/2.0", (b"sip:", b"sips:", b"tel:"))),),
    parse=parse,
    role="signalling",
    reported=True,
    wireshark="sip",
    opens=True,
    colour="cyan",
    frame=frame,
)
