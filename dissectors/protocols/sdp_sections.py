"""The lines of SDP and what they say line by line: of the description itself, and of each of its media."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dissectors.protocols.sdp_attributes import number
from dissectors.protocols.sdp_lines import Attribute, Connection, attribute, bandwidth
from dissectors.protocols.sdp_lines import connection as read_connection
from dissectors.protocols.sdp_media import Media, Value, by_name, fmtps, read_all, rtpmaps
from dissectors.wire.errors import Malformed

MAX_LINES = 4096
MAX_FORMATS = 256
MAX_DEVIATIONS = 32

WORDS = {
    word: word
    for word in (
        "audio", "video", "image", "application", "RTP/AVP", "RTP/SAVP", "RTP/AVPF", "RTP/SAVPF", "UDP/TLS/RTP/SAVP",
        "UDP/TLS/RTP/SAVPF",
    )
}
"""Words of media lines, each as one text however often it stands there."""

Section = dict[str, list[str]]
"""The values of the lines of each type in order: of the description itself, or of one media line and what follows."""

_TYPES = frozenset("vosiuepcbtrzkam")


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


def read_lines(text: str, notes: Notes) -> tuple[tuple[str, str], ...]:
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


def read_section(
    section: Section, connection: Connection | None, inherited: tuple[Attribute, ...], notes: Notes
) -> Media:
    """A media line and what follows it."""
    line = section["m"][0]
    words = line.split()
    kind, ports, profile = words[:3] if len(words) > 2 else (*words, "", "", "")[:3]
    first, _, count = ports.partition("/")
    port = number(first, 1 << 16)
    if port is None or len(words) < 4:
        notes.unreadable(f"not a media line: {ascii('m=' + line[:40])}")
    if len(words) > 3 + MAX_FORMATS:
        notes.texts.append(f"a media line of more than {MAX_FORMATS} formats")
    attributes = read_attributes(section)
    named = by_name(attributes)
    return Media(
        WORDS.get(kind, kind), port or 0, (number(count) or 1) if count else 1, WORDS.get(profile, profile),
        tuple(words[3 : 3 + MAX_FORMATS]), read_first(section, "c", read_connection, notes) or connection,
        read_all(section["b"], bandwidth) if "b" in section else (), attributes, inherited, named,
        rtpmaps(named.get("rtpmap", ())), fmtps(named.get("fmtp", ())),
    )


def read_attributes(section: Section) -> tuple[Attribute, ...]:
    """The attributes in order."""
    return tuple([attribute(value) for value in section["a"]]) if "a" in section else ()


def read_first(section: Section, wanted: str, read: Callable[[str], Value | None], notes: Notes) -> Value | None:
    """The first line of a type, read; noted when it cannot be."""
    if wanted not in section:
        return None
    value = section[wanted][0]
    found = read(value)
    if found is None:
        notes.unreadable(f"cannot be read: {ascii(f'{wanted}={value[:40]}')}")
    return found


def bounded(notes: list[str]) -> tuple[str, ...]:
    """Each once, and not too many of them."""
    return tuple(dict.fromkeys(notes))[:MAX_DEVIATIONS] if notes else ()


def read_media(rest: str) -> tuple[Any, ...] | None:
    """What follows the port of a media line, up to the next one, as fields of `Media` and as lines; None if it is odd.
    """
    notes = Notes()
    lines = read_lines(f"v=\r\nm=x 9 {rest}", notes)[1:]
    section: Section = {}
    for kind, value in lines:
        section.setdefault(kind, []).append(value)
    if len(section["m"]) > 1:
        return None
    media = read_section(section, None, (), notes)
    if notes.texts:
        return None
    return (
        media.profile, media.formats, media.connection, media.bandwidths, media.attributes, media.named, media.rtpmaps,
        media.fmtps, lines[0][1].removeprefix("x 9 "), lines[1:],
    )
