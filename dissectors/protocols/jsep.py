"""JSEP: what applications of WebRTC say to one another, each in its own words, told by its content (RFC 9429).

Offers, answers and candidates stand in JSON in WebSocket (Janus, mediasoup, socket.io and others), in Jingle (XEP-0166
in RFC 7395), and in HTTP (WHIP, RFC 9725, and WHEP).
"""
from __future__ import annotations

import re

from dissectors.protocols.jsep_parts import Candidate, Message, Said
from dissectors.wire import http
from dissectors.wire.patterns import pattern
from dissectors.wire.spec import Spec, Streamed, certain

__all__ = ["SPEC", "Candidate", "Message", "Said", "parse", "speaks"]

BEGINS = b'{["0123456789'
MAX_BLANK_OCTETS = 16

_JSON = pattern(
    rb'v=0\\{1,8}[rn]|candidate:[A-Za-z0-9+/]{1,32} [0-9] \w{2,8} |"iceParameters\\?"|"janus"\s*:\s*"hangup"'
)
_HTTP = pattern(http.CARRIES_SDP + rb"|^DELETE \S*/wh[ie]p\b", re.I | re.M)
JINGLE = b"urn:xmpp:jingle:1"
_ACTION = pattern(
    rb"""\saction=["'](?:session-(?:initiate|accept|terminate)|content-(?:add|accept)|transport-info)["']"""
)


def parse(payload: bytes) -> Message:
    """Read one message; raises Malformed where it says none of this."""
    if payload.startswith(http.BEGINNINGS):
        from dissectors.protocols import jsep_http

        return jsep_http.parse(payload)
    if payload.lstrip()[:1] == b"<":
        from dissectors.protocols import jsep_xml

        return jsep_xml.parse(payload)
    from dissectors.protocols import jsep_json

    return jsep_json.parse(payload)


def speaks(payload: bytes, before: bool) -> bool:
    """Whether a message of WebSocket or HTTP says any of this."""
    first = payload[:MAX_BLANK_OCTETS].lstrip()[:1]
    if first == b"<":
        return JINGLE in payload and _ACTION().search(payload) is not None
    if payload.startswith(http.BEGINNINGS):
        return _HTTP().search(payload, 0, payload.find(b"\r\n\r\n") + 2) is not None
    return first != b"" and first in BEGINS and _JSON().search(payload) is not None


SPEC = Spec(
    name="JSEP",
    match=(certain("an offer, an answer or candidates of WebRTC in WebSocket or HTTP", Streamed()),),
    parse=parse,
    role="signalling",
    reported=True,
    short="jsep",
    colour="bright_white",
    speaks=speaks,
)
