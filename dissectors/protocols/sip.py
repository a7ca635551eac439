"""SIP (RFC 3261): start line, headers in every form, body.

Lenient in what it reads and exact in what it reports: a message whose start line is whole is read as far as it goes,
and what is odd about it stands in its deviations.
"""
from __future__ import annotations

import re
from collections.abc import Iterator

from dissectors.protocols.sip_build import build, request_line, status_line
from dissectors.protocols.sip_deviation import Deviation
from dissectors.protocols.sip_headers import (
    Address,
    Header,
    Via,
    address,
    known,
    number,
    read,
    shown,
    text_of,
    unfold,
    via,
)
from dissectors.protocols.sip_message import Identity, Message, cseq
from dissectors.protocols.sip_parts import Part, head, media_type, read_parts
from dissectors.protocols.sip_start_line import METHODS, read_start_line
from dissectors.wire.datagram import Malformed
from dissectors.wire.inflate import LIMITS, Inflated, Limits, inflate
from dissectors.wire.spec import Spec, StartLine, certain
from dissectors.wire.values import replace

__all__ = [
    "METHODS", "SPEC", "Address", "Deviation", "Header", "Identity", "Message", "Part", "Via", "address", "build",
    "parse", "parse_all", "request_line", "status_line", "via",
]  # fmt: skip

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
    messages = [_read(payload, 0, limits)]
    while messages[-1].trailing and len(messages) < MAX_MESSAGES:
        previous = messages[-1]
        try:
            following = _read(payload, previous.body_offset + len(previous.raw_body), limits)
        except Malformed:
            break
        noted = (*following.deviations, Deviation("further message", "follows another message in the same datagram"))
        messages[-1:] = [replace(previous, trailing=b""), replace(following, deviations=noted)]
    return tuple(messages)


_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MANDATORY = dict.fromkeys(("Via", "From", "To", "Call-ID", "CSeq"))
_ONCE = ("From", "To", "Call-ID", "CSeq", "Content-Length", "Content-Type", "Max-Forwards")


def _read(payload: bytes, start: int, limits: Limits) -> Message:
    """The message at `start`, after any CR and LF (RFC 3261 section 7.5)."""
    begin = start
    while begin < len(payload) and payload[begin] in b"\r\n":
        begin += 1
    lines, at, whole = head(payload, begin)
    line = _first_line(payload, begin, lines)
    notes = [Deviation("line ends", f"begins with {begin - start} octets of CR and LF")] if begin > start else []
    start_line = read_start_line(line, begin, notes)
    if not whole:
        notes.append(Deviation("header broken", "the header block is not finished"))
        at = len(payload)
    headers = _headers(lines, notes)
    length, trailing = _extent(headers, len(payload) - at, whole, notes)
    raw_body = payload[at : at + length]
    labels = tuple(header.value for header in headers if header.name == "Content-Encoding")
    body = inflate(raw_body, labels, limits)
    recovered, body = _recover(headers, body, limits, notes)
    first = {header.name: header.value for header in (*reversed(recovered), *reversed(headers))}
    kind = first.get("Content-Type")
    several = (media_type(kind) or "").startswith("multipart/")
    parts, odd = read_parts(kind, body.octets, limits) if several else ((), ())
    notes += [Deviation("parts", text) for text in odd]
    notes += _repeated(headers)
    notes += _oddities(first, start_line.method, whole)
    notes += _odd_octets(payload[begin:at])
    return Message(
        *start_line,
        headers=(*headers, *recovered),
        octets=payload[begin : at + length],
        raw_body=raw_body,
        body=body,
        body_offset=at,
        parts=parts,
        trailing=payload[at + length :] if trailing else b"",
        deviations=_bounded(notes),
    )


def _first_line(payload: bytes, begin: int, lines: list[bytes]) -> bytes:
    """The start line, taken out of `lines`; one that ends with the datagram instead of a line end counts too."""
    line, _, rest = (lines.pop(0) if lines else payload[begin:]).partition(b"\r")
    if rest and lines:
        # A line end that lost its LF: the line after it is still one.
        lines.insert(0, rest)
    if not line:
        raise Malformed("SIP", begin, "no start line")
    return line


def _headers(lines: list[bytes], notes: list[Deviation], recovered: bool = False) -> tuple[Header, ...]:
    headers: list[Header] = []
    if lines and lines[0][:1] in (b" ", b"\t"):
        notes.append(Deviation("header broken", "the first header line is a continuation of nothing"))
    for line in unfold(lines):
        header = read(line, recovered)
        if header is not None:
            headers.append(header)
        elif line:
            notes.append(Deviation("header broken", f"not a header line: {shown(text_of(line[:64]))}"))
    return tuple(headers)


def _extent(headers: tuple[Header, ...], left: int, whole: bool, notes: list[Deviation]) -> tuple[int, bool]:
    """How many of the `left` octets are the body, and whether any follow it (RFC 3261 sections 18.3 and 20.14)."""
    values = [header.value for header in headers if header.name == "Content-Length"]
    if not values or not whole:
        return left, False
    length = number(values[0])
    if length is None:
        notes.append(Deviation("length wrong", f"Content-Length is no number: {shown(values[0])}"))
        return left, False
    if length > left:
        notes.append(Deviation("length wrong", f"Content-Length says {length} octets, {left} are there"))
        return left, False
    if length < left:
        notes.append(Deviation("octets follow", f"{left - length} octets follow the {length} of Content-Length"))
    return length, length < left


def _recover(
    headers: tuple[Header, ...], body: Inflated, limits: Limits, notes: list[Deviation]
) -> tuple[tuple[Header, ...], Inflated]:
    """Headers that were compressed into Comp-Hdrs or before the body, and the body without them."""
    recovered: list[Header] = []
    for value in (header.value for header in headers if header.name.lower() == "comp-hdrs"):
        found = inflate(value.encode("latin-1", "replace"), ("deflate", "base64"), limits)
        recovered.extend(_header_lines(found.octets[:MAX_RECOVERED], notes) if found.compressed else ())
        text = f"{len(recovered)} headers are compressed in Comp-Hdrs ({found.encoding}, {found.status})"
        notes.append(Deviation("headers compressed", text))
        break
    if not body.compressed:
        return tuple(recovered), body
    lines, at, whole = head(body.octets[:MAX_RECOVERED], 0)
    if not whole or not all(known(text_of(line.partition(b":")[0])) for line in unfold(lines)):
        return tuple(recovered), body
    embedded = _headers(lines, notes, recovered=True)
    if embedded:
        notes.append(Deviation("headers compressed", f"{len(embedded)} headers are compressed with the body"))
    else:
        notes.append(Deviation("headers compressed", "the inflated body begins with an empty line"))
    return (*recovered, *embedded), replace(body, octets=body.octets[at:])


def _header_lines(octets: bytes, notes: list[Deviation]) -> tuple[Header, ...]:
    lines, _, _ = head(octets.rstrip(b"\r\n") + b"\n", 0)
    return _headers(lines, notes, recovered=True)


def _repeated(headers: tuple[Header, ...]) -> Iterator[Deviation]:
    """Header fields that stand several times and may not."""
    names = [header.name for header in headers]
    if len(set(names)) < len(names):
        for name in _ONCE:
            if (count := names.count(name)) > 1:
                yield Deviation("header broken", f"{count} {name} headers, only one may stand")


def _oddities(first: dict[str, str], method: str | None, whole: bool) -> Iterator[Deviation]:
    """What the headers lack or contradict; `first` has the first value of each."""
    if whole and not first.keys() >= _MANDATORY.keys():
        yield from (Deviation("header missing", f"no {name} header") for name in _MANDATORY if name not in first)
    written = first.get("CSeq")
    counted = cseq(written)
    if written is not None and counted is None:
        yield Deviation("header broken", f"CSeq is not a number below 2**32 and a method: {shown(written)}")
    elif counted and method and counted[1] != method:
        yield Deviation("header broken", f"the CSeq method {shown(counted[1])} is not that of the request")


def _odd_octets(block: bytes) -> Iterator[Deviation]:
    """What is odd about the octets of the start line and the headers."""
    if _CONTROLS.search(block):
        yield Deviation("header broken", "control characters in the header block")
    try:
        block.decode()
    except UnicodeDecodeError:
        yield Deviation("header broken", "the header block is not UTF-8")
    if block.count(b"\n") > block.count(b"\r\n"):
        yield Deviation("line ends", "lines end in LF alone")


def _bounded(notes: list[Deviation]) -> tuple[Deviation, ...]:
    distinct = tuple(dict.fromkeys(notes))
    if len(distinct) <= MAX_DEVIATIONS:
        return distinct
    return (*distinct[:MAX_DEVIATIONS], Deviation("more", f"and {len(distinct) - MAX_DEVIATIONS} more"))


SPEC = Spec(
    name="SIP",
    match=(certain("start line of SIP/2.0", StartLine(b"SIP/2.0", (b"sip:", b"sips:", b"tel:"))),),
    parse=parse,
    wireshark="sip",
)
