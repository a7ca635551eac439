"""JSEP in HTTP: WHIP (RFC 9725) and WHEP, whose bodies are SDP, and fragments of it with candidates (RFC 8840)."""
from __future__ import annotations

import re

from dissectors.protocols.jsep_parts import Candidate, Message, Said, kind_of
from dissectors.wire import http
from dissectors.wire.errors import Malformed

SDP, FRAGMENT = "application/sdp", "application/trickle-ice-sdpfrag"

_PATH = re.compile(r"/(whip|whep)\b", re.IGNORECASE)
_LINE = re.compile(r"a=(candidate:[^\r\n]+)")
_MID = re.compile(r"a=mid:([^\r\n]+)")


def parse(payload: bytes) -> Message:
    """Read one request or response; raises Malformed where it is none that says any of this."""
    message = http.parse(payload)
    text = message.body.decode("utf-8", "replace")
    kind = message.content_type
    named = _PATH.search(message.target or message.header("Location"))
    if message.method == "DELETE":
        return Message(named[1].upper() if named else "HTTP", "", (Said("end"),))
    if kind == FRAGMENT:
        found = []
        mid = None
        for line in text.splitlines():
            if is_mid := _MID.match(line):
                mid = is_mid[1]
            elif candidate := _LINE.match(line):
                found.append(Candidate(candidate[1], mid))
        return Message(named[1].upper() if named else "HTTP", "", (Said("candidates", "", tuple(found)),))
    if kind != SDP or not text.lstrip().startswith("v=0"):
        raise Malformed("JSEP", 0, "HTTP without SDP")
    offered = kind_of(text, "offer" if message.method else "answer")
    return Message(named[1].upper() if named else _by_direction(text, offered == "offer"), "", (Said(offered, text),))


def _by_direction(sdp: str, offers: bool) -> str:
    """Who publishes offers to send (WHIP), who plays to receive (WHEP)."""
    sends, receives = "a=sendonly" in sdp, "a=recvonly" in sdp
    if sends == receives:
        return "HTTP"
    return "WHIP" if sends == offers else "WHEP"
