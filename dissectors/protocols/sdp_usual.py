"""SDP as programs usually write it, read by what they said of their media before; `sdp_usual.pyx` is its compiled twin.

Lines of version, origin, name, connection and times come first, and no others before those of media; all are in
printable ASCII and end in CR LF. `sdp` reads whatever is written otherwise.
"""
from __future__ import annotations

from dissectors.limits.remembered import Remembered
from dissectors.protocols.sdp_attributes import number
from dissectors.protocols.sdp_lines import Attribute, Connection, connection, origin, timing
from dissectors.protocols.sdp_media import Description, Media, read_all
from dissectors.protocols.sdp_sections import WORDS, read_media

MAX_OCTETS = 2048
MAX_MEDIA = 127
"""Octets of a usual description, and how many media it has."""

KINDS = ("v", "o", "s", "c", "t")
"""The types of the lines before those of media."""

ORIGIN_WORDS = 6

LINE_END = "\r\n"
SOURCES = "\r\na=ssrc:"
"""Where the lines begin that differ from call to call, at the end of what is said of media (RFC 5576)."""

# A named tuple is made three times as quickly by it.
_new = tuple.__new__

_known_media = Remembered(read_media)
"""Programs say the same of their media again and again, but for ports and sources."""


BriefMedia = tuple[str, int, str, tuple[int, ...], int]
"""A media line in brief: its kind, its port, all that follows but for sources, those, and how many lines name them."""

Brief = tuple[str, str, str, str, str, tuple[BriefMedia, ...]]
"""Of a description o=, its username and its address, s=, the address of c=, and the media."""


def brief(octets: bytes) -> Brief | None:
    """What differs between descriptions, of one that may well be usual; None where it is not.

    It is usual if `sdp_sections.read_media` can read what follows the port of each media line, and finds no a=ssrc.
    """
    said = _split(octets)
    if said is None:
        return None
    values, parts = said
    words, connected = values[1].split(" "), connection(values[3])
    if len(words) != ORIGIN_WORDS or not all(words) or connected is None:
        return None
    media = []
    for part in parts:
        kind, port, rest, sources = _divided(part)
        receives = number(port, 1 << 16)
        if receives is None or not kind.isalpha() or part.count(" ") < 2:
            return None
        numbers = [number(source.partition(" ")[0]) for source in sources or ()]
        known = tuple(dict.fromkeys([each for each in numbers if each is not None]))
        media.append((WORDS.get(kind, kind), receives, rest, known, len(numbers)))
    return values[1], words[0], words[-1], values[2], connected.address, tuple(media)


def _split(octets: bytes) -> tuple[list[str], list[str]] | None:
    """The values of the lines before those of media, and the media; None where there is something odd."""
    if len(octets) > MAX_OCTETS or not octets.isascii():
        return None
    text = octets.decode()
    if not text.replace(LINE_END, "").isprintable():
        return None
    head, *parts = text.split("\r\nm=")
    said = head.split(LINE_END)
    if not 0 < len(parts) <= MAX_MEDIA or [line[:2] for line in said] != [f"{kind}=" for kind in KINDS]:
        return None
    return [line[2:] for line in said], parts


def usual(octets: bytes) -> Description | None:
    """A description without anything odd in it; None where there may be."""
    said = _split(octets)
    if said is None:
        return None
    values, parts = said
    owner, connected = origin(values[1]), connection(values[3])
    if owner is None or connected is None:
        return None
    lines = [*zip(KINDS, values, strict=True)]
    media = []
    for part in parts:
        found = _media(part, connected, lines)
        if found is None:
            return None
        media.append(found)
    return Description(
        values[0].strip(), owner, values[2], connected, (), read_all((values[4],), timing), (), tuple(media),
        tuple(lines), (), (),
    )


def _media(text: str, connected: Connection, lines: list[tuple[str, str]]) -> Media | None:
    """One media line and what follows it; its lines go to `lines`. None where it may be odd."""
    kind, port, rest, sources = _divided(text)
    known = _known_media.recall(rest)
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
        WORDS.get(kind, kind), receives, 1, profile, formats, own or connected, bandwidths, attributes, (), named,
        mapped, parameters,
    )


def _divided(text: str) -> tuple[str, str, str, list[str] | None]:
    """Kind and port of a media line, what follows, and the values of sources at the end of it."""
    kind, _, rest = text.partition(" ")
    port, _, rest = rest.partition(" ")
    at = rest.find(SOURCES)
    sources = _sources(rest[at + len(LINE_END) :]) if at >= 0 else None
    return kind, port, rest if sources is None else rest[:at], sources


def _sources(text: str) -> list[str] | None:
    """The values of lines that all are a=ssrc, and end as usual; None where there are others."""
    said = text.split(LINE_END)
    if not said[-1]:
        said.pop()
    values = []
    for line in said:
        if not line.startswith("a=ssrc:") or line.endswith(" "):
            return None
        values.append(line[7:])
    return values
