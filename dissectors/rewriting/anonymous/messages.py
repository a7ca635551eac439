"""Datagrams under other names: SIP with its bodies, STUN, RTP, RTCP, and what TURN carries.

A function gives the new octets, or None where it does not understand what it sees: then only the headers stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from hashlib import sha1, sha256
from hmac import digest as sealed
from typing import NamedTuple

from dissectors.limits.table import Table
from dissectors.mux.classify import classify
from dissectors.protocols import sip
from dissectors.protocols.rtp import parse as parse_rtp
from dissectors.protocols.stun_integrity import fingerprint_of
from dissectors.rewriting import messages
from dissectors.rewriting.anonymous import damaged, descriptions, pressed, secured, texts
from dissectors.rewriting.anonymous.bodies import Bodies, coded, packed, text_of
from dissectors.rewriting.anonymous.heard import EVENT_OCTETS, NOTHING, Read
from dissectors.rewriting.anonymous.pseudonyms import Pseudonyms
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

SENDER, RECEIVER, SDES, BYE, APP, FEEDBACK, EXTENDED = 200, 201, 202, 203, 204, 206, 207
KEPT_CONTROL = frozenset((SENDER, RECEIVER, 205))
"""Types of RTCP without names: reports of senders and receivers, unless extended, and feedback of transport."""

OF_APPLICATIONS, ESTIMATE, LARGEST_BLOCK = 15, b"REMB", 36
"""Feedback that may hold anything, what it usually is, and the last type of block of extended reports."""

KNOWN_APPLICATIONS = frozenset((b"PoC1", b"PoC2", b"MCPT", b"MCPC", b"MCV0", b"MCV1", b"MCV2", b"PSS0", b"qtsi"))

RTCP_HEADER, SRTCP_TRAILER, VERSION_BITS, LARGEST_OTHER_TYPE = 8, 14, 0xC0, 0x7F
"""Octets of RTCP that SRTCP leaves in the clear, and of its index with the usual seal behind it (RFC 3711, 3.4)."""

PADDED = 0x20

STUN_HEADER = 20

ADDRESSES = frozenset((0x0001, 0x0002, 0x0004, 0x0005, 0x000B, 0x8023, 0x802B, 0x802C))
XORED = frozenset((0x0012, 0x0016, 0x0020, 0x8020))
USERNAME, TEXTS = 0x0006, frozenset((0x0006, 0x0014, 0x0015))
AGENT, ERROR, DATA = 0x8022, 0x0009, 0x0013
INTEGRITY, INTEGRITY_256, FINGERPRINT = 0x0008, 0x001C, 0x8028
PLAIN = frozenset((
    0x0003, 0x000A, 0x000C, 0x000D, 0x0017, 0x0018, 0x0019, 0x001A, 0x001D, 0x0024, 0x0025, 0x0026, 0x0027, 0x8000,
    0x8001, 0x8002, 0x8027, 0x8029, 0x802A, 0x8030, 0xC057,
))
"""Attributes of STUN that are numbers and flags of the protocol."""

TOKEN, WORD = re.compile(rb"[-A-Za-z0-9.!%*_+`'~]+"), re.compile(rb"[^\W_]|[\x80-\xff]")
"""The name of a header, and what is made unreadable where a line has none: it is nobody's language."""


class Wanted(NamedTuple):
    """What else changes: `agents` too; `drop` cuts payloads of media."""

    agents: bool = False
    drop: bool = False


class Anonymiser:
    """Datagrams under other names. It learns ICE's passwords from SDP, to seal STUN anew.

    `learned` says what becomes of the fingerprints of certificates that the capture holds, and of fragments of DTLS.
    """

    def __init__(
        self, pseudonyms: Pseudonyms, wanted: Wanted, learned: secured.Learned | None = None
    ) -> None:
        self.pseudonyms, self.wanted = pseudonyms, wanted
        self._learned = learned or secured.Learned(pseudonyms)
        self._passwords: dict[str, str] = {}
        self._asked: Table[bytes, str] = Table("", MAX_TRANSACTIONS)
        self._usual_header: Callable[[Line], Line] = lru_cache(MAX_LINES)(self._header)
        self.names = Names(pseudonyms, self._digest, wanted.agents, self._learn)
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

    def _learn(self, ufrag: str, password: str) -> None:
        if len(self._passwords) < MAX_PASSWORDS:
            self._passwords[ufrag] = password

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

    def write_stun(self, payload: bytes, encrypted: bool, depth: int) -> bytes | None:
        """STUN, attribute by attribute, sealed anew; an attribute that does not fit keeps its header alone."""
        size = STUN_HEADER + int.from_bytes(payload[2:4], "big")
        if len(payload) < STUN_HEADER:
            return None
        out = bytearray(payload[:STUN_HEADER])
        user, read = b"", STUN_HEADER
        for kind, value, end in _attributes(payload):
            new = self._attribute(kind, value, payload[4:STUN_HEADER], out, user, depth)
            if new is None:
                return None
            user = new if kind == USERNAME else user
            out += kind.to_bytes(2, "big") + len(new).to_bytes(2, "big") + new + bytes(-len(new) % 4)
            read = end
        out += payload[read : read + 4] + self.pseudonyms.octets("attribute", payload, max(0, len(payload) - read - 4))
        out[2:4] = (size + len(out) - len(payload) - STUN_HEADER & 0xFFFF).to_bytes(2, "big")
        return bytes(out)

    @property
    def kept_attributes(self) -> frozenset[int]:
        """Attributes of STUN that stay as they are."""
        return PLAIN if self.wanted.agents else PLAIN | {AGENT}

    def attribute(self, kind: int, value: bytes, header: bytes, out: bytes, user: bytes) -> bytes | None:
        """An attribute of STUN behind `out`: cookie and transaction are `header`, `user` is the name before it."""
        try:
            return self._attribute(kind, value, header, out, user, 0)
        except NOT_UNDERSTOOD:
            return None

    def _attribute(
        self, kind: int, value: bytes, header: bytes, out: bytes | bytearray, user: bytes, depth: int
    ) -> bytes | None:
        if kind in ADDRESSES or kind in XORED:
            return self._address(value, header, kind in XORED)
        if kind in TEXTS:
            return coded(texts.opaque(text_of(value), self.names))
        if kind in self.kept_attributes:
            return value
        if kind == AGENT:
            return coded(texts.opaque(text_of(value), self.names))
        if kind == ERROR:
            return value[:4] + coded(texts.loose(text_of(value[4:]), self.names))
        if kind == DATA:
            return self._inner(value, depth)
        if kind in (INTEGRITY, INTEGRITY_256):
            return self._seal(kind, value, header, out, user)
        if kind == FINGERPRINT:
            return fingerprint_of(bytes(out))
        return self.pseudonyms.octets("attribute", value, len(value))

    def _address(self, value: bytes, header: bytes, xored: bool) -> bytes:
        if len(value) not in (8, 20):
            return self.pseudonyms.octets("attribute", value, len(value))
        mask = header[: len(value) - 4] if xored else bytes(len(value) - 4)
        plain = bytes(one ^ two for one, two in zip(value[4:], mask, strict=True))
        moved = self.pseudonyms.address(plain)
        hidden = int.from_bytes(header[:2], "big") if xored else 0
        port = self.pseudonyms.port(int.from_bytes(value[2:4], "big") ^ hidden) ^ hidden
        return value[:2] + port.to_bytes(2, "big") + bytes(one ^ two for one, two in zip(moved, mask, strict=True))

    def _seal(self, kind: int, value: bytes, header: bytes, out: bytes | bytearray, user: bytes) -> bytes:
        """A seal with the password of the side that is asked, where SDP told it; else octets that fit nothing.

        A response has no name: its transaction is that of the request (RFC 8445 section 7.3).
        """
        password = self._passwords.get(text_of(user.partition(b":")[0])) if user else self._asked.use(header)
        if user and password is not None:
            self._asked[header] = password
        if password is None:
            return self.pseudonyms.octets("seal", value, len(value))
        covered = _as_long_as(out, 4 + len(value))
        function = sha1 if kind == INTEGRITY else sha256
        return sealed(password.encode(), covered, function)[: len(value)]

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

    def write_rtcp(self, payload: bytes, encrypted: bool, depth: int) -> bytes | None:
        """RTCP: names in SDES, reasons in BYE; what is encrypted becomes random."""
        if encrypted:
            if len(payload) < RTCP_HEADER + SRTCP_TRAILER:
                return None
            random = bytearray(self.pseudonyms.octets("control", payload, len(payload)))
            # Readers without keys must not take what follows the first packet for another one.
            behind = 4 + 4 * int.from_bytes(payload[2:4], "big")
            if RTCP_HEADER <= behind < len(payload) - 1:
                random[behind] &= ~VERSION_BITS
                random[behind + 1] &= LARGEST_OTHER_TYPE
            random[:RTCP_HEADER] = payload[:RTCP_HEADER]
            random[-SRTCP_TRAILER : 4 - SRTCP_TRAILER] = payload[-SRTCP_TRAILER : 4 - SRTCP_TRAILER]
            return bytes(random)
        out: list[bytes] = []
        at = 0
        while at + 4 <= len(payload):
            end = at + 4 + 4 * int.from_bytes(payload[at + 2 : at + 4], "big")
            if payload[at] >> 6 != 2 or end > len(payload):
                return None
            packet = payload[at:end]
            is_kept = packet[1] in KEPT_CONTROL and (packet[1] > RECEIVER or len(packet) <= _reported(packet))
            out.append(packet if is_kept else self.control(packet))
            at = end
        return b"".join(out) if at == len(payload) else None

    def control(self, packet: bytes) -> bytes:
        """A packet of RTCP that may hold names: as long as it was, its padding included."""
        count = packet[-1] if packet[0] & PADDED else 0
        if not 0 < count <= len(packet) - RTCP_HEADER:
            return self._control(packet)
        return self._control(packet[:-count]) + bytes(count - 1) + bytes((count,))

    def _control(self, packet: bytes) -> bytes:
        kind, size, out = packet[1], len(packet), bytearray(packet)
        if kind == SDES:
            self._sdes(out, size)
        elif kind == BYE:
            self._reason(out, size)
        elif kind in (SENDER, RECEIVER):
            self._fill(out, _reported(packet))
        elif kind == FEEDBACK:
            if out[0] & 0x1F == OF_APPLICATIONS and packet[12:16] != ESTIMATE:
                self._fill(out, 12)
        elif kind == EXTENDED:
            self._extended(out)
        elif kind == APP:
            if packet[8:12] not in KNOWN_APPLICATIONS:
                self._rename(out, 8, min(12, size))
            out[12:] = self.pseudonyms.octets("app", packet[12:], max(0, size - 12))
        else:
            out[8:] = self.pseudonyms.octets("control", packet[8:], max(0, size - 8))
        return bytes(out)

    def _fill(self, out: bytearray, begin: int, end: int | None = None) -> None:
        """Random octets in the place of what may be anything."""
        old = bytes(out[begin:end])
        out[begin:end] = self.pseudonyms.octets("control", old, len(old))

    def _extended(self, out: bytearray) -> None:
        """Blocks of extended reports: those that are registered hold numbers."""
        at = RTCP_HEADER
        while at + 4 <= len(out):
            end = at + 4 + 4 * int.from_bytes(out[at + 2 : at + 4], "big")
            if not 1 <= out[at] <= LARGEST_BLOCK or end > len(out):
                self._fill(out, at + 4, end)
            at = end

    def _sdes(self, out: bytearray, end: int) -> None:
        place = 4
        for _ in range(out[0] & 0x1F):
            place += 4
            while place + 2 <= end and out[place]:
                size = out[place + 1]
                self._rename(out, place + 2, min(end, place + 2 + size))
                place += 2 + size
            place += 4 - place % 4

    def _reason(self, out: bytearray, end: int) -> None:
        place = 4 + 4 * (out[0] & 0x1F)
        if place < end:
            self._rename(out, place + 1, min(end, place + 1 + out[place]))

    def _rename(self, out: bytearray, begin: int, end: int) -> None:
        """Words within octets whose number must not change."""
        old = bytes(out[begin:end])
        try:
            new = self.pseudonyms.text(old.decode()).encode()
        except UnicodeDecodeError:
            new = b""
        out[begin:end] = new if len(new) == len(old) else self.pseudonyms.octets("text", old, len(old))


MAX_PASSWORDS, MAX_TRANSACTIONS = 65_536, 4096
"""What is remembered of ICE: passwords by user name, and of requests which one sealed them."""

WRITERS: dict[str, Callable[[Anonymiser, bytes, bool, int], bytes | None]] = {
    "SIP": Anonymiser.write_sip,
    "STUN": Anonymiser.write_stun,
    "TURN": Anonymiser.write_turn,
    "DTLS": Anonymiser.write_dtls,
    "RTP": Anonymiser.write_rtp,
    "RTCP": Anonymiser.write_rtcp,
}


def _attributes(payload: bytes) -> Iterator[tuple[int, bytes, int]]:
    """The type and value of each attribute that fits, and where it ends."""
    at = STUN_HEADER
    while at + 4 <= len(payload):
        kind, size = int.from_bytes(payload[at : at + 2], "big"), int.from_bytes(payload[at + 2 : at + 4], "big")
        # The last one may lack what fills it up.
        end = min(len(payload), at + 4 + size + -size % 4)
        if at + 4 + size > len(payload):
            return
        yield kind, payload[at + 4 : at + 4 + size], end
        at = end


def _reported(packet: bytes) -> int:
    """Octets of a report: its header, what a sender says of itself, and its blocks."""
    return RTCP_HEADER + 20 * (packet[1] == SENDER) + 24 * (packet[0] & 0x1F)


def _as_long_as(out: bytes | bytearray, more: int) -> bytes:
    """The message so far, with the length that it has with a seal behind it (RFC 8489 section 14.5)."""
    return bytes(out[:2]) + (len(out) - STUN_HEADER + more).to_bytes(2, "big") + bytes(out[4:])


def _unreadable(octets: bytes) -> bytes:
    """A letter in the place of each; what is no text stays none."""
    try:
        octets.decode()
    except UnicodeDecodeError:
        return WORD.sub(lambda found: b"x" if found[0].isascii() else b"\xff", octets)
    return WORD.sub(b"x", octets)
