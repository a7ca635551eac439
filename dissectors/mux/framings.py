"""How messages follow one another on a stream, and what the first octets of a connection say of that.

`sniff` tries the framings in their order. Each reader gives the size of the message that begins the octets and where
its payload begins in it, `Incomplete`, or raises Malformed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache, partial

from dissectors.mux.classify import classify, looks_like, match
from dissectors.mux.rtp_sequence import two_in_sequence
from dissectors.mux.table import ROWS, SPECS, TABLE, UNKNOWN_ROW
from dissectors.wire import hep, http, tls, websocket
from dissectors.wire.errors import Malformed
from dissectors.wire.patterns import pattern
from dissectors.wire.spec import Incomplete
from dissectors.wire.values import Struct

SIP, STUN, RFC4571, WEBSOCKET, HEP, TLS, HTTP = "SIP", "STUN", "RFC 4571", "WebSocket", "HEP", "TLS", "HTTP"
RTSP, GIVEN_UP = "RTSP", "given up"

PREFIX = 2
"""Octets of the length that RFC 4571 puts before a datagram."""

HELLOS = CLIENT_HELLO, SERVER_HELLO = bytes((tls.CLIENT_HELLO,)), bytes((tls.SERVER_HELLO,))
"""How the first handshake messages of both sides of TLS begin."""

MIN_RTP_OCTETS = 12

CHANNEL_HEADER, MAX_CHANNEL_DATA = 4, b"\x08"
"""Octets before the data of a channel; and the first octet of lengths that are too large for RTP."""

DTLS_VERSIONS = (b"\xfe", b"\x01")
"""How the version in a DTLS record begins, that of old ones included."""


class Framed(Struct, frozen=True):
    """A message on a stream: its size with what frames it, and where its payload begins."""

    size: int
    begins: int


def sip(octets: bytes) -> Framed | Incomplete:
    """SIP by its Content-Length."""
    return _by("SIP", octets)


def stun(octets: bytes) -> Framed | Incomplete:
    """STUN and TURN's ChannelData (RFC 8656 section 12.5), told apart by the first two bits."""
    return _by("TURN" if octets[:1] >= b"\x40" else "STUN", octets)


def rfc4571(octets: bytes) -> Framed | Incomplete:
    """A datagram behind its length (RFC 4571 section 2)."""
    if len(octets) < PREFIX:
        return Incomplete(PREFIX)
    size = PREFIX + int.from_bytes(octets[:PREFIX], "big")
    return Framed(size, PREFIX) if size <= len(octets) else Incomplete(size)


def _by(protocol: str, octets: bytes) -> Framed | Incomplete:
    frame = SPECS[protocol].frame
    assert frame is not None
    size = frame(octets)
    return size if isinstance(size, Incomplete) else Framed(size, 0)


def _is_rfc4571(octets: bytes) -> Framed | Incomplete:
    """The same, where the datagram is certain by itself, or two of RTP follow one another."""
    content = octets[PREFIX:]
    if len(octets) > PREFIX and not _may_begin(content):
        raise Malformed("RTP", PREFIX, "no datagram that is known begins so")
    framed = rfc4571(octets)
    if isinstance(framed, Incomplete):
        return framed
    first = octets[PREFIX : framed.size]
    verdict = classify(first)
    if verdict.protocol in ("STUN", "DTLS", "RTCP") and verdict.strength == "certain":
        return framed
    if verdict.protocol != "RTP" or len(first) < MIN_RTP_OCTETS:
        raise Malformed("RTP", PREFIX, "no datagram that is known")
    behind = octets[framed.size :]
    following = rfc4571(behind)
    if isinstance(following, Incomplete):
        return Incomplete(framed.size + following.octets)
    second = behind[PREFIX : following.size]
    if len(second) < MIN_RTP_OCTETS or not two_in_sequence([(first, len(first)), (second, len(second))]):
        raise Malformed("RTP", framed.size, "no RTP in sequence")
    return framed


def _is_stun_stream(octets: bytes) -> Framed | Incomplete:
    """STUN; where a connection began before the capture, two datagrams of RTP in one channel of TURN."""
    if not b"\x40" <= octets[:1] <= b"\x4f":
        return _by("STUN", octets)
    if octets[4:5] and not b"\x80" <= octets[4:5] < b"\xc0" or octets[2:3] >= MAX_CHANNEL_DATA:
        raise Malformed("TURN", 0, "no RTP in a channel")
    framed = stun(octets) if len(octets) > CHANNEL_HEADER else Incomplete(CHANNEL_HEADER + 1)
    if isinstance(framed, Incomplete):
        return framed
    behind = octets[framed.size :]
    if behind and not octets.startswith(behind[:2]):
        raise Malformed("TURN", framed.size, "another channel")
    following = stun(behind) if behind else Incomplete(CHANNEL_HEADER)
    if isinstance(following, Incomplete):
        return Incomplete(framed.size + following.octets)
    datagrams = [octets[CHANNEL_HEADER : framed.size], behind[CHANNEL_HEADER : following.size]]
    whole = all(len(each) >= MIN_RTP_OCTETS for each in datagrams)
    if not whole or not two_in_sequence([(each, len(each)) for each in datagrams]):
        raise Malformed("TURN", framed.size, "no RTP in sequence")
    return framed


def _may_begin(content: bytes) -> bool:
    """Whether STUN, DTLS, RTP or RTCP may begin so (RFC 7983 section 7)."""
    first = content[0]
    if first < 4:
        return _is_stun(content)
    if first < 64:
        return 20 <= first and content[1:2] in (b"", *DTLS_VERSIONS)
    return 128 <= first < 192


def _is_stun(content: bytes) -> bool:
    try:
        stun(content)
    except Malformed:
        return False
    return True


def _frame(octets: bytes) -> Framed | Incomplete:
    """A frame of WebSocket."""
    found = websocket.frame(octets)
    return found if isinstance(found, Incomplete) else Framed(found.size, 0)


def _is_websocket(octets: bytes) -> Framed | Incomplete:
    """The request with which WebSocket begins; where a connection began before the capture, a message of signalling."""
    if octets[:1] in websocket.MESSAGES:
        return _is_message(octets)
    size = websocket.upgrade(octets)
    return size if isinstance(size, Incomplete) else Framed(size, 0)


def _is_message(octets: bytes) -> Framed | Incomplete:
    reader = websocket.Reader()
    reader.upgraded = True
    taken = reader.take(octets)
    if isinstance(taken, Incomplete):
        return taken
    if signalling_row(taken[1], set()) == UNKNOWN_ROW:
        raise Malformed("WebSocket", 0, "no signalling")
    return Framed(0, 0)


def _hep(octets: bytes) -> Framed | Incomplete:
    """A packet of HEP; one of version 1 or 2 ends with its message, which is SIP."""
    if octets and octets[:1] != hep.MARK[:1]:
        header = hep.old_header(octets)
        if isinstance(header, Incomplete):
            return header
        message = sip(octets[header:]) if len(octets) > header else Incomplete(1)
        if isinstance(message, Incomplete):
            return Incomplete(header + message.octets)
        return Framed(header + message.size, 0)
    size = hep.frame(octets)
    return size if isinstance(size, Incomplete) else Framed(size, 0)


def _tls(octets: bytes) -> Framed | Incomplete:
    """A record of TLS."""
    size = tls.frame(octets)
    return size if isinstance(size, Incomplete) else Framed(size, 0)


def _is_tls(octets: bytes) -> Framed | Incomplete:
    """The hello with which a direction of TLS begins, however much of it is there."""
    framed = _tls(octets)
    kind = octets[tls.HEADER : tls.HEADER + 1]
    if octets[:1] != bytes((tls.HANDSHAKE,)) or kind not in (b"", *HELLOS):
        raise Malformed("TLS", 0, "no hello begins so")
    return framed if isinstance(framed, Incomplete) and not kind else Framed(0, 0)


def _http(octets: bytes) -> Framed | Incomplete:
    """A message of HTTP."""
    size = http.frame(octets)
    return size if isinstance(size, Incomplete) else Framed(size, 0)


def _is_signalling_http(octets: bytes) -> Framed | Incomplete:
    """A request that carries SDP, or asks whether it may (RFC 9725 section 4.2)."""
    if octets.startswith(b"GET "[: len(octets)]):
        raise Malformed("HTTP", 0, "a GET carries nothing")
    framed = _http(octets)
    end = octets.find(b"\r\n\r\n")
    if end >= 0 and not _CARRIES_SDP().search(octets, 0, end + 2):
        raise Malformed("HTTP", 0, "no SDP")
    return framed if end < 0 else Framed(0, 0)


def rtsp(octets: bytes) -> Framed | Incomplete:
    """A datagram in a channel (RFC 2326 section 10.12), or a message of RTSP, whose payload is left out."""
    if octets[:1] == INTERLEAVED:
        if len(octets) < INTERLEAVED_HEADER:
            return Incomplete(INTERLEAVED_HEADER)
        size = INTERLEAVED_HEADER + int.from_bytes(octets[2:4], "big")
        return Framed(size, INTERLEAVED_HEADER) if size <= len(octets) else Incomplete(size)
    head = octets[:MAX_RTSP_LINE_OCTETS].partition(b"\n")
    if not (_RTSP().match(head[0]) if head[1] else _RTSP_BEGINS().match(head[0])):
        raise Malformed("RTSP", 0, "no start line")
    end = octets.find(b"\r\n\r\n")
    if end < 0:
        if len(octets) > http.MAX_HEAD_OCTETS:
            raise Malformed("RTSP", len(octets), "a long header block")
        return Incomplete(len(octets) + 1)
    length = _RTSP_LENGTH().search(octets, 0, end + 2)
    size = end + 4 + (int(length[1]) if length else 0)
    if size > http.MAX_MESSAGE_OCTETS:
        raise Malformed("RTSP", end, f"a message of {size} bytes")
    return Framed(size, size) if size <= len(octets) else Incomplete(size)


def _is_rtsp(octets: bytes) -> Framed | Incomplete:
    """The same; where a connection began before the capture, a datagram with another one behind it."""
    if octets[:1] != INTERLEAVED:
        framed = rtsp(octets)
        return Framed(0, 0) if isinstance(framed, Incomplete) and b"\n" in octets else framed
    framed = rtsp(octets)
    if isinstance(framed, Incomplete):
        return framed
    content, behind = octets[framed.begins : framed.size], octets[framed.size : framed.size + 1]
    if looks_like(content, len(content)) not in ("RTP", "RTCP") or octets[1] >= MAX_CHANNELS:
        raise Malformed("RTSP", INTERLEAVED_HEADER, "no datagram that is known")
    if not behind:
        return Incomplete(framed.size + 1)
    if behind not in (INTERLEAVED, b"R"):
        raise Malformed("RTSP", framed.size, "no channel follows")
    return framed


INTERLEAVED, INTERLEAVED_HEADER, MAX_CHANNELS = b"$", 4, 64
MAX_RTSP_LINE_OCTETS = 2048

_RTSP = pattern(rb"[A-Z_]{3,32} \S+ RTSP/[12]\.0\r?$|RTSP/[12]\.0 [1-5][0-9]{2}(?: |\r?$)")
_RTSP_BEGINS = pattern(rb"[A-Z_]{1,32}(?: (?:rtspu?:|\*)?|$)|R(?:TSP?)?$|RTSP/")
_RTSP_LENGTH = pattern(rb"^Content-Length[ \t]*:[ \t]*([0-9]{1,8})[ \t]*\r?$", re.I | re.M)

_CARRIES_SDP = pattern(http.CARRIES_SDP + rb"|^OPTIONS \S*/wh[ie]p\b", re.I | re.M)


FRAMED = tuple(spec.name for spec in TABLE if spec.frame is not None and spec.name not in (SIP, STUN, "TURN"))
"""Further protocols that say themselves how long their messages are on a stream."""


def _begins(protocol: str, octets: bytes) -> Framed | Incomplete:
    """A message of such a protocol; a whole line of it says enough."""
    framed = _by(protocol, octets)
    return Framed(0, 0) if isinstance(framed, Incomplete) and b"\n" in octets else framed


READERS: dict[str, Callable[[bytes], Framed | Incomplete]] = {
    SIP: sip, STUN: stun, RFC4571: rfc4571, WEBSOCKET: _frame, HEP: _hep, TLS: _tls, HTTP: _http,
    RTSP: rtsp, **{name: partial(_by, name) for name in FRAMED},
}
"""What reads the messages of a connection that is decided."""

SNIFFERS: dict[str, Callable[[bytes], Framed | Incomplete]] = {
    SIP: partial(_begins, SIP), STUN: _is_stun_stream, RFC4571: _is_rfc4571,
    WEBSOCKET: _is_websocket, HEP: _hep, TLS: _is_tls,
    HTTP: _is_signalling_http,
    RTSP: _is_rtsp, **{name: partial(_begins, name) for name in FRAMED},
}
"""What decides, in this order."""

CAPITALS = bytes(range(ord("A"), ord("Z") + 1))

FIRST_OCTETS: dict[str, bytes] = {
    SIP: CAPITALS + CAPITALS.lower() + b"0123456789.!%*_+`'~-",
    WEBSOCKET: b"".join((b"G", *websocket.MESSAGES)), HEP: b"".join(each[:1] for each in hep.MARKS),
    TLS: bytes((tls.HANDSHAKE,)), HTTP: b"".join(each[:1] for each in http.BEGINNINGS),
    RTSP: INTERLEAVED + CAPITALS + b"_",
}
"""With which octet begins what such a sniffer does not reject; the others are asked whatever comes first."""


@lru_cache(256)
def sniffers(first: int) -> tuple[tuple[str, Callable[[bytes], Framed | Incomplete]], ...]:
    """Those, in their order, that are asked of octets with this one at their beginning."""
    return tuple([each for each in SNIFFERS.items() if each[0] not in FIRST_OCTETS or first in FIRST_OCTETS[each[0]]])


MAX_START_OCTETS = 2048

_START_LINE = pattern(rb"(?:^|\n)(?=SIP/2\.0 [1-6][0-9]{2}|[A-Z]{1,32} [^\r\n]+ SIP/2\.0[ \t]*\r?\n)")


def is_certain(payload: bytes) -> bool:
    """Whether a payload is a protocol of the table by itself."""
    row = match(payload, len(payload))
    return row != UNKNOWN_ROW and ROWS[row][1].strength == "certain"


STREAMED = tuple((row, TABLE[protocol]) for row, (protocol, _) in enumerate(ROWS) if TABLE[protocol].speaks)
"""The rows of what only a message of WebSocket is, with their protocols."""


def signalling_row(message: bytes, spoken: set[str]) -> int:
    """The row of a message of WebSocket that is signalling, or has a framing of its own (MSRP by RFC 7977).

    Else `UNKNOWN_ROW`; its connection has `spoken` these.
    """
    row = match(message, len(message))
    if row != UNKNOWN_ROW and ROWS[row][1].strength == "certain":
        spec = TABLE[ROWS[row][0]]
        return row if spec.role == "signalling" or spec.name in FRAMED else UNKNOWN_ROW
    for row, spec in STREAMED:
        if spec.speaks is not None and spec.speaks(message, spec.name in spoken):
            spoken.add(spec.name)
            return row
    return UNKNOWN_ROW


def _segments(_: bytes, begins: Iterable[int]) -> Iterable[int]:
    return (at for at in begins if at >= 0)


def _lines(octets: bytes, begins: Iterable[int]) -> Iterable[int]:
    """Where a line is a start line, also one that begins with a segment."""
    found = {each.end() for each in _START_LINE().finditer(octets)}
    return sorted(found | {at for at in begins if at > 0 and _START_LINE().match(octets[at : at + MAX_START_OCTETS])})


def _certain_segments(octets: bytes, begins: Iterable[int]) -> Iterable[int]:
    """Where a segment begins with a datagram that the table knows."""
    for at in _segments(octets, begins):
        content = octets[at + PREFIX :]
        if content and _may_begin(content):
            yield at


RECOVERIES: dict[str, Callable[[bytes, Iterable[int]], Iterable[int]]] = {
    SIP: _lines, STUN: _segments, RFC4571: _certain_segments, WEBSOCKET: _segments, HEP: _segments, TLS: _segments,
    HTTP: _segments, RTSP: _segments, **dict.fromkeys(FRAMED, _segments),
}
"""Where the next message may begin, in octets and with the places where segments begin in them."""


def sniff(octets: bytes) -> str | Incomplete:
    """The framing of a connection whose octets begin so, empty where there is none that is read."""
    wanted = 0
    for name, reader in sniffers(octets[0]) if octets else SNIFFERS.items():
        try:
            found = reader(octets)
        except Malformed:
            continue
        if not isinstance(found, Incomplete):
            return name
        wanted = min(wanted or found.octets, found.octets)
    return Incomplete(wanted) if wanted else ""
