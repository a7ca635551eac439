"""One call over TCP by each signalling: SIP, Verto, WHIP, Jingle."""

from __future__ import annotations

import zlib

from tests import made, verto_calls
from tests.protocols.test_jsep import JINGLE, http
from tests.tcp_frames import A, B, Endpoint
from tests.wire.test_websocket import REQUEST, SWITCHED, squeezed
from tests.wire.test_websocket import framed as ws


def call() -> list[tuple[Endpoint, bytes]]:
    """A short call over one connection."""
    head = ("Via: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bKa", "From: <sip:a@example.com>;tag=1", "Call-ID: one")
    to, tagged = "To: <sip:b@example.com>", "To: <sip:b@example.com>;tag=2"
    body = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
    kind = "Content-Type: application/sdp"
    invite = made.sip("INVITE sip:b@example.com SIP/2.0", *head, to, "CSeq: 1 INVITE", kind, body=body)
    return [
        (A, invite),
        (B, made.sip("SIP/2.0 180 Ringing", *head, tagged, "CSeq: 1 INVITE")),
        (B, made.sip("SIP/2.0 200 OK", *head, tagged, "CSeq: 1 INVITE", kind, body=body.replace(b"4000", b"4002"))),
        (A, made.sip("ACK sip:b@example.com SIP/2.0", *head, tagged, "CSeq: 1 ACK")),
        (A, made.sip("BYE sip:b@example.com SIP/2.0", *head, tagged, "CSeq: 2 BYE")),
        (B, made.sip("SIP/2.0 200 OK", *head, tagged, "CSeq: 2 BYE")),
    ]


def whip() -> list[tuple[Endpoint, bytes]]:
    """A call of WHIP."""
    kind = "Content-Type: application/sdp"
    return [
        (A, http("OPTIONS /whip HTTP/1.1")), (B, http("HTTP/1.1 200 OK")),
        (A, http("POST /whip HTTP/1.1", kind, body=verto_calls.OFFER)),
        (B, http("HTTP/1.1 201 Created", kind, body=verto_calls.ANSWER)), (A, http("DELETE /whip HTTP/1.1")),
    ]


def squeezed_verto() -> list[tuple[Endpoint, bytes]]:
    """A call of Verto whose messages are compressed, with a window that goes on."""
    packers = {A: zlib.compressobj(wbits=-15), B: zlib.compressobj(wbits=-15)}
    messages = [*verto_calls.login(), *verto_calls.answered(), *verto_calls.hung_up()]
    return [
        (A, REQUEST), (B, SWITCHED),
        *((src, ws(squeezed(packers[src], octets), 0xC1, b"key1" if src == A else b"")) for src, octets in messages),
    ]


CALLS = {
    "SIP": (call(), 6), "Verto": (squeezed_verto(), 8), "WHIP": (whip(), 3),
    "Jingle": ([*verto_calls.over_websocket([
        (src, JINGLE.replace("initiate", word).encode())
        for src, word in ((A, "initiate"), (B, "accept"), (A, "terminate"))
    ])], 3),
}
"""What both sides send, and how many messages that is."""
