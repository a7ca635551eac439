"""The server's end of a transport of mediasoup, which speaks no SDP, as the description that it stands for."""
from __future__ import annotations

from typing import Any

from dissectors.wire import json_text

MAX_LISTED = 32


def is_transport(value: Any) -> bool:
    """Whether an object is one: ICE's parameters with candidates."""
    parameters, candidates = json_text.member(value, "iceParameters"), json_text.member(value, "iceCandidates")
    return isinstance(parameters, dict) and isinstance(candidates, list)


def description(value: dict[str, Any]) -> str:
    """SDP with the ICE and DTLS of the transport; which media it will carry is said later, and not here."""
    parameters = value["iceParameters"]
    candidates = [line for each in value["iceCandidates"][:MAX_LISTED] if (line := _candidate(each))]
    address, port = (candidates[0].split()[4:6]) if candidates else ("0.0.0.0", "9")
    lines = [
        "v=0", "o=mediasoup 0 0 IN IP4 0.0.0.0", "s=-", "t=0 0",
        f"m=application {port} UDP/DTLS/SCTP webrtc-datachannel",
        f"c=IN IP{6 if ':' in address else 4} {address}",
        *(["a=ice-lite"] if parameters.get("iceLite") is True else []),
        f"a=ice-ufrag:{_word(parameters, 'usernameFragment')}", f"a=ice-pwd:{_word(parameters, 'password')}",
        *(f"a={line}" for line in candidates),
    ]
    prints = json_text.member(json_text.member(value, "dtlsParameters"), "fingerprints")
    for each in prints[:MAX_LISTED] if isinstance(prints, list) else ():
        lines.append(f"a=fingerprint:{_word(each, 'algorithm')} {_word(each, 'value')}")
    return "\r\n".join([*lines, "a=setup:actpass", ""])


def _candidate(value: Any) -> str:
    address = _word(value, "ip") or _word(value, "address")
    words = [_word(value, name) for name in ("foundation", "protocol", "priority", "port", "type")]
    if not address or not all(words):
        return ""
    foundation, protocol, priority, port, kind = words
    return f"candidate:{foundation} 1 {protocol} {priority} {address} {port} typ {kind}"


def _word(value: Any, name: str) -> str:
    """A member, without what would end a word or a line."""
    return "".join((json_text.text(value, name) or "").split())
