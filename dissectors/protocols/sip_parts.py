"""Bodies of several parts inside SIP (RFC 5621, RFC 2046 section 5.1)."""
from __future__ import annotations

import re
from collections.abc import Iterator

from dissectors.limits.remembered import Remembered
from dissectors.protocols.sip_headers import Header, parameter, parameters, read_block
from dissectors.wire.inflate import Inflated, Limits, inflate
from dissectors.wire.values import Struct

MAX_PARTS = 32
MAX_DEPTH = 4


class Part(Struct, frozen=True):
    """One part of a multipart body: its headers, its octets as sent, and what they inflate to by Content-Encoding."""

    headers: tuple[Header, ...]
    raw_body: bytes
    inflated: Inflated

    @property
    def body(self) -> bytes:
        """The decoded octets."""
        return self.inflated.octets

    @property
    def content_type(self) -> str | None:
        """The media type in lower case without parameters; None stands for text/plain (RFC 2046 section 5.2)."""
        return media_type(self.get("Content-Type"))

    def get(self, name: str) -> str | None:
        """The value of the first header of that long name, or None."""
        return next((header.value for header in self.headers if header.name.lower() == name.lower()), None)


def media_type(value: str | None) -> str | None:
    """`type/subtype` of a Content-Type, in lower case without parameters."""
    if not value:
        return None
    found: str | None = _media_types.recall(value)
    return found


def _read_media_type(value: str) -> str | None:
    return value.partition(";")[0].strip(" \t").lower() or None


_media_types = Remembered(_read_media_type)


def head(octets: bytes, at: int) -> tuple[bytes, int, bool]:
    """The lines from `at` to the empty one, with their ends; the offset after that one, and whether it was there.

    Lines end in CR LF or LF alone. A last line without its end is left out, for its value may be cut.
    """
    if octets.startswith((b"\n", b"\r\n"), at):
        return b"", octets.find(b"\n", at) + 1, True
    end = octets.find(b"\n\r\n", at) + 1
    bare = octets.find(b"\n\n", at, end or len(octets)) + 1
    if bare or end:
        return octets[at : bare or end], bare + 1 if bare else end + 2, True
    end = octets.rfind(b"\n", at) + 1 or at
    return octets[at:end], end, False


def read_parts(content_type: str | None, octets: bytes, limits: Limits) -> tuple[tuple[Part, ...], tuple[str, ...]]:
    """The parts of a multipart body in order, each followed by those within it, and what is odd about them.

    At most MAX_PARTS, nested at most MAX_DEPTH deep; all of them share `limits` evenly. Raises nothing.
    """
    notes: list[str] = []
    share = Limits(max(1, limits.octets // MAX_PARTS), limits.ratio)
    parts: list[Part] = []
    open_bodies = [_split(content_type, octets, notes, share)]
    while open_bodies:
        part = next(open_bodies[-1], None)
        if part is None:
            open_bodies.pop()
            continue
        if len(parts) == MAX_PARTS:
            notes.append(f"more than {MAX_PARTS} parts")
            break
        parts.append(part)
        if not (part.content_type or "").startswith("multipart/"):
            continue
        if len(open_bodies) < MAX_DEPTH:
            open_bodies.append(_split(part.get("Content-Type"), part.body, notes, share))
        else:
            notes.append(f"parts nest deeper than {MAX_DEPTH} levels")
    return tuple(parts), tuple(dict.fromkeys(notes))


def _split(kind: str | None, body: bytes, notes: list[str], share: Limits) -> Iterator[Part]:
    """The parts directly within one multipart body (RFC 2046 section 5.1.1)."""
    boundary = parameter(parameters(kind or ""), "boundary")
    if not boundary:
        notes.append("a multipart body names no boundary")
        return
    edge = re.compile(rb"\n--" + re.escape(boundary[:70].encode("utf-8", "replace")) + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    text = b"\n" + body
    start: int | None = None
    for found in edge.finditer(text):
        if start is not None:
            yield _part(text[start : found.start()], share)
        if found[1]:
            return
        start = found.end()
    notes.append("a multipart body has no end")
    if start is not None:
        yield _part(text[start:], share)


def _part(content: bytes, share: Limits) -> Part:
    """A part from what stands between two delimiters: the end of the first one's line, headers, an empty line, body."""
    content = content[content.find(b"\n") + 1 :].removesuffix(b"\r")
    block, at, _ = head(content + b"\n", 0)
    headers, _ = read_block(block)
    raw_body = content[at:]
    labels = tuple(header.value for header in headers if header.name == "Content-Encoding")
    return Part(headers, raw_body, inflate(raw_body, labels, share))
