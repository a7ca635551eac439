"""JSEP: offers, answers and candidates in the words of many applications, told by their content."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.protocols import sdp
from dissectors.protocols.jsep import Candidate, Message, Said, parse, speaks
from dissectors.wire.errors import Malformed
from tests.verto_calls import ANSWER, OFFER

CANDIDATE = "candidate:2 1 udp 1677729535 198.51.100.9 5000 typ srflx raddr 192.0.2.1 rport 40100"
TRANSPORT = {
    "id": "t-1", "iceParameters": {"usernameFragment": "uf", "password": "pass-of-ice", "iceLite": True},
    "iceCandidates": [
        {"foundation": "u", "priority": 1, "ip": "192.0.2.2", "protocol": "udp", "port": 40_000, "type": "host"},
        {"foundation": "u", "priority": 1}, 7,
    ],
    "dtlsParameters": {"role": "auto", "fingerprints": [{"algorithm": "sha-256", "value": "AA:BB"}]},
}
JINGLE = """<iq type='set' xmlns='jabber:client'><jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' sid='S1'>
<content creator='initiator' name='audio' senders='initiator'>
<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'>
<payload-type id='111' name='opus' clockrate='48000' channels='2'><parameter name='minptime' value='10'/></payload-type>
<payload-type id='0' name='PCMU' clockrate='8000'/><rtcp-mux/><source ssrc='77'/></description>
<transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' ufrag='uf1' pwd='pw1'>
<fingerprint hash='sha-256' setup='actpass'>AA:BB</fingerprint>
<candidate component='1' foundation='1' ip='192.0.2.1' port='40100' priority='9' protocol='udp' type='host'/>
<candidate component='1'/></transport></content></jingle></iq>"""


def octets(value: Any) -> bytes:
    return json.dumps(value).encode()


def http(start: str, *headers: str, body: str = "") -> bytes:
    return "\r\n".join([start, *headers, f"Content-Length: {len(body)}", "", body]).encode()


def kinds(message: Message) -> list[str]:
    return [each.kind for each in message.said]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"type": "offer", "sdp": OFFER}, "offer"), ({"sdp": {"type": "answer", "sdp": ANSWER}}, "answer"),
        ({"event": "call-answer", "data": {"sdp": OFFER}}, "answer"), (["offer", "peer", {"sdp": ANSWER}], "offer"),
        ({"answer": {"type": "offer", "sdp": OFFER}}, "offer"), ({"sdp": OFFER}, "offer"), ({"x": [ANSWER]}, "answer"),
        ({"type": "pranswer", "sdp": ANSWER}, "provisional answer"),
        ({"data": json.dumps({"type": "answer", "sdp": OFFER})}, "answer"),
    ],
)
def test_a_description_is_what_the_nearest_words_say(value: Any, kind: str) -> None:
    message = parse(octets(value))
    assert kinds(message) == [kind] and message.said[0].sdp in (OFFER, ANSWER) and message.dialect == "JSON"
    assert speaks(octets(value), False)


def test_candidates_come_alone_or_many_at_once_with_their_line() -> None:
    one = parse(octets({"candidate": {"candidate": CANDIDATE, "sdpMid": "audio", "sdpMLineIndex": 0}}))
    assert one.said == (Said("candidates", "", (Candidate(CANDIDATE, "audio", 0),)),)
    several = parse(octets({"ice": ["a=" + CANDIDATE, CANDIDATE], "sdp": OFFER, "type": "offer"}))
    assert kinds(several) == ["offer", "candidates"] and len(several.said[1].candidates) == 2
    assert several.summary == "JSON offer and 2 candidates"


def test_janus_names_session_and_handle_from_either_side() -> None:
    offer, answer = {"type": "offer", "sdp": OFFER}, {"type": "answer", "sdp": ANSWER}
    asked = parse(octets({"janus": "message", "session_id": 7, "handle_id": 9, "jsep": offer}))
    told = parse(octets({"janus": "event", "session_id": 7, "sender": 9, "jsep": answer}))
    over = parse(octets({"janus": "hangup", "session_id": 7, "sender": 9}))
    assert {(each.dialect, each.session) for each in (asked, told, over)} == {("Janus", "7/9")}
    assert kinds(asked) + kinds(told) + kinds(over) == ["offer", "answer", "end"]


def test_socket_io_stands_before_its_json() -> None:
    for before in (b"42", b"42/room,", b"43/room,17", b"451-"[:2]):
        message = parse(before + octets(["message", {"type": "offer", "sdp": OFFER}]))
        assert (message.dialect, kinds(message)) == ("socket.io", ["offer"])


def test_a_transport_of_mediasoup_is_what_its_server_says_of_ice() -> None:
    message = parse(octets({"response": True, "id": 3, "data": TRANSPORT}))
    assert (message.dialect, message.session, kinds(message)) == ("mediasoup", "t-1", ["answer"])
    (line,) = sdp.parse(message.said[0].sdp.encode()).media
    assert (line.ice_ufrag, line.port, len(line.candidates)) == ("uf", 40_000, 1)


def test_jingle_is_the_description_that_it_stands_for() -> None:
    message = parse(JINGLE.encode())
    assert (message.dialect, message.session, kinds(message)) == ("Jingle", "S1", ["offer"])
    (line,) = sdp.parse(message.said[0].sdp.encode()).media
    assert (line.kind, line.port, line.direction, line.ice_ufrag) == ("audio", 40_100, "sendonly", "uf1")
    assert {each.encoding for each in line.rtpmaps.values()} == {"opus", "PCMU"} and line.fmtp(111) == "minptime=10"
    assert [*line.ssrcs] == [77]
    trickled = parse(JINGLE.replace("session-initiate", "transport-info").encode())
    assert [each.mid for each in trickled.said[0].candidates] == ["audio"]
    assert kinds(parse(JINGLE.replace("session-initiate", "session-terminate").encode())) == ["end"]


@pytest.mark.parametrize(
    "octets",
    [
        JINGLE.replace("session-initiate", "session-info").encode(), JINGLE[:-4].encode(), b"<iq/>", b"<a>" * 100,
        b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + JINGLE.encode(), JINGLE.replace("<jingle", "<e>&b;</e><jingle").encode(),
        *(f'<?xml version="1.0" encoding="{name}"?>{JINGLE}'.encode() for name in ("UTF--1", "big5", "punycode")),
    ],
)
def test_other_stanzas_and_document_types_are_refused(octets: bytes) -> None:
    with pytest.raises(Malformed):
        parse(octets)


@pytest.mark.parametrize(
    ("payload", "dialect", "kind"),
    [
        (http("POST /whip/x HTTP/1.1", "Content-Type: application/sdp", body=OFFER), "WHIP", "offer"),
        (http("POST /whep/x HTTP/1.1", "content-type: application/sdp; x=y", body=OFFER), "WHEP", "offer"),
        (
            http("POST /live HTTP/1.1", "Content-Type: application/sdp", body=OFFER.replace("sendrecv", "sendonly")),
            "WHIP", "offer",
        ),
        (
            http("HTTP/1.1 201 Created", "Content-Type: application/sdp", body=ANSWER.replace("sendrecv", "sendonly")),
            "WHEP", "answer",
        ),
        (
            http("HTTP/1.1 201 Created", "Location: /whip/1", "Content-Type: application/sdp", body=ANSWER),
            "WHIP", "answer",
        ),
        (http("DELETE /whip/1 HTTP/1.1"), "WHIP", "end"),
        (
            http(
                "PATCH /whep/1 HTTP/1.1", "Content-Type: application/trickle-ice-sdpfrag",
                body=f"a=mid:0\r\na={CANDIDATE}\r\n",
            ),
            "WHEP", "candidates",
        ),
    ],
)
def test_http_is_whip_or_whep(payload: bytes, dialect: str, kind: str) -> None:
    message = parse(payload)
    assert (message.dialect, kinds(message)) == (dialect, [kind]) and speaks(payload, False)


@pytest.mark.parametrize(
    "octets",
    [
        b"", b"{}", b'{"janus":"ack"}', b'{"candidate":""}', b'{"sdp":"nothing"}', b"42", b"hello",
        b'{"a":' + b"[" * 80 + b"]" * 80 + b"}", http("GET / HTTP/1.1"), http("POST /whip HTTP/1.1", body="a"),
        b"POST /whip HTTP/1.1\r\nContent-Type: application/sdp\r\nContent-Length: 9\r\n\r\nv=0",
    ],
)
def test_what_says_none_of_this_is_malformed_and_not_spoken(octets: bytes) -> None:
    with pytest.raises(Malformed):
        parse(octets)
    if b"Content-Length: 9" not in octets:
        assert not speaks(octets, True)


WORDS = st.sampled_from(("type", "sdp", "candidate", "candidates", "janus", "iceParameters", "iceCandidates", "id"))
TEXTS = st.sampled_from((OFFER, ANSWER, CANDIDATE, "offer", "v=0\ud800", "{", json.dumps({"sdp": OFFER}), "\ud800"))


@given(st.recursive(
    st.none() | st.integers() | TEXTS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner),
    max_leaves=20,
))
def test_any_json_is_read_or_malformed(value: Any) -> None:
    try:
        message = parse(octets(value))
    except Malformed:
        return
    assert message.said and message.summary.encode()
    assert all(each.sdp.encode() is not None for each in message.said)
