"""Datagrams under other names: SIP with its bodies, RTP, and what TURN carries.

A function gives the new octets, or None where it does not understand what it sees: then only the headers stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from dissectors.mux.classify import classify
from dissectors.protocols import sip
from dissectors.protocols.rtp import parse as parse_rtp
from dissectors.rewriting import messages
from dissectors.rewriting.anonymous import damaged, descriptions, pressed, rtcp, secured, texts
from dissectors.rewriting.anonymous.bodies import Bodies, coded, packed, text_of
from dissectors.rewriting.anonymous.heard import EVENT_OCTETS, NOTHING, Read
from dissectors.rewriting.anonymous.pseudonyms import Pseudonyms
from dissectors.rewriting.anonymous.stun import Passwords, Stun
from dissectors.rewriting.anonymous.texts import Names
from dissectors.rewriting.messages import Head, Line
from dissectors.wire.errors import Malformed

MAX_DEPTH, MAX_DAMAGED_OCTETS = 4, 1 << 16
NUMBER_OCTETS = 2
"""Octets of the number with which payloads of RTX begin (RFC 4588)."""

MAX_LINES, MAX_USUAL_LINE = 8192, 512
"""Headers that are remembered with what became of them, and octets of one that is."""

NOT_UNDERSTOOD = (Malformed, ValueError, OverflowError)
"""What says that octets are no message: also a name that became longer than its length can say."""

KEEPALIVES = frozenset(b"\r\n\0 ")
SILENCE = {0: b"\xff", 8: b"\xd5"}
"""What the octets of silence are, by payload type; zeros for any other."""

TOKEN, WORD = re.compile(rb"[-A-Za-z0-9.!%*_+`'~]+"), re.compile(rb"[^\W_]|[\x80-\xff]")
"""The name of a header, and what is made unreadable where a line has none: it is nobody's language."""


class Wanted(NamedTuple):
    """What else changes: `agents` too; `drop` cuts payloads of media."""

    agents: bool = False
    drop: bool = False


class Anonymiser:
    """Datagrams under other names. ICE's passwords are learnt from SDP, to seal STUN anew.

    `learned` says what becomes of the fingerprints of certificates that the capture holds, and of fragments of DTLS.
    """

    def __init__(
        self, pseudonyms: Pseudonyms, wanted: Wanted, learned: secured.Learned | None = None
    ) -> None:
        self.pseudonyms, self.wanted = pseudonyms, wanted
        self._learned = learned or secured.Learned(pseudonyms)
        self._usual_header: Callable[[Line], Line] = lru_cache(MAX_LINES)(self._header)
        passwords = Passwords()
        self.names = Names(pseudonyms, self._digest, wanted.agents, passwords.learn)
        self.stun = Stun(self.names, passwords, self._inner)
        self.bodies = Bodies(self.names)

    def datagram(self, protocol: str, payload: bytes, encrypted: bool, depth: int = 0) -> bytes | None:
        """The payload of a datagram of this protocol; None where it is not understood."""
        if payload and KEEPALIVES.issuperset(payload):
            return payload
        write = WRITERS.get(protocol)
        if write is None or depth > MAX_DEPTH:
            return None
        try:
            return write(self, payload, encrypted, depth)
        except NOT_UNDERSTOOD:
            return None

    def _digest(self, octets: bytes) -> bytes:
        return self._learned.digests.get(octets) or self.pseudonyms.octets("digest", octets, len(octets))

    def write_sip(self, payload: bytes, encrypted: bool, depth: int) -> bytes | None:
        """SIP, its bodies inflated, changed and compressed again."""
        parsed = sip.parse_all(payload)
        new, done = messages.edited_parsed(payload, parsed, self._message, keeps_wrong=True)
        begun = parsed[0].body_offset + len(parsed[0].raw_body) - len(parsed[0].octets)
        # What stands before and between messages is nobody's language.
        if len(done) != len(parsed) or payload[:begun].strip(b"\r\n"):
            return None
        trailing = parsed[-1].trailing
        if not trailing.strip(b"\r\n\0 "):
            return new
        behind = coded(texts.opaque(text_of(trailing), self.names))
        if not trailing.isascii():
            behind = self.pseudonyms.noise(trailing, len(trailing))
        return new[: len(new) - len(trailing)] + behind

    def _message(self, message: sip.Message, head: Head, body: bytes) -> tuple[list[Line], bytes, str]:
        lines = [self._line(line) for line in head.lines if not line.name.startswith("Comp-Hdrs")]
        start = texts.start_line(text_of(head.start), self.names)
        inner = message.body
        if inner.status == "unsupported":
            return [Line(coded(start), messages.START), *lines], self.bodies.random(body), "anonymised"
        if inner.compressed and inner.status != "complete":
            begun = inner.octets[:MAX_DAMAGED_OCTETS]
            is_garbled = inner.status == "corrupt"
            text = coded(descriptions.garbled(text_of(begun), self.names)) if is_garbled else self._body(message, begun)
            made = damaged.packed(text, inner, len(body), self.pseudonyms)
            return [Line(coded(start), messages.START), *lines], made or b"", "anonymised" if made else "body dropped"
        text = self._body(message, inner.octets if inner.compressed else body)
        if inner.compressed:
            text = packed(self._recovered(message, len(text)) + text, inner.encoding)
        return [Line(coded(start), messages.START), *lines], text, "anonymised"

    def _recovered(self, message: sip.Message, length: int) -> bytes:
        """Headers that were compressed with a body of that length, and the empty line behind them; or nothing."""
        recovered = [header for header in message.headers if header.recovered]
        fresh = [
            f"{each.written}: {texts.header(each.name, each.value, self.names)}\r\n" for each in recovered
            if each.name != messages.LENGTH
        ]
        # Their own Content-Length tells who reads it that they are no part of the body.
        return coded("".join((*fresh, f"{messages.LENGTH}: {length}\r\n\r\n"))) if recovered else b""

    def _line(self, line: Line) -> Line:
        """A header; most stand in many messages of a dialog."""
        return self._usual_header(line) if len(line.octets) <= MAX_USUAL_LINE else self._header(line)

    def _header(self, line: Line) -> Line:
        name, colon, value = line.octets.partition(b":")
        if not line.name or not TOKEN.fullmatch(name.rstrip(b" \t")):
            return line._replace(octets=_unreadable(line.octets))
        return line._replace(octets=name + colon + coded(texts.header(line.name, text_of(value), self.names)))

    def _body(self, message: sip.Message, body: bytes) -> bytes:
        return self.bodies.body(message.get("Content-Type") or "", body)

    def attribute(self, kind: int, value: bytes, header: bytes, out: bytes, user: bytes) -> bytes | None:
        """An attribute of STUN, as `Stun.attribute` has it; None where it is not understood."""
        try:
            return self.stun.attribute(kind, value, header, out, user, 0)
        except NOT_UNDERSTOOD:
            return None

    def _inner(self, data: bytes, depth: int) -> bytes | None:
        """What TURN carries, by what it looks like; what is not understood becomes random."""
        verdict = classify(data)
        # Nothing says whether media within TURN are encrypted: random octets are nobody's words either way.
        new = self.datagram(verdict.protocol, data, verdict.encrypted or verdict.protocol == "RTP", depth + 1)
        return self.pseudonyms.octets("data", data, len(data)) if new is None else new

    def write_turn(self, payload: bytes, encrypted: bool, depth: int) -> bytes | None:
        """ChannelData; its padding stays."""
        size = int.from_bytes(payload[2:4], "big")
        if len(payload) < 4 or not 0x40 <= payload[0] <= 0x4F or len(payload) < 4 + size or any(payload[4 + size :]):
            return None
        inner = self._inner(payload[4 : 4 + size], depth)
        if inner is None:
            return None
        return payload[:2] + len(inner).to_bytes(2, "big") + inner + payload[4 + size :]

    def write_dtls(self, payload: bytes, encrypted: bool, depth: int) -> bytes | None:
        """DTLS, of which every length stays."""
        return secured.datagram(payload, self.pseudonyms, self._learned.fragments)

    def write_rtp(self, payload: bytes, encrypted: bool, depth: int) -> bytes | None:
        """RTP with silence, or random octets where it was encrypted."""
        return self._media(payload, encrypted, NOTHING)

    def write_rtcp(self, payload: bytes, encrypted: bool, depth: int) -> bytes | None:
        """RTCP; what is encrypted becomes random."""
        return (rtcp.encrypted if encrypted else rtcp.compound)(payload, self.pseudonyms)

    def media(self, payload: bytes, encrypted: bool, read: Read) -> bytes | None:
        """RTP of a stream of which more than the header is read; None where it cannot be read."""
        try:
            return self._media(payload, encrypted, read)
        except Malformed:
            return None

    def _media(self, payload: bytes, encrypted: bool, read: Read) -> bytes:
        packet = parse_rtp(payload)
        start = len(payload) - len(packet.payload) - packet.padding_length
        size = len(payload) - start
        if encrypted:
            return payload[:start] + self.pseudonyms.noise(payload, size)
        silence = SILENCE.get(packet.payload_type, b"\0") * len(packet.payload)
        if packet.payload_type in read.events and len(silence) == EVENT_OCTETS:
            silence = pressed.event(packet.payload, self.names)
        elif read.numbered:
            silence = packet.payload[:NUMBER_OCTETS] + silence[NUMBER_OCTETS:]
        # Padding ends with how much it is; the rest of it may be anything that was in memory.
        count = packet.padding_length
        return payload[:start] + silence + (bytes(count - 1) + bytes((count,)) if count else b"")


WRITERS: dict[str, Callable[[Anonymiser, bytes, bool, int], bytes | None]] = {
    "SIP": Anonymiser.write_sip,
    "STUN": lambda anonymiser, payload, _, depth: anonymiser.stun.write(payload, depth),
    "TURN": Anonymiser.write_turn,
    "DTLS": Anonymiser.write_dtls,
    "RTP": Anonymiser.write_rtp,
    "RTCP": Anonymiser.write_rtcp,
}


def _unreadable(octets: bytes) -> bytes:
    """A letter in the place of each; what is no text stays none."""
    try:
        octets.decode()
    except UnicodeDecodeError:
        return WORD.sub(lambda found: b"x" if found[0].isascii() else b"\xff", octets)
    return WORD.sub(b"x", octets)
