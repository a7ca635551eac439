"""SDP (RFC 8866), read leniently and in order; every line is kept, odd ones are named."""
from __future__ import annotations

from dissectors.protocols.sdp_attributes import Candidate, Crypto, Fingerprint, Rtcp, RtpMap, number
from dissectors.protocols.sdp_lines import (
    Attribute,
    Bandwidth,
    Connection,
    Origin,
    Timing,
    bandwidth,
    origin,
    timing,
)
from dissectors.protocols.sdp_lines import connection as read_connection
from dissectors.protocols.sdp_media import Description, Direction, Media, read_all
from dissectors.protocols.sdp_sections import (
    Notes,
    Section,
    bounded,
    read_attributes,
    read_first,
    read_lines,
    read_section,
)
from dissectors.protocols.sdp_usual import usual

__all__ = [
    "Attribute", "Bandwidth", "Candidate", "Connection", "Crypto", "Description", "Direction", "Fingerprint", "Media",
    "Origin", "Rtcp", "RtpMap", "Timing", "number", "parse",
]

MAX_MEDIA = 128


def parse(text: str | bytes) -> Description:
    """Read a description; raises Malformed when its first line is no `v=` line, and for nothing else.

    Octets are UTF-8, or ISO 8859-1 where they are not. Blank lines before and after, LF or CR alone as line end,
    unknown types and lines that are none are accepted and named. Lines beyond MAX_LINES are not read.
    """
    octets = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    found = usual(octets)
    if found is None:
        found = _whole(_decode(text) if isinstance(text, bytes) else text)
    return found


def _decode(octets: bytes) -> str:
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def _whole(text: str) -> Description:
    """Any description, line by line."""
    notes = Notes()
    lines = read_lines(text, notes)
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


def _description(lines: tuple[tuple[str, str], ...], sections: list[Section], notes: Notes) -> Description:
    own = sections[0]
    owner = read_first(own, "o", origin, notes)
    connection = read_first(own, "c", read_connection, notes)
    attributes = read_attributes(own)
    media = tuple([read_section(section, connection, attributes, notes) for section in sections[1:]])
    notes.texts += [f"no {kind}= line" for kind in ("o", "s", "t") if kind not in own]
    if connection is None and [line for line in media if line.connection is None and line.port]:
        notes.texts.append("no c= line")
    return Description(
        own["v"][0].strip(), owner, own["s"][0] if "s" in own else None, connection,
        read_all(own["b"], bandwidth) if "b" in own else (), read_all(own["t"], timing) if "t" in own else (),
        attributes, media, lines, bounded(notes.texts), bounded(notes.broken),
    )
