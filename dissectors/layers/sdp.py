"""SDP (RFC 8866), with the fields of the RFC in its order."""

from __future__ import annotations

import re
from typing import Any, ClassVar, NamedTuple

from scapy.fields import Field, FieldListField, PacketListField, StrField
from scapy.packet import Packet
from scapy.volatile import RandBin, RandNum

from dissectors.layers.headers import octets_of, visible
from dissectors.layers.layer import Layer, When, optional
from dissectors.protocols import sdp

MOST_LINES = 4096
MOST_MEDIA = 128

SESSION = {
    "v": "version",
    "o": "origin",
    "s": "session",
    "i": "information",
    "u": "uri",
    "e": "emails",
    "p": "phones",
    "c": "connection",
    "b": "bandwidths",
    "t": "times",
    "r": "repeats",
    "z": "zone",
    "k": "key",
    "a": "attributes",
}
"""The lines of a description, by type, in the order of RFC 8866 section 5."""

MEDIA = {"i": "information", "c": "connection", "b": "bandwidths", "k": "key", "a": "attributes"}
"""The lines that may follow a media line, in the order of RFC 8866 section 5."""

LISTS = frozenset(("emails", "phones", "bandwidths", "times", "repeats", "attributes", "others"))
"""The fields that hold one value a line; the others hold the value of the only line of their type."""

_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,4}")


class Text(Field[Any, bytes]):
    """The value of a line as text; octets that are no UTF-8 are kept as Python's surrogates."""

    def any2i(self, pkt: Packet | None, x: Any) -> Any:
        """Text of octets."""
        return text_of(x) if isinstance(x, bytes) else x

    def i2repr(self, pkt: Packet | None, x: Any) -> str:
        """Without quotes."""
        return visible(x)

    def addfield(self, pkt: Packet | None, s: bytes, val: Any) -> bytes:
        """The value alone, for Scapy's pictures of a packet; the layer writes the lines."""
        return s if val is None else s + octets_of(val)

    def randval(self) -> Any:
        """Any octets, for `fuzz`."""
        return RandBin(RandNum(0, 40))


class Texts(FieldListField):
    """The values of all lines of a type."""

    def __init__(self, name: str, default: list[Any]) -> None:
        super().__init__(name, default, Text(name, ""))

    def any2i(self, pkt: Packet | None, x: Any) -> list[Any]:
        """A list of texts, also of one."""
        return [] if x is None else super().any2i(pkt, list(x) if isinstance(x, tuple) else x)

    def i2repr(self, pkt: Packet | None, x: list[Any]) -> str:
        """A value a line."""
        return "".join(f"\n{visible(value)}" for value in x)


class Section(NamedTuple):
    """A section of a description: what its lines say by the names of `SESSION` or `MEDIA`, and the lines that are none.

    `others` are whole lines: of an unknown type, of one that may stand only once and stood before, or of none.
    """

    values: dict[str, Any]
    others: list[str]


def text_of(octets: bytes) -> str:
    """Octets as text that gives them back."""
    return octets.decode("utf-8", "surrogateescape")


def read_section(lines: list[str], types: dict[str, str]) -> Section:
    """Sort lines by what their types mean."""
    section = Section({}, [])
    for line in filter(None, lines):
        name = types.get(line[:1]) if line[1:2] == "=" else None
        if name is None or (name in section.values and name not in LISTS):
            section.others.append(line)
        elif name in LISTS:
            section.values.setdefault(name, []).append(line[2:])
        else:
            section.values[name] = line[2:]
    return section


def write_section(packet: Packet, types: dict[str, str]) -> bytes:
    """The lines of a section in the order of the RFC, those of no type last."""
    lines: list[bytes] = []
    for letter, name in types.items():
        value = packet.getfieldval(name)
        each = value or () if name in LISTS else () if value is None else (value,)
        lines.extend(letter.encode() + b"=" + octets_of(one) for one in each)
    lines.extend(map(octets_of, packet.getfieldval("others") or ()))
    return b"".join(line + b"\r\n" for line in lines)


def _shown(field: Any) -> When:
    """A field that is shown where it has a value or an element."""
    name = field.name
    return When(field, lambda packet: packet.getfieldval(name) not in (None, []))


def _desc(types: dict[str, str], defaults: dict[str, Any]) -> list[Any]:
    return [
        _shown(Texts(name, defaults.get(name, [])) if name in LISTS else Text(name, defaults.get(name)))
        for name in (*types.values(), "others")
    ]


class Described(Layer):
    """The base of a description and its media: lines are built as they were read, unless they changed."""

    __slots__ = ()
    types: ClassVar[dict[str, str]]

    def self_build(self) -> bytes:
        """The lines; as they were written where they still say the same."""
        written: bytes | None = self.getfieldval("written")
        plain = self.write()
        return plain if written is None or self.read_again(written) != plain else written

    def write(self) -> bytes:
        """The lines in the order of the RFC."""
        return write_section(self, self.types)

    def read_again(self, written: bytes) -> bytes:
        """What `write` gives for a layer that was read from `written`."""
        again: bytes = type(self)(written, _internal=1).write()
        return again

    def read_lines(self, lines: list[str]) -> dict[str, Any]:
        """The fields that these lines of the section give."""
        section = read_section(lines, self.types)
        fields: dict[str, Any] = {name: [] for name in self.types.values() if name in LISTS}
        fields.update((name, None) for name, value in self.default_fields.items() if isinstance(value, str))
        fields.update(section.values, others=section.others)
        return fields

    def get(self, attribute: str) -> str | None:
        """The value of the first attribute of that name, empty for one without a value; None where there is none."""
        return next(iter(self.all(attribute)), None)

    def all(self, attribute: str) -> list[str]:
        """The values of all attributes of that name in order, empty for those without one."""
        pairs = (text.partition(":") for text in self.getfieldval("attributes"))
        return [value for name, _, value in pairs if name == attribute]

    def mysummary(self) -> Any:
        """Nothing: SIP speaks for it."""
        return ""


class SDPMedia(Described, Packet):
    """A media description (RFC 8866 section 5.14) with the lines that follow it.

    `port` is a number, or text where more than a number stands there («49170/2»); `formats` are texts.
    """

    name = "SDP media"
    types = MEDIA
    fields_desc = [
        _shown(Text("kind", "audio")),
        _shown(Text("port", 9)),
        _shown(Text("profile", "RTP/AVP")),
        _shown(Texts("formats", ["0"])),
        *_desc(MEDIA, {}),
        optional(StrField("written", None)),
    ]

    def do_dissect(self, octets: bytes) -> bytes:
        """Read the media line and all the lines after it."""
        lines = split_lines(octets)
        words = text_of(lines[0].rstrip(b"\r\n"))[2:].split(" ") if lines else []
        fields = self.read_lines([text_of(line.rstrip(b"\r\n")) for line in lines[1:]])
        kind, port, profile = (*words, None, None, None)[:3]
        number = int(port) if port is not None and _NUMBER.fullmatch(port) else port
        fields.update(kind=kind, port=number, profile=profile, formats=words[3:])
        self.fields = fields
        if octets != self.write():
            fields["written"] = octets
        self.remember(octets, fields, ("formats", *(name for name in LISTS if name in fields)))
        return b""

    def write(self) -> bytes:
        """The media line and the lines after it."""
        words = [self.getfieldval(name) for name in ("kind", "port", "profile")]
        words = [word for word in words if word is not None] + list(self.getfieldval("formats") or ())
        return b"m=" + b" ".join(map(octets_of, words)) + b"\r\n" + super().write()

    def extract_padding(self, octets: bytes) -> tuple[bytes, bytes | None]:
        """What follows belongs to the description."""
        return b"", octets


class SDP(Described, Packet):
    """A session description: a field for each type of line, a list where several may stand, and `media`.

    Values are texts without their type and line end. `others` are whole lines that are of no such type. What did not
    change is built as it was read; once changed, lines come in the order of the RFC and end in CR LF. `message` is the
    description as `dissectors.protocols.sdp` reads it, with every attribute decoded.
    """

    name = "SDP"
    types = SESSION
    payload_guess = []
    fields_desc = [
        *_desc(SESSION, {"version": "0", "origin": "- 0 0 IN IP4 0.0.0.0", "session": "-", "times": ["0 0"]}),
        _shown(PacketListField("media", [], SDPMedia)),
        optional(StrField("written", None)),
    ]

    def do_dissect(self, octets: bytes) -> bytes:
        """Read the description; what is beyond the bounds, or no description at all, comes back."""
        lines = split_lines(octets)
        if octets.lstrip(b"\r\n")[:2] != b"v=":
            lines = []
        sections: list[list[bytes]] = [[]]
        for line in lines[:MOST_LINES]:
            if line[:2] == b"m=":
                if len(sections) > MOST_MEDIA:
                    break
                sections.append([])
            sections[-1].append(line)
        own = b"".join(sections[0])
        kept = own + b"".join(b"".join(section) for section in sections[1:])
        fields = self.read_lines([text_of(line.rstrip(b"\r\n")) for line in sections[0]])
        fields["media"] = [SDPMedia(b"".join(section), _internal=1, _parent=self) for section in sections[1:]]
        self.fields = fields
        if own != write_section(self, SESSION):
            fields["written"] = own
        self.remember(kept, fields, ("media", *(name for name in LISTS if name in fields)))
        return octets[len(kept) :]

    def self_build(self) -> bytes:
        """The lines of the description, then each media description."""
        return super().self_build() + b"".join(bytes(media) for media in self.getfieldval("media") or ())

    @property
    def message(self) -> sdp.Description:
        """The description as `dissectors.protocols.sdp` reads it; raises `Malformed`."""
        return sdp.parse(self.self_build())


def split_lines(octets: bytes) -> list[bytes]:
    """Lines with their ends: CR LF, LF or CR alone."""
    return _LINE.findall(octets)
