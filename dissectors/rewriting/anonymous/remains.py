"""What remains of datagrams that are not understood, or not whole: what says of which kind they are, nothing else."""

from __future__ import annotations

from dissectors.mux.classify import looks_like, match
from dissectors.mux.table import ROWS, UNKNOWN_ROW
from dissectors.mux.unconfirmed import is_text
from dissectors.rewriting.anonymous import secured, texts
from dissectors.rewriting.anonymous.messages import Anonymiser
from dissectors.rewriting.anonymous.pseudonyms import Pseudonyms
from dissectors.wire.link import internet
from dissectors.wire.link.headers import ETHERTYPE, PROTOCOL, Next
from dissectors.wire.link.segments import TLS_HANDSHAKE
from dissectors.wire.spec import U16, U32, Between, Bits, Chain, LengthField, RtpHeader

UDP_HEADER, RTP_HEADER, USUAL_TYPE = 8, 12, 96
"""Octets of headers, and a payload type that says nothing."""

QUIC, LONG_OR_SHORT, VERSION, GOOGLE_OCTETS = "QUIC", 0xC0, 0x01, 9
"""Bits that tell QUIC's forms apart, the flag of a version, and octets of the header before it."""

TLS_OCTETS = 6
"""Octets of a record of TLS that say that a handshake goes on, and of which message it is."""

FILLING, NO_PROTOCOL = b"x", b"\xff"
"""What stands for text, and for what looks like no protocol."""


def header(payload: bytes, length: int, names: Pseudonyms, verdict: str = "") -> bytes:
    """As many octets as make a datagram look like what it looks like; none where nothing does, or more is needed."""
    if verdict == QUIC and payload[:1] and not payload[0] & LONG_OR_SHORT:
        # Google's early form: later packets are known by the identifier of their connection alone.
        version = payload[GOOGLE_OCTETS : GOOGLE_OCTETS + 4] if payload[0] & VERSION else b""
        return payload[:1] + names.octets("connection", payload[1:GOOGLE_OCTETS], GOOGLE_OCTETS - 1) + version
    row = match(payload, length)
    if row == UNKNOWN_ROW or is_text(payload):
        return b""
    for is_least in (True, False):
        made = bytearray(names.octets("header", payload, RTP_HEADER))
        end = max([_fill(made, clause, payload, is_least) for clause in ROWS[row][1].clauses])
        if end <= len(payload) and match(bytes(made[:end]), length) == row:
            return bytes(made[:end])
    return b""


def _fill(made: bytearray, clause: object, payload: bytes, is_least: bool) -> int:
    """Let octets meet a clause; how many of them it looks at.

    Where any number of some will do, it is the least one, or, where other rows have taken that, the one that is there.
    """
    if isinstance(clause, RtpHeader):
        made[0], made[1] = 0x80, USUAL_TYPE
        return RTP_HEADER
    if isinstance(clause, Bits):
        others = 0 if is_least else payload[clause.offset]
        made[clause.offset] = others & ~clause.mask & 0xFF | clause.value
        return clause.offset + 1
    if isinstance(clause, Between):
        begin, end = clause.offset, clause.offset + clause.size
        made[begin:end] = clause.low.to_bytes(clause.size, "big") if is_least else payload[begin:end]
        return end
    if isinstance(clause, U16):
        made[clause.offset : clause.offset + 2] = clause.value.to_bytes(2, "big")
        return clause.offset + 2
    if isinstance(clause, U32):
        made[clause.offset : clause.offset + 4] = clause.value.to_bytes(4, "big")
        return clause.offset + 4
    if isinstance(clause, LengthField):
        made[clause.offset : clause.offset + 2] = payload[clause.offset : clause.offset + 2]
        return clause.offset + 2
    if isinstance(clause, Chain):
        at = clause.start + clause.length_at
        made[at : at + 2] = payload[at : at + 2]
        return max(at + 2, *(_fill(made, _behind(each, clause.start), payload, is_least) for each in clause.checks), 0)
    return 0


def _behind(check: Bits | Between, start: int) -> Bits | Between:
    if isinstance(check, Bits):
        return Bits(check.offset + start, check.mask, check.value)
    return Between(check.offset + start, check.size, check.low, check.high)


def tls(payload: bytes) -> bytes:
    """What of a segment says that it begins with a handshake of TLS in the clear."""
    return payload[:TLS_OCTETS] if payload.startswith(TLS_HANDSHAKE) and len(payload) >= TLS_OCTETS else b""


def fragment(octets: bytes | bytearray, ip: Next, at: int, anonymiser: Anonymiser) -> bytes | None:
    """The frame of a fragment whose datagram does not become whole, as long as it was; `at` is the end of its header.

    None where its headers are no plain ones.
    """
    if ip.space == ETHERTYPE and octets[ip.at] >> 4 == 4:
        number, offset = octets[ip.at + 9], int.from_bytes(octets[ip.at + 6 : ip.at + 8], "big") & 0x1FFF
        end = min(len(octets), ip.at + int.from_bytes(octets[ip.at + 2 : ip.at + 4], "big"))
    elif ip.space == PROTOCOL and ip.number == internet.FRAGMENT:
        at, number, offset = ip.at + 8, octets[ip.at], int.from_bytes(octets[ip.at + 2 : ip.at + 4], "big") >> 3
        end = min(len(octets), ip.end)
    else:
        return None
    content = _content(bytes(octets[at:end]), not offset, number == internet.UDP, anonymiser)
    return bytes(octets[:at]) + content + bytes(max(0, len(octets) - at - len(content)))


def _content(octets: bytes, is_first: bool, is_udp: bool, anonymiser: Anonymiser) -> bytes:
    """What a fragment has in the place of its content."""
    names = anonymiser.pseudonyms
    noise = names.octets("fragment", octets, len(octets))
    if not is_first or not is_udp or len(octets) < UDP_HEADER:
        return noise
    payload = octets[UDP_HEADER:]
    length = max(len(payload), int.from_bytes(octets[4:6], "big") - UDP_HEADER)
    ports = (names.port(int.from_bytes(octets[at : at + 2], "big")).to_bytes(2, "big") for at in (0, 2))
    # Nobody can check a sum over what is not there.
    head = b"".join(ports) + octets[4:6] + bytes(2)
    return head + _begun(payload, length, anonymiser, noise[UDP_HEADER:])


def _begun(payload: bytes, length: int, anonymiser: Anonymiser, noise: bytes) -> bytes:
    protocol = looks_like(payload, length)
    if protocol == "SIP":
        line, _, _ = payload.partition(b"\n")
        start = texts.start_line(line.decode("utf-8", "replace"), anonymiser.names).encode() + b"\n"
        return (start + FILLING * len(payload))[: len(payload)]
    if protocol == "DTLS":
        return secured.begun(payload, noise)
    if not protocol or is_text(payload):
        # Noise may look like anything.
        return (FILLING if is_text(payload) else NO_PROTOCOL) * len(payload)
    start = header(payload, length, anonymiser.pseudonyms)
    return start + noise[len(start) :]
