"""SDP (RFC 8866), read leniently and in order; every line is kept, odd ones are named."""
from __future__ import annotations

from collections.abc import Callable

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
from dissectors.protocols.sdp_media import Direction, Media, Value, by_name, fmtps, read_all, rtpmaps
from dissectors.wire.errors import Malformed
from dissectors.wire.values import Struct

__all__ = [
    "Attribute", "Bandwidth", "Candidate", "Connection", "Crypto", "Description", "Direction", "Fingerprint", "Media",
    "Origin", "Rtcp", "RtpMap", "Timing", "number", "parse",
]

MAX_LINES = 4096
MAX_MEDIA = 128
MAX_FORMATS = 256
MAX_DEVIATIONS = 32

_USUAL = {
    word: word
    for word in (
        "audio", "video", "image", "application", "RTP/AVP", "RTP/SAVP", "RTP/AVPF", "RTP/SAVPF", "UDP/TLS/RTP/SAVP",
        "UDP/TLS/RTP/SAVPF",
    )
}
"""Words of media lines, each as one text however often it stands there."""


class Description(Struct, frozen=True):
    """A session description. `lines` is every line in order as (type, value); `deviations` are phrases for people.

    `broken` are those of them that are about a line that cannot be read at all.
    """

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
    broken: tuple[str, ...] = ()

    def get(self, name: str) -> str | None:
        """The first value of an attribute of the description itself; empty for a property, None when absent."""
        return next((a.value or "" for a in self.attributes if a.name == name), None)


class Notes(list[str]):
    """What deviates, in the order in which it was met; `broken` are those about a line that cannot be read at all."""

    def __init__(self) -> None:
        super().__init__()
        self.broken: dict[str, None] = {}

    def unreadable(self, text: str) -> None:
        """Note a line that cannot be read."""
        self.append(text)
        self.broken[text] = None


def parse(text: str | bytes) -> Description:
    """Read a description; raises Malformed when its first line is no `v=` line, and for nothing else.

    Octets are UTF-8, or ISO 8859-1 where they are not. Blank lines before and after, LF or CR alone as line end,
    unknown types and lines that are none are accepted and named. Lines beyond MAX_LINES are not read.
    """
    if isinstance(text, bytes):
        text = _decode(text)
    notes = Notes()
    lines = _lines(text, notes)
    sections: list[Section] = [{}]
    for kind, value in lines:
        if kind == "m":
            if len(sections) > MAX_MEDIA:
                notes.append(f"more than {MAX_MEDIA} media lines, the rest is not read")
                break
            sections.append({})
        sections[-1].setdefault(kind, []).append(value)
    return _description(lines, sections, notes)


Section = dict[str, list[str]]
"""The values of the lines of each type in order: of the description itself, or of one media line and what follows."""

_TYPES = frozenset("vosiuepcbtrzkam")


def _decode(octets: bytes) -> str:
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def _lines(text: str, notes: Notes) -> tuple[tuple[str, str], ...]:
    """The lines as (type, value)."""
    body = text.lstrip("\r\n")
    offset = len(text) - len(body)
    if body[:2] != "v=":
        raise Malformed("SDP", offset, "the first line is no v= line")
    if offset:
        notes.append("blank lines come before v=")
    raw = body.replace("\r\n", "\n").replace("\r", "\n").split("\n", MAX_LINES)
    if len(raw) > MAX_LINES and raw.pop():
        notes.append(f"more than {MAX_LINES} lines, the rest is not read")
    lines: list[tuple[str, str]] = []
    for line in raw:
        kind, equals, value = line.partition("=")
        if equals and kind in _TYPES:
            lines.append((kind, value))
        elif equals and len(kind) == 1 and kind.isascii() and kind.isalpha():
            lines.append((kind, value))
            notes.append(f"unknown line type {kind}")
        elif line.strip(" \t\0"):
            notes.unreadable(f"not a line of SDP: {ascii(line[:40])}")
    return tuple(lines)


def _description(lines: tuple[tuple[str, str], ...], sections: list[Section], notes: Notes) -> Description:
    own = sections[0]
    owner = _first(own, "o", origin, notes)
    connection = _first(own, "c", read_connection, notes)
    attributes = read_all(own.get("a", ()), attribute)
    media = tuple([_media(section, connection, attributes, notes) for section in sections[1:]])
    notes += [f"no {kind}= line" for kind in "ost" if kind not in own]
    if connection is None and any(line.connection is None and line.port for line in media):
        notes.append("no c= line")
    distinct = tuple(dict.fromkeys(notes))
    return Description(
        version=own["v"][0].strip(),
        origin=owner,
        name=own.get("s", (None,))[0],
        connection=connection,
        bandwidths=read_all(own.get("b", ()), bandwidth),
        times=read_all(own.get("t", ()), timing),
        attributes=attributes,
        media=media,
        lines=lines,
        deviations=distinct[:MAX_DEVIATIONS],
        broken=tuple(notes.broken)[:MAX_DEVIATIONS],
    )


def _media(
    section: Section, connection: Connection | None, inherited: tuple[Attribute, ...], notes: Notes
) -> Media:
    line = section["m"][0]
    words = line.split()
    kind, ports, profile = (*words[:3], "", "", "")[:3]
    first, _, count = ports.partition("/")
    port = number(first, 1 << 16)
    if port is None or len(words) < 4:
        notes.unreadable(f"not a media line: {ascii('m=' + line[:40])}")
    if len(words) > 3 + MAX_FORMATS:
        notes.append(f"a media line of more than {MAX_FORMATS} formats")
    attributes = read_all(section.get("a", ()), attribute)
    named = by_name(attributes)
    return Media(
        kind=_USUAL.get(kind, kind),
        port=port or 0,
        count=number(count) or 1,
        profile=_USUAL.get(profile, profile),
        formats=tuple(words[3 : 3 + MAX_FORMATS]),
        connection=_first(section, "c", read_connection, notes) or connection,
        bandwidths=read_all(section.get("b", ()), bandwidth),
        attributes=attributes,
        inherited=inherited,
        named=named,
        rtpmaps=rtpmaps(named.get("rtpmap", ())),
        fmtps=fmtps(named.get("fmtp", ())),
    )


def _first(section: Section, wanted: str, read: Callable[[str], Value | None], notes: Notes) -> Value | None:
    """The first line of a type, read; noted when it cannot be."""
    if wanted not in section:
        return None
    value = section[wanted][0]
    found = read(value)
    if found is None:
        notes.unreadable(f"cannot be read: {ascii(f'{wanted}={value[:40]}')}")
    return found
