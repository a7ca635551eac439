"""Bodies of SIP under other names, each by its type: known texts keep their form, everything else becomes random."""

from __future__ import annotations

import re
import zlib

from dissectors.protocols import dtmf
from dissectors.protocols.sip_headers import parameter, parameters
from dissectors.protocols.sip_parts import media_type
from dissectors.rewriting.anonymous import descriptions, pressed, texts
from dissectors.rewriting.anonymous.texts import Names
from dissectors.wire.inflate import deflate, inflate

TYPES_OF_SDP = frozenset(("application/sdp", "application/trickle-ice-sdpfrag"))
FRAGMENTS = frozenset(("message/sipfrag", "message/sip"))
KINDS_OF_TEXT, ENDS_OF_TEXT = ("text/", "message/"), ("+xml", "/xml", "+json", "/json")
OTHER_TEXTS = frozenset((
    "", "application/simple-message-summary", "application/broadsoft", "application/hook-flash", "application/url",
    "application/session-info", "application/www-form-urlencoded", "application/javascript",
))
"""Types whose bodies are text; a body without a type may be."""

CONTROLS = re.compile(rb"[\0-\x08\x0b\x0c\x0e-\x1f\x7f]")
LETTERS = bytes(0x61 + octet % 26 for octet in range(0x100))
"""What is made of random octets where text was."""

MAX_PARTS, MAX_BOUNDARY = 4, 70
"""Bodies within bodies, and characters of a boundary."""


class Bodies:
    """Bodies under other names; `masked` counts those that became random."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self.masked = 0

    def body(self, content_type: str, octets: bytes, depth: int = 0) -> bytes:
        """What becomes of a body of this type, which is not compressed."""
        if not octets:
            return octets
        kind = media_type(content_type) or ""
        if kind.startswith("multipart/") and depth < MAX_PARTS:
            return self._parts(content_type, octets, depth)
        if octets.startswith(b"v=0") or kind in TYPES_OF_SDP and not CONTROLS.search(octets):
            return coded(descriptions.sdp(text_of(octets), self._names))
        if not is_text(octets):
            return self.random(octets)
        if kind in dtmf.TYPES:
            return coded(pressed.body(text_of(octets), self._names))
        if kind in FRAGMENTS:
            return coded(texts.fragment(text_of(octets), self._names))
        if kind in OTHER_TEXTS or kind.startswith(KINDS_OF_TEXT) or kind.endswith(ENDS_OF_TEXT):
            return coded(texts.opaque(text_of(octets), self._names))
        return self.random(octets)

    def random(self, octets: bytes) -> bytes:
        """As many octets that say nothing: letters in the place of text, and no text in the place of anything else."""
        self.masked += 1
        made = self._names.pseudonyms.noise(octets, len(octets))
        if not is_text(octets):
            # Nobody must take it for text, or for something compressed.
            return bytes((made[0] | 0x80, *made[1:]))
        letters = made.translate(LETTERS)
        return bytes(old if old in b"\t\r\n " else new for old, new in zip(octets, letters, strict=True))

    def _parts(self, content_type: str, octets: bytes, depth: int) -> bytes:
        """A body of several parts; what stands before, between and behind them is text, or nobody's language."""
        boundary = parameter(parameters(content_type), "boundary") or ""
        edge = re.compile(
            rb"(?:\A|(?<=\n))--" + re.escape(coded(boundary[:MAX_BOUNDARY])) + rb"(--)?[ \t]*(?=\r?\n|\Z)"
        )
        out: list[bytes] = []
        at, within = 0, False
        for found in edge.finditer(octets) if boundary else ():
            out += [self._between(octets[at : found.start()], within, depth)]
            out += [coded(texts.opaque(text_of(found[0]), self._names))]
            at, within = found.end(), not found[1]
        return b"".join((*out, self._between(octets[at:], within, depth)))

    def _between(self, octets: bytes, is_part: bool, depth: int) -> bytes:
        """What stands between two boundaries, the ends of their lines included."""
        begun = re.match(rb"\r?\n", octets)
        start = begun.end() if begun else 0
        ended = re.search(rb"\r?\n\Z", octets[start:])
        end = start + ended.start() if ended else len(octets)
        inner = octets[start:end]
        new = self._part(inner, depth) if is_part else self.body("", inner, MAX_PARTS)
        return octets[:start] + new + octets[end:]

    def _part(self, octets: bytes, depth: int) -> bytes:
        """A part: its headers, and its content by its own type."""
        blank = re.search(rb"(?:\A|\n)\r?\n", octets)
        head, content = (octets[: blank.end()], octets[blank.end() :]) if blank else (octets, b"")
        if not is_text(head):
            return self.random(octets)
        named: dict[str, str] = {}
        lines = text_of(head).splitlines(keepends=True)
        for line in lines:
            name, _, value = line.partition(":")
            named.setdefault(name.strip().lower(), value.strip())
        new = self._content(named, content, depth)
        out: list[str] = []
        for line in lines:
            name, _, value = line.partition(":")
            if name.strip().lower() == "content-length" and value.strip() == str(len(content)):
                out.append(f"{name}:{value.replace(value.strip(), str(len(new)))}")
            else:
                out.append(texts.header_line(line, self._names))
        return coded("".join(out)) + new

    def _content(self, named: dict[str, str], content: bytes, depth: int) -> bytes:
        """The content of a part with these headers: inflated, changed and compressed again where that can be done."""
        kind = named.get("content-type", "text/plain")
        labels = [named.get("content-encoding", "")]
        if named.get("content-transfer-encoding", "").lower() == "base64":
            labels.append("base64")
        found = inflate(content, tuple(filter(None, labels)))
        if not found.compressed and found.status == "identity":
            return self.body(kind, content, depth + 1)
        if found.status != "complete" or found.deviations:
            return self.random(content)
        try:
            return packed(self.body(kind, found.octets, depth + 1), found.encoding)
        except ValueError:
            return self.random(content)


def packed(text: bytes, encoding: str) -> bytes:
    """A body compressed as it was; `encoding` names the codings as they were applied."""
    for name in encoding.split(", "):
        if name == "deflate":
            packer = zlib.compressobj(9, zlib.DEFLATED, -15)
            text = packer.compress(text) + packer.flush()
        else:
            text = deflate(text, name)
    return text


def is_text(octets: bytes) -> bool:
    """Whether octets are a text without control characters."""
    if CONTROLS.search(octets):
        return False
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True


def text_of(octets: bytes) -> str:
    """A text; octets that are none stand for themselves, and become others of their kind."""
    return octets.decode("utf-8", "surrogateescape")


def coded(text: str) -> bytes:
    """The octets of such a text."""
    return text.encode("utf-8", "surrogateescape")
