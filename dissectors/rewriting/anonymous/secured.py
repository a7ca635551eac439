"""DTLS under other names: certificates, host names and tickets; what is encrypted becomes random.

Every length stays. A function raises ValueError where it does not understand what it sees.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence

from dissectors.limits.table import Table
from dissectors.rewriting.anonymous.pseudonyms import Pseudonyms
from dissectors.rewriting.anonymous.vectors import counted

RECORD, HANDSHAKE, MAX_PADDING = 13, 12, 3
CHANGE_CIPHER, ALERT, HANDSHAKES, APPLICATION = 20, 21, 22, 23
MAX_PLAIN_OCTETS = 2
"""Octets of an alert, or of ChangeCipherSpec: longer ones are encrypted."""

MAX_LEARNED, MAX_OPEN, MAX_MESSAGE_OCTETS = 1 << 16, 1024, 1 << 16
"""Fingerprints and fragments that are remembered, messages in fragments at once, and octets of one."""

UNIFIED_BITS, UNIFIED, CONNECTION, LONG_SEQUENCE, LENGTH = 0xE0, 0x20, 0x10, 0x08, 0x04
"""How a record of DTLS 1.3 begins, and what its first octet says of the header."""

START = b"\x16\xfe"
"""How a datagram with a handshake in the clear begins."""

PLAIN_EXTENSIONS = frozenset((5, 10, 11, 13, 14, 15, 16, 21, 22, 23, 28, 43, 45, 50, 51, 0xFF01))
SERVER_NAME = 0
DIGESTS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")

STRINGS = frozenset((0x0C, 0x12, 0x13, 0x14, 0x16, 0x1A, 0x81, 0x82, 0x86))
WIDE_STRINGS = frozenset((0x1C, 0x1E))
INTEGER, BIT_STRING, OCTET_STRING, SEQUENCE, IP_ADDRESS, CONSTRUCTED = 0x02, 0x03, 0x04, 0x10, 0x87, 0x20
MAX_PLAIN_INTEGER, MAX_DEPTH = 4, 24
"""Octets of a version or an exponent, and how deep a certificate nests at most."""


Known = Mapping[bytes, bytes]
"""What becomes of fragments of handshake messages, by `name_of`."""


def datagram(payload: bytes, names: Pseudonyms, known: Known | None = None) -> bytes:
    """A datagram of DTLS; `known` are the fragments whose message is whole in the capture."""
    out: list[bytes] = []
    at = 0
    while at < len(payload):
        if at and len(payload) - at <= MAX_PADDING and not any(payload[at:]):
            # A relay may have filled it up.
            return b"".join((*out, payload[at:]))
        if payload[at] & UNIFIED_BITS == UNIFIED:
            head, size = _unified(payload, at)
            body = payload[at + head : at + head + size]
            out += [payload[at : at + head], names.octets("record", body, len(body))]
            at += head + size
            continue
        body = payload[at + RECORD : at + RECORD + _number(payload, at + 11, 2)]
        out += [payload[at : at + RECORD], _record(payload[at], _number(payload, at + 3, 2), body, names, known or {})]
        at += RECORD + _number(payload, at + 11, 2)
    if at != len(payload):
        raise ValueError("a record that does not fit")
    return b"".join(out)


def _unified(payload: bytes, at: int) -> tuple[int, int]:
    """The octets of a unified header (RFC 9147 section 4), and of what follows it in its record."""
    first, left = payload[at], len(payload) - at
    if first & CONNECTION:
        # Nothing says how long the identifier is: it is random with the rest.
        return min(left, 1), max(0, left - 1)
    head = 2 + bool(first & LONG_SEQUENCE) + 2 * bool(first & LENGTH)
    return min(left, head), _number(payload, at + head - 2, 2) if first & LENGTH else max(0, left - head)


def _record(kind: int, epoch: int, body: bytes, names: Pseudonyms, known: Known) -> bytes:
    if epoch or kind == APPLICATION:
        return names.octets("record", body, len(body))
    if kind == HANDSHAKES:
        return b"".join(head + _part(head, content, names, known) for head, content in parts(body))
    if kind in (CHANGE_CIPHER, ALERT) and len(body) <= MAX_PLAIN_OCTETS:
        return body
    raise ValueError("a record of an unknown type")


def parts(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The handshake messages of a record, or fragments of them, each with its header."""
    at = 0
    while at < len(body):
        size = _number(body, at + 9, 3)
        if at + HANDSHAKE + size > len(body):
            raise ValueError("a message that does not fit")
        yield body[at : at + HANDSHAKE], body[at + HANDSHAKE : at + HANDSHAKE + size]
        at += HANDSHAKE + size


def is_whole(head: bytes) -> bool:
    """Whether a part is all of its message."""
    return head[1:4] == head[9:12]


def name_of(head: bytes, content: bytes) -> bytes:
    """A fragment by what it holds, and where in a message of which kind and length."""
    return hashlib.blake2b(head[:4] + head[6:9] + content, digest_size=16).digest()


def _part(head: bytes, content: bytes, names: Pseudonyms, known: Known) -> bytes:
    if is_whole(head):
        return _message(head[0], content, names)
    made = known.get(name_of(head, content))
    if made is None:
        raise ValueError("a fragment")
    return made


def _message(kind: int, body: bytes, names: Pseudonyms) -> bytes:
    write = MESSAGES.get(kind)
    if write is None:
        raise ValueError("a handshake message of an unknown type")
    made = write(body, names)
    if len(made) != len(body):
        raise ValueError("a handshake message of another length")
    return made


def _same(body: bytes, names: Pseudonyms) -> bytes:
    return body


def client_hello(body: bytes, names: Pseudonyms, remembered: Sequence[str] = ("session", "cookie")) -> bytes:
    """A client's first message, with others in the place of what servers remember; in TLS that is no cookie."""
    at = 34
    out = bytearray(body)
    for kind in remembered:
        size = _number(body, at, 1)
        out[at + 1 : at + 1 + size] = names.octets(kind, body[at + 1 : at + 1 + size], size)
        at += 1 + size
    at += 2 + _number(body, at, 2)
    at += 1 + _number(body, at, 1)
    return bytes(out[:at]) + _extensions(body[at:], names)


def _server_hello(body: bytes, names: Pseudonyms) -> bytes:
    size = _number(body, 34, 1)
    end = 35 + size
    return body[:35] + names.octets("session", body[35:end], size) + body[end : end + 3] + _extensions(
        body[end + 3 :], names)


def _extensions(block: bytes, names: Pseudonyms) -> bytes:
    if not block:
        return block
    at, out = 2, [block[:2]]
    while at < len(block):
        kind, size = _number(block, at, 2), _number(block, at + 2, 2)
        value = block[at + 4 : at + 4 + size]
        if kind == SERVER_NAME and len(value) > 5:
            value = value[:5] + names.text(value[5:].decode("latin-1")).encode("latin-1", "replace")
        elif kind not in PLAIN_EXTENSIONS:
            value = counted(value, names)
        out += [block[at : at + 4], value]
        at += 4 + size
    return b"".join(out)


def _hello_verify(body: bytes, names: Pseudonyms) -> bytes:
    return body[:3] + names.octets("cookie", body[3:], len(body) - 3)


def _certificate(body: bytes, names: Pseudonyms) -> bytes:
    out = [body[:3]]
    for octets in certificates(body):
        out += [len(octets).to_bytes(3, "big"), certificate(octets, names)]
    return b"".join(out)


def certificates(body: bytes) -> Iterator[bytes]:
    """The certificates of such a message."""
    at = 3
    while at < len(body):
        size = _number(body, at, 3)
        if at + 3 + size > len(body):
            raise ValueError("a certificate that does not fit")
        yield body[at + 3 : at + 3 + size]
        at += 3 + size


def _ticket(body: bytes, names: Pseudonyms) -> bytes:
    """A ticket of a session, behind its lifetime and its length (RFC 5077 section 3.3)."""
    return body[:6] + names.octets("ticket", body[6:], max(0, len(body) - 6))


def _request(body: bytes, names: Pseudonyms) -> bytes:
    """A request without names of authorities."""
    at = 1 + _number(body, 0, 1)
    at += 2 + _number(body, at, 2)
    if body[at:] not in (b"\0\0", b""):
        raise ValueError("names of authorities")
    return body


CERTIFICATE = 11

MESSAGES: dict[int, Callable[[bytes, Pseudonyms], bytes]] = {
    0: _same, 1: client_hello, 2: _server_hello, 3: _hello_verify, 4: _ticket, CERTIFICATE: _certificate, 12: _same,
    13: _request, 14: _same, 15: _same, 16: _same,
}
"""By the type of a handshake message; public keys and signatures of one handshake say nothing of anybody."""


def certificate(octets: bytes, names: Pseudonyms) -> bytes:
    """A certificate with other names, another serial number, key and signature, and the same form.

    What is none becomes random.
    """
    out = bytearray(octets)
    try:
        _values(out, 0, len(out), names, 0)
    except ValueError:
        return names.octets("certificate", octets, len(octets))
    return bytes(out)


def _values(out: bytearray, at: int, end: int, names: Pseudonyms, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ValueError("nested too deep")
    while at < end:
        tag, size, start = _head(out, at)
        stop = start + size
        if stop > end:
            raise ValueError("a value that does not fit")
        if tag & CONSTRUCTED:
            _values(out, start, stop, names, depth + 1)
        else:
            _value(out, tag, start, stop, names, depth)
        at = stop


def _head(out: bytearray, at: int) -> tuple[int, int, int]:
    """The tag of a value, its size, and where it begins."""
    if at + 2 > len(out):
        raise ValueError("a value that does not fit")
    size = out[at + 1]
    if size < 0x80:
        return out[at], size, at + 2
    more = size & 0x7F
    return out[at], _number(bytes(out[at + 2 : at + 2 + more]), 0, more), at + 2 + more


def _value(out: bytearray, tag: int, start: int, stop: int, names: Pseudonyms, depth: int) -> None:
    old = bytes(out[start:stop])
    if tag in STRINGS:
        new = names.text(old.decode("latin-1")).encode("latin-1", "replace")
        out[start:stop] = new if new.isascii() else names.octets("name", old, len(old))
    elif tag in WIDE_STRINGS:
        out[start:stop] = names.octets("name", old, len(old))
    elif tag == IP_ADDRESS:
        out[start:stop] = names.address(old)
    elif tag == BIT_STRING and _is_pair(old[1:]):
        _values(out, start + 1, stop, names, depth + 1)
    elif tag == BIT_STRING or tag == INTEGER and len(old) > MAX_PLAIN_INTEGER:
        out[start + 1 : stop] = names.octets("number", old, len(old) - 1) if old else b""
        if tag == INTEGER and not old[0]:
            # A key stays as long as it was.
            out[start + 1] |= old[1] & 0x80
    elif tag == OCTET_STRING:
        inner = bytearray(old)
        try:
            _values(inner, 0, len(inner), names, depth + 1)
        except ValueError:
            inner = bytearray(counted(old, names))
        out[start:stop] = inner


def _is_pair(octets: bytes) -> bool:
    """Whether two integers are all that these hold: a key of RSA, or a signature of ECDSA."""
    pair = bytearray(octets)
    try:
        tag, size, at = _head(pair, 0)
        found = [tag] if at + size == len(pair) else []
        while found and at < len(pair):
            tag, size, start = _head(pair, at)
            found.append(tag)
            at = start + size
    except ValueError:
        return False
    return at == len(pair) and found == [CONSTRUCTED | SEQUENCE, INTEGER, INTEGER]


class Learned:
    """What the handshakes of a capture say: `digests` of certificates and `fragments`, and what becomes of each."""

    def __init__(self, names: Pseudonyms) -> None:
        self.digests: dict[bytes, bytes] = {}
        self.fragments: dict[bytes, bytes] = {}
        self._names = names
        self._open: Table[bytes, dict[int, tuple[bytes, bytes]]] = Table("", MAX_OPEN)

    def take(self, flow: bytes, payload: bytes) -> None:
        """Take a datagram of a flow; what is no DTLS in the clear says nothing."""
        at = 0
        try:
            while at < len(payload) and payload[at] == HANDSHAKES and not _number(payload, at + 3, 2):
                end = at + RECORD + _number(payload, at + 11, 2)
                for head, content in parts(payload[at + RECORD : end]):
                    self._message(flow, head, content)
                at = end
        except ValueError:
            return

    def _message(self, flow: bytes, head: bytes, content: bytes) -> None:
        if not is_whole(head):
            self._fragment(flow, head, content)
        elif head[0] == CERTIFICATE:
            self._certificates(content)

    def _certificates(self, content: bytes) -> None:
        for octets in certificates(content) if len(self.digests) < MAX_LEARNED else ():
            new = certificate(octets, self._names)
            self.digests |= {
                hashlib.new(name, octets).digest(): hashlib.new(name, new).digest() for name in DIGESTS
            }

    def _fragment(self, flow: bytes, head: bytes, content: bytes) -> None:
        """Hold a fragment until its message is whole."""
        key = flow + head[:6]
        held = self._open.use(key)
        if held is None:
            held = self._open[key] = {}
        total, place = _number(head, 1, 3), _number(head, 6, 3)
        if sum(len(each) for _, each in held.values()) > MAX_MESSAGE_OCTETS:
            return
        held.setdefault(place, (head, content))
        whole = b""
        for begin, (_, each) in sorted(held.items()):
            whole += each[len(whole) - begin :] if begin <= len(whole) else b""
        if len(whole) != total or len(self.fragments) >= MAX_LEARNED:
            return
        if head[0] == CERTIFICATE:
            self._certificates(whole)
        made = _message(head[0], whole, self._names)
        for begin, (at, each) in held.items():
            self.fragments[name_of(at, each)] = made[begin : begin + len(each)]


def begun(payload: bytes, noise: bytes) -> bytes:
    """A datagram that may end anywhere: headers of records and of handshake messages, and noise."""
    out, at = bytearray(noise), 0
    while at < len(payload):
        out[at : at + RECORD] = payload[at : at + RECORD]
        if len(payload) < at + RECORD:
            break
        end = at + RECORD + _number(payload, at + 11, 2)
        place = at + RECORD
        stop = min(end, len(payload)) if payload[at] == HANDSHAKES and not _number(payload, at + 3, 2) else place
        while place + HANDSHAKE <= stop:
            out[place : place + HANDSHAKE] = payload[place : place + HANDSHAKE]
            place += HANDSHAKE + _number(payload, place + 9, 3)
        at = end
    return bytes(out)


def _number(octets: bytes, at: int, size: int) -> int:
    if at + size > len(octets):
        raise ValueError("a number that does not fit")
    return int.from_bytes(octets[at : at + size], "big")
