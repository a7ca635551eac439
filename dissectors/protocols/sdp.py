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


class Notes:
    """What deviates, in the order in which it was met; `broken` are those about a line that cannot be read at all."""

    __slots__ = ("broken", "texts")

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.broken: list[str] = []

    def unreadable(self, text: str) -> None:
        """Note a line that cannot be read."""
        self.texts.append(text)
        self.broken.append(text)


def parse(text: str | bytes) -> Description:
    """Read a description; raises Malformed when its first line is no `v=` line, and for nothing else.

    Octets are UTF-8, or ISO 8859-1 where they are not. Blank lines before and after, LF or CR alone as line end,
    unknown types and lines that are none are accepted and named. Lines beyond MAX_LINES are not read.
    """
    if isinstance(text, bytes):
        text = _decode(text)
    notes = Notes()
    lines = _lines(text, notes)
    section: Section = {}
    sections = [section]
    for line in lines:
        kind, value = line
        if kind == "m":
            if len(sections) > MAX_MEDIA:
                notes.texts.append(f"more than {MAX_MEDIA} media lines, the rest is not read")
                break
            section = {}
            sections.append(section)
        if kind in section:
            section[kind].append(value)
        else:
            section[kind] = [value]
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
        notes.texts.append("blank lines come before v=")
    raw = body.replace("\r\n", "\n").replace("\r", "\n").split("\n", MAX_LINES)
    if len(raw) > MAX_LINES and raw.pop():
        notes.texts.append(f"more than {MAX_LINES} lines, the rest is not read")
    lines: list[tuple[str, str]] = []
    for line in raw:
        kind = line[:1] if line.find("=") == 1 else ""
        if kind in _TYPES:
            lines.append((kind, line[2:]))
        elif kind and kind.isascii() and kind.isalpha():
            lines.append((kind, line[2:]))
            notes.texts.append(f"unknown line type {kind}")
        elif line.strip(" \t\0"):
            notes.unreadable(f"not a line of SDP: {ascii(line[:40])}")
    return tuple(lines)


def _description(lines: tuple[tuple[str, str], ...], sections: list[Section], notes: Notes) -> Description:
    own = sections[0]
    owner = _first(own, "o", origin, notes)
    connection = _first(own, "c", read_connection, notes)
    attributes = _attributes(own)
    media = tuple([_media(section, connection, attributes, notes) for section in sections[1:]])
    notes.texts += [f"no {kind}= line" for kind in ("o", "s", "t") if kind not in own]
    if connection is None and [line for line in media if line.connection is None and line.port]:
        notes.texts.append("no c= line")
    return Description(
        own["v"][0].strip(), owner, own["s"][0] if "s" in own else None, connection,
        read_all(own["b"], bandwidth) if "b" in own else (), read_all(own["t"], timing) if "t" in own else (),
        attributes, media, lines, _bounded(notes.texts), _bounded(notes.broken),
    )


def _bounded(notes: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(notes))[:MAX_DEVIATIONS] if notes else ()


def _media(
    section: Section, connection: Connection | None, inherited: tuple[Attribute, ...], notes: Notes
) -> Media:
    line = section["m"][0]
    words = line.split()
    kind, ports, profile = words[:3] if len(words) > 2 else (*words, "", "", "")[:3]
    first, _, count = ports.partition("/")
    port = number(first, 1 << 16)
    if port is None or len(words) < 4:
        notes.unreadable(f"not a media line: {ascii('m=' + line[:40])}")
    if len(words) > 3 + MAX_FORMATS:
        notes.texts.append(f"a media line of more than {MAX_FORMATS} formats")
    attributes = _attributes(section)
    named = by_name(attributes)
    return Media(
        _USUAL.get(kind, kind), port or 0, (number(count) or 1) if count else 1, _USUAL.get(profile, profile),
        tuple(words[3 : 3 + MAX_FORMATS]), _first(section, "c", read_connection, notes) or connection,
        read_all(section["b"], bandwidth) if "b" in section else (), attributes, inherited, named,
        rtpmaps(named.get("rtpmap", ())), fmtps(named.get("fmtp", ())),
    )


def _attributes(section: Section) -> tuple[Attribute, ...]:
    return tuple([attribute(value) for value in section["a"]]) if "a" in section else ()


def _first(section: Section, wanted: str, read: Callable[[str], Value | None], notes: Notes) -> Value | None:
    """The first line of a type, read; noted when it cannot be."""
    if wanted not in section:
        return None
    value = section[wanted][0]
    found = read(value)
    if found is None:
        notes.unreadable(f"cannot be read: {ascii(f'{wanted}={value[:40]}')}")
    return found
