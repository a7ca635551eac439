"""REGISTER and OPTIONS as nearly everybody writes them: what is looked at without parsing is what parsing finds."""

from __future__ import annotations

import random

import pytest

from dissectors.protocols import sip
from dissectors.protocols.sip_headers import uri

sip_usual = pytest.importorskip("dissectors.protocols.sip_usual", reason="no compiled modules were built here")
glance = sip_usual.glance

VIA = "Via: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK1"
FROM, TO = "From: <sip:bob@example.org>;tag=1", "To: <sip:bob@example.org>"
CALL_ID, CSEQ, NOTHING = "Call-ID: a@x", "CSeq: 7 REGISTER", "Content-Length: 0"
ASKED = "REGISTER sip:example.org SIP/2.0"
LINES = (ASKED, VIA, FROM, TO, CALL_ID, CSEQ, NOTHING)


def message(*lines: str, end: str = "\r\n") -> bytes:
    return (end.join(lines) + 2 * end).encode()


def instead(old: str, *new: str) -> bytes:
    """The usual REGISTER with other lines in the place of one."""
    return message(*(each for line in LINES for each in (new if line == old else (line,))))


def test_a_register_is_usual() -> None:
    found = glance(message(*LINES))
    assert (found.call_id, found.from_tag, found.branch, found.sequence) == ("a@x", "1", "z9hG4bK1", 7)
    assert (found.status, found.is_registration, found.credentials, found.begins) == (0, True, False, True)
    assert found.owner == "sip:bob@example.org"


@pytest.mark.parametrize(
    "payload",
    [
        instead(VIA, VIA, "Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK9"),
        instead(VIA, "Via: SIP/2.0/TLS [2001:db8::1]:5061;received=192.0.2.7;rport=4;branch=z9hG4bK1;alias"),
        instead(FROM, 'From: "Bob, of the sea" <sip:bob@example.org>;tag=1'),
        instead(NOTHING),
        instead(NOTHING, "User-Agent: a phone (of somebody)", 'Contact: <sip:bob@192.0.2.1>;q="0.1"', NOTHING),
        instead(CSEQ, CSEQ, 'Authorization: Digest username="bob"', 'Authorization: Digest username="eve"'),
        instead(ASKED, "SIP/2.0 401 Unauthorized"),
        instead(ASKED, "SIP/2.0 200 "),
    ],
)
def test_other_ways_are_usual_too(payload: bytes) -> None:
    assert says_the_same(payload)


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"\r\n\r\n", message(*LINES)[:-1], message(*LINES) + b"x", b"\r\n" + message(*LINES),
        message(*LINES, end="\n"), message(*LINES).replace(b"\r\n", b"\n", 1),
        instead(ASKED, "INVITE sip:example.org SIP/2.0"), instead(ASKED, "REGISTER  sip:example.org SIP/2.0"),
        instead(ASKED, "REGISTER sip:example.org SIP/2.1"), instead(ASKED, "REGISTER SIP/2.0"),
        instead(ASKED, "OPTIONS sip:example.org SIP/2.0"), instead(ASKED, "SIP/2.0 99 No"),
        instead(ASKED, "SIP/2.0 2000 OK"), instead(ASKED, "SIP/2.0 200"), instead(ASKED, "SIP/2.0  200 OK"),
        instead(VIA), instead(FROM), instead(TO), instead(CALL_ID), instead(CSEQ), instead(CALL_ID, "Call-ID:"),
        instead(FROM, FROM, FROM), instead(CALL_ID, CALL_ID, CALL_ID), instead(CSEQ, CSEQ, CSEQ),
        instead(NOTHING, "Content-Length: 1"), instead(NOTHING, "Content-Length: 00"), instead(NOTHING, "l: 0"),
        instead(NOTHING, "Content-Type: text/plain", NOTHING), instead(NOTHING, "Reason: SIP;cause=200", NOTHING),
        instead(NOTHING, "Warning: 399 x y", NOTHING), instead(NOTHING, "Other: 1", NOTHING),
        instead(NOTHING, "X-Cid: 1", NOTHING),
        instead(NOTHING, "X: 1", NOTHING), instead(NOTHING, "X-a : 1", NOTHING), instead(NOTHING, "XX-a: 1", NOTHING),
        instead(NOTHING, "Contact: <sip:a@x>,", " <sip:b@x>", NOTHING), instead(NOTHING, "Nothing", NOTHING),
        instead(NOTHING, "User-Agent: \x01", NOTHING), instead(NOTHING, "User-Agent: é", NOTHING),
        instead(NOTHING, "User-Agent: a\rb", NOTHING), instead(NOTHING, "user-agent: a", NOTHING),
        instead(NOTHING, "User-Agent : a", NOTHING), instead(NOTHING, "User-Agent: " + 1024 * "a", NOTHING),
        instead(VIA, "Via: SIP/2.0/UDP 192.0.2.1"), instead(VIA, "Via: SIP/2.0/UDP h;branch="),
        instead(VIA, "Via: SIP/2.0/UDP h;branch=1, SIP/2.0/UDP g;branch=2"), instead(VIA, "Via: UDP h;branch=1"),
        instead(VIA, "Via: SIP/2.0/UDP h; branch=1"), instead(VIA, "Via: SIP/2.0/UDP h;Branch=2;branch=1"),
        instead(FROM, "From: <sip:bob@example.org>"), instead(FROM, "From: sip:bob@example.org;tag=1"),
        instead(FROM, "From: <sip:bob@example.org>;x=2;tag=1"), instead(FROM, 'From: "a\\"b" <sip:bob@x>;tag=1'),
        instead(FROM, "From: <>;tag=1"), instead(FROM, "From: (x) <sip:bob@x>;tag=1"),
        instead(CSEQ, "CSeq: 7"), instead(CSEQ, "CSeq: x REGISTER"), instead(CSEQ, "CSeq: 4294967296 REGISTER"),
        instead(NOTHING, *65 * ("Via:",)),
        instead(CSEQ, "CSeq: 7 OPTIONS"), instead(CSEQ, "CSeq: 7 REGISTERS"), instead(CALL_ID, "Call-ID: " + 257 * "a"),
    ],
)
def test_what_is_written_otherwise_is_not_looked_at(payload: bytes) -> None:
    assert glance(payload) is None


def says_the_same(payload: bytes) -> bool:
    """Whether a message is usual; then it is held to what parsing finds."""
    found = glance(payload)
    if found is None:
        return False
    (parsed,) = sip.parse_all(payload)
    assert parsed.deviations == () and not parsed.raw_body and not parsed.body.octets and not parsed.trailing, payload
    identity = parsed.identity()
    assert (found.call_id, found.from_tag, found.sequence, found.branch) == (
        identity.call_id, identity.from_tag, identity.sequence, identity.branch
    ), payload
    assert ("REGISTER" if found.is_registration else "OPTIONS") == identity.method
    assert found.status == (parsed.status or 0)
    assert found.begins == (parsed.is_request and identity.to_tag is None)
    assert found.credentials == ("Authorization" in parsed.first or "Proxy-Authorization" in parsed.first)
    assert found.owner == uri(parsed.first["From"]) != ""
    assert not parsed.compact and sum(len(name or "") for name in identity if isinstance(name, str)) <= 256
    return True


PIECES = (
    b'"', b"<", b">", b";", b",", b"\\", b"(", b")", b":", b" ", b"\t", b"\r\n", b"\n", b"\r", b"=", b"@", b"0", b"9",
    b"\0", b"\x7f", b"\xc3\xa9", b";tag=2", b";branch=z", b";rport=1", b"; ", b"SIP/2.0", b"REGISTER", b"OPTIONS", b"",
)
MORE = (
    "Contact: <sip:bob@192.0.2.1>;expires=60", "Expires: 3600", "Max-Forwards: 70", "User-Agent: a phone",
    'WWW-Authenticate: Digest realm="x", nonce="1"', "Allow: INVITE, ACK", "Supported: path, outbound", VIA, TO, FROM,
    'Authorization: Digest username="bob"', "Date: Sun, 29 Nov 2026 10:00:00 GMT", "Path: <sip:p;lr>", "x-a: b", "m: a",
    "x-cid: 1",
)


@pytest.mark.parametrize("at", [0, 7, 30, 60])
def test_what_is_printed_and_a_tab_may_stand_anywhere_in_a_line(at: int) -> None:
    before, behind = instead(NOTHING, f"User-Agent: {'y' * 61}", NOTHING).split(b"y" * 61)
    for octet in range(256):
        agent = bytearray(b"y" * 61)
        agent[at] = octet
        assert (glance(before + agent + behind) is not None) == (0x20 <= octet < 0x7F or octet == 0x09), octet


def test_what_is_looked_at_is_what_parsing_finds() -> None:
    chance, known, others = random.Random(17), 0, 0
    for _ in range(20_000):
        lines = [VIA, FROM, TO, CALL_ID, NOTHING, *chance.sample(MORE, chance.randrange(5))]
        method = chance.choice(("REGISTER", "OPTIONS"))
        start = chance.choice((f"{method} sip:example.org SIP/2.0", "SIP/2.0 200 OK", "SIP/2.0 407 No"))
        lines.append(f"CSeq: {chance.randrange(1 << 33)} {method}")
        chance.shuffle(lines)
        octets = bytearray(message(start, *lines))
        for _ in range(chance.randrange(3)):
            at = chance.randrange(len(octets))
            octets[at : at + chance.randrange(3)] = chance.choice(PIECES)
        if says_the_same(bytes(octets)):
            known += 1
        else:
            others += 1
    assert known > 2000 and others > 4000
