"""SDP (RFC 8866), read leniently and in order; every line is kept, odd ones are named."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dissectors.limits.remembered import Remembered
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

MAX_USUAL = 2048
"""Characters of a description that may be read in the short way."""

LINE_END = "\r\n"
SOURCES = "\r\na=ssrc:"
"""Where the lines begin that differ from call to call, at the end of what is said of media (RFC 5576)."""

# A named tuple is made three times as quickly by it.
_new = tuple.__new__

USUAL_HEAD = ("v", "o", "s", "c", "t")

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
    return _usual(text) or _whole(text)


def _whole(text: str) -> Description:
    """Any description, line by line."""
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


def _usual(text: str) -> Description | None:
    """As `_whole`, of one without anything odd in it, whose media lines say what others said; None where it may not be.

    Before them stand the lines of version, origin, name, connection and times, and no others.
    """
    if len(text) > MAX_USUAL:
        return None
    parts = text.split("\r\nm=", MAX_MEDIA)
    head = parts[0]
    said = head.split("\r\n")
    if len(parts) > MAX_MEDIA or len(said) != len(USUAL_HEAD):
        return None
    if head.count("\r") != len(said) - 1 or head.count("\n") != len(said) - 1:
        return None
    lines: list[tuple[str, str]] = []
    for at in range(len(USUAL_HEAD)):
        kind, line = USUAL_HEAD[at], said[at]
        if not line.startswith("=", 1) or not line.startswith(kind):
            return None
        lines.append((kind, line[2:]))
    owner, connection = origin(said[1][2:]), read_connection(said[3][2:])
    if owner is None or connection is None:
        return None
    media = []
    for at in range(1, len(parts)):
        found = _usual_media(parts[at], connection, lines)
        if found is None:
            return None
        media.append(found)
    return Description(
        said[0][2:].strip(), owner, said[2][2:], connection, (), read_all((said[4][2:],), timing), (), tuple(media),
        tuple(lines), (), (),
    )


def _usual_media(text: str, connection: Connection, lines: list[tuple[str, str]]) -> Media | None:
    """One media line and what follows it; its lines go to `lines`. None where it may be odd."""
    kind, _, rest = text.partition(" ")
    port, _, rest = rest.partition(" ")
    at, sources = rest.find(SOURCES), None
    if at >= 0:
        sources = _sources(rest[at + len(LINE_END) :])
    known = _known_media.recall(rest if sources is None else rest[:at])
    receives = number(port, 1 << 16)
    if receives is None or known is None or not kind.isalpha():
        return None
    profile, formats, own, bandwidths, attributes, named, mapped, parameters, first, others = known
    lines.append(("m", f"{kind} {port} {first}"))
    lines += others
    if sources is not None:
        if "ssrc" in named:
            return None
        named = {**named, "ssrc": sources}
        attributes += tuple([_new(Attribute, ("ssrc", value)) for value in sources])
        lines += [("a", f"ssrc:{value}") for value in sources]
    return Media(
        _USUAL.get(kind, kind), receives, 1, profile, formats, own or connection, bandwidths, attributes, (), named,
        mapped, parameters,
    )


def _sources(text: str) -> list[str] | None:
    """The values of lines that all are a=ssrc, and end as usual; None where there are others."""
    said = text.split(LINE_END)
    if not said[-1]:
        said.pop()
    values = []
    for line in said:
        if not line.startswith("a=ssrc:") or not line.isprintable() or line.endswith(" "):
            return None
        values.append(line[7:])
    return values


def _read_media(rest: str) -> tuple[Any, ...] | None:
    """What follows the port of a media line, up to the next one, as fields of `Media` and as lines; None if it is odd.
    """
    notes = Notes()
    lines = _lines(f"v=\r\nm=x 9 {rest}", notes)[1:]
    section: Section = {}
    for kind, value in lines:
        section.setdefault(kind, []).append(value)
    if len(section["m"]) > 1:
        return None
    media = _media(section, None, (), notes)
    if notes.texts:
        return None
    return (
        media.profile, media.formats, media.connection, media.bandwidths, media.attributes, media.named, media.rtpmaps,
        media.fmtps, lines[0][1].removeprefix("x 9 "), lines[1:],
    )


_known_media = Remembered(_read_media)
"""Programs say the same of their media again and again, but for ports and sources."""


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
