"""SDP (RFC 8866), read leniently and in order; every line is kept, odd ones are named."""
from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from dissectors.protocols.sdp_attributes import Candidate, Crypto, Fingerprint, Rtcp, RtpMap, number
from dissectors.protocols.sdp_lines import (
    Attribute,
    Bandwidth,
    Connection,
    Origin,
    Timing,
    attribute,
    bandwidth,
    origin,
    timing,
)
from dissectors.protocols.sdp_lines import connection as read_connection
from dissectors.protocols.sdp_media import Direction, Media, Value, read_all
from dissectors.wire.datagram import Malformed
from dissectors.wire.values import Struct

__all__ = [
    "Attribute", "Bandwidth", "Candidate", "Connection", "Crypto", "Description", "Direction", "Fingerprint", "Media",
    "Origin", "Rtcp", "RtpMap", "Timing", "number", "parse",
]  # fmt: skip

MAX_LINES = 4096
MAX_MEDIA = 128
MAX_FORMATS = 256
MAX_DEVIATIONS = 32


class Description(Struct, frozen=True):
    """A session description. `lines` is every line in order as (type, value); `deviations` are phrases for people."""

    version: str
    origin: Origin | None
    name: str | None
    connection: Connection | None
    bandwidths: tuple[Bandwidth, ...]
    times: tuple[Timing, ...]
    attributes: tuple[Attribute, ...]
    media: tuple[Media, ...]
    lines: tuple[tuple[str, str], ...]
    deviations: tuple[str, ...]

    def get(self, name: str) -> str | None:
        """The first value of an attribute of the description itself; empty for a property, None when absent."""
        return next((a.value or "" for a in self.attributes if a.name == name), None)


def parse(text: str | bytes) -> Description:
    """Read a description; raises Malformed when its first line is no `v=` line, and for nothing else.

    Octets are UTF-8, or ISO 8859-1 where they are not. Blank lines before and after, LF or CR alone as line end,
    unknown types and lines that are none are accepted and named. Lines beyond MAX_LINES are not read.
    """
    if isinstance(text, bytes):
        text = _decode(text)
    notes: list[str] = []
    lines = _lines(text, notes)
    sections: list[list[tuple[str, str]]] = [[]]
    for line in lines:
        if line[0] == "m" and len(sections) > MAX_MEDIA:
            notes.append(f"more than {MAX_MEDIA} media lines, the rest is not read")
            break
        if line[0] == "m":
            sections.append([])
        sections[-1].append(line)
    return _description(lines, sections, notes)


_TYPES = frozenset("vosiuepcbtrzkam")
_LINE_END = re.compile(r"\r\n|\n|\r")


def _decode(octets: bytes) -> str:
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def _lines(text: str, notes: list[str]) -> tuple[tuple[str, str], ...]:
    """The lines as (type, value)."""
    body = text.lstrip("\r\n")
    offset = len(text) - len(body)
    if body[:2] != "v=":
        raise Malformed("SDP", offset, "the first line is no v= line")
    if offset:
        notes.append("blank lines come before v=")
    raw = _LINE_END.split(body, MAX_LINES)
    if len(raw) > MAX_LINES and raw.pop():
        notes.append(f"more than {MAX_LINES} lines, the rest is not read")
    lines: list[tuple[str, str]] = []
    for line in raw:
        if line[1:2] == "=" and line[0].isascii() and line[0].isalpha():
            lines.append((line[0], line[2:]))
            if line[0] not in _TYPES:
                notes.append(f"unknown line type {line[0]}")
        elif line.strip(" \t\0"):
            notes.append(f"not a line of SDP: {ascii(line[:40])}")
    return tuple(lines)


def _description(
    lines: tuple[tuple[str, str], ...], sections: list[list[tuple[str, str]]], notes: list[str]
) -> Description:
    own = sections[0]
    owner = _first(own, "o", origin, notes)
    connection = _first(own, "c", read_connection, notes)
    attributes = read_all(_all(own, "a"), attribute)
    media = tuple(_media(section, connection, attributes, notes) for section in sections[1:])
    for kind in "ost":
        if not any(key == kind for key, _ in own):
            notes.append(f"no {kind}= line")
    if connection is None and any(line.connection is None and line.port for line in media):
        notes.append("no c= line")
    distinct = tuple(dict.fromkeys(notes))
    return Description(
        version=own[0][1].strip(),
        origin=owner,
        name=next(_all(own, "s"), None),
        connection=connection,
        bandwidths=read_all(_all(own, "b"), bandwidth),
        times=read_all(_all(own, "t"), timing),
        attributes=attributes,
        media=media,
        lines=lines,
        deviations=distinct[:MAX_DEVIATIONS],
    )


def _media(
    section: list[tuple[str, str]], connection: Connection | None, inherited: tuple[Attribute, ...], notes: list[str]
) -> Media:
    words = section[0][1].split()
    kind, ports, profile = (*words[:3], "", "", "")[:3]
    first, _, count = ports.partition("/")
    port = number(first, 1 << 16)
    if port is None or len(words) < 4:
        notes.append(f"not a media line: {ascii('m=' + section[0][1][:40])}")
    if len(words) > 3 + MAX_FORMATS:
        notes.append(f"a media line of more than {MAX_FORMATS} formats")
    return Media(
        kind=kind,
        port=port or 0,
        count=number(count) or 1,
        profile=profile,
        formats=tuple(words[3 : 3 + MAX_FORMATS]),
        connection=_first(section, "c", read_connection, notes) or connection,
        bandwidths=read_all(_all(section, "b"), bandwidth),
        attributes=read_all(_all(section, "a"), attribute),
        inherited=inherited,
    )


def _all(section: list[tuple[str, str]], wanted: str) -> Iterator[str]:
    """The values of the lines of a type."""
    return (value for kind, value in section if kind == wanted)


def _first(
    section: list[tuple[str, str]], wanted: str, read: Callable[[str], Value | None], notes: list[str]
) -> Value | None:
    """The first line of a type, read; noted when it cannot be."""
    value = next(_all(section, wanted), None)
    found = read(value) if value is not None else None
    if value is not None and found is None:
        notes.append(f"cannot be read: {ascii(f'{wanted}={value[:40]}')}")
    return found
