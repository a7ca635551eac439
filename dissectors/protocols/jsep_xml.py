"""JSEP in XMPP: Jingle (XEP-0166) with RTP (XEP-0167) and ICE (XEP-0176), as SDP and candidates."""
from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dissectors.protocols.jsep_parts import Candidate, Kind, Message, Said
from dissectors.wire.errors import Malformed

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_OCTETS, MAX_DEPTH = 1 << 20, 64
"""Octets of a stanza, and how deep Jingle may stand in it."""

ACTIONS: dict[str, Kind] = {
    "session-initiate": "offer", "session-accept": "answer", "content-add": "offer", "content-accept": "answer",
    "transport-info": "candidates", "session-terminate": "end",
}
DIRECTIONS = {"both": "sendrecv", "initiator": "sendonly", "responder": "recvonly", "none": "inactive"}
"""What `senders` says of the initiator's direction."""


def parse(payload: bytes) -> Message:
    """Read one stanza; raises Malformed where it is no Jingle that says any of this."""
    jingle = _jingle(payload)
    kind = ACTIONS.get(jingle.get("action", ""))
    if kind is None:
        raise Malformed("JSEP", 0, "Jingle that says nothing of media")
    contents = [each for each in jingle if _name(each) == "content"]
    session = jingle.get("sid", "")
    if kind == "end":
        return Message("Jingle", session, (Said(kind),))
    if kind == "candidates":
        found = [
            Candidate(text, content.get("name"), line)
            for line, content in enumerate(contents) for text in _candidates(content)
        ]
        return Message("Jingle", session, (Said(kind, "", tuple(found)),))
    return Message("Jingle", session, (Said(kind, _description(contents, session)),))


def _jingle(payload: bytes) -> Element:
    """The element of a stanza; one with a document type is refused, as XMPP refuses it (RFC 6120 section 11.1)."""
    if len(payload) > MAX_OCTETS or b"<!" in payload:
        raise Malformed("JSEP", 0, "no stanza")
    # What few need is not loaded at every start.
    from xml.etree.ElementTree import ParseError, fromstring

    try:
        stanza = fromstring(payload)
    except (ParseError, LookupError, ValueError):
        # The latter two are said of an encoding that nobody knows, or that cannot be read.
        raise Malformed("JSEP", 0, "no XML") from None
    level: list[Element] = [stanza]
    for _ in range(MAX_DEPTH):
        for element in level:
            if _name(element) == "jingle":
                return element
        level = [inner for element in level for inner in element]
    raise Malformed("JSEP", 0, "no Jingle")


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _child(element: Element, name: str) -> Element | None:
    return next((each for each in element if _name(each) == name), None)


def _description(contents: list[Element], session: str) -> str:
    """The SDP that Jingle stands for (XEP-0167 section 6)."""
    lines = ["v=0", f"o=- {_word(session) or '0'} 0 IN IP4 0.0.0.0", "s=-", "t=0 0"]
    for content in contents:
        lines += _media(content)
    return "\r\n".join([*lines, ""])


def _media(content: Element) -> Iterator[str]:
    described, transport = _child(content, "description"), _child(content, "transport")
    types = [] if described is None else [each for each in described if _name(each) == "payload-type"]
    kind = "application" if described is None else _word(described.get("media") or content.get("name") or "audio")
    formats = " ".join(_word(each.get("id", "")) for each in types) or "0"
    candidates = list(_candidates(content))
    address, port = candidates[0].split()[4:6] if candidates else ("0.0.0.0", "9")
    yield f"m={kind} {port} UDP/TLS/RTP/SAVPF {formats}"
    yield f"c=IN IP{6 if ':' in address else 4} {address}"
    yield f"a=mid:{_word(content.get('name', ''))}"
    yield f"a={DIRECTIONS.get(content.get('senders', 'both'), 'sendrecv')}"
    for each in types:
        yield from _payload_type(each)
    for each in described if described is not None else ():
        if _name(each) == "rtcp-mux":
            yield "a=rtcp-mux"
        elif _name(each) == "source" and each.get("ssrc"):
            yield f"a=ssrc:{_word(each.get('ssrc', ''))} cname:-"
    if transport is None:
        return
    for name, attribute in (("ufrag", "ice-ufrag"), ("pwd", "ice-pwd")):
        if transport.get(name):
            yield f"a={attribute}:{_word(transport.get(name, ''))}"
    for each in transport:
        if _name(each) == "fingerprint":
            yield f"a=fingerprint:{_word(each.get('hash', ''))} {_word(each.text or '')}"
            yield f"a=setup:{_word(each.get('setup', 'actpass'))}"
    yield from (f"a={text}" for text in candidates)


def _payload_type(element: Element) -> Iterator[str]:
    number, name = _word(element.get("id", "")), _word(element.get("name", ""))
    channels = _word(element.get("channels", "1"))
    if name:
        more = f"/{channels}" if channels != "1" else ""
        yield f"a=rtpmap:{number} {name}/{_word(element.get('clockrate', '8000'))}{more}"
    parameters = [f"{_word(each.get('name', ''))}={_word(each.get('value', ''))}" for each in element
                  if _name(each) == "parameter"]
    if parameters:
        yield f"a=fmtp:{number} {';'.join(parameters)}"


def _candidates(content: Element) -> Iterator[str]:
    transport = _child(content, "transport")
    for each in transport if transport is not None else ():
        words = [_word(each.get(name, "")) for name in WORDS]
        if _name(each) == "candidate" and all(words):
            foundation, component, protocol, priority, address, port, kind = words
            yield f"candidate:{foundation} {component} {protocol} {priority} {address} {port} typ {kind}"


WORDS = ("foundation", "component", "protocol", "priority", "ip", "port", "type")


def _word(text: str) -> str:
    """A text without what would end a word or a line."""
    return "".join(text.split())
