"""SIP and SDP under other names: what the protocol means stays, and nothing else."""

from __future__ import annotations

import pytest

from dissectors.rewriting.anonymous import texts
from dissectors.rewriting.anonymous.pseudonyms import Pseudonyms
from dissectors.rewriting.anonymous.texts import Names

LEARNT: dict[str, str] = {}
KEY = Pseudonyms(b"one key")
NAMES = Names(KEY, lambda octets: bytes(len(octets)), False, LEARNT.__setitem__)
w = KEY.word


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"Alice B" <sip:alice@10.0.0.5:5070;transport=tcp>;tag=abc1;expires=60',
         f'"{w("Alice")} {w("B")}" <sip:{w("alice")}@{KEY.written_address("10.0.0.5")}:5070;transport=tcp>'
         f';tag={w("abc1")};expires=60'),
        ("SIP/2.0/UDP 10.0.0.5;branch=z9hG4bKabc;rport", f"SIP/2.0/UDP {KEY.written_address('10.0.0.5')}"
         f";branch=z9hG4bK{w('abc')};rport"),
        ("<tel:+4930123456;phone-context=x.example>", f"<tel:+{KEY.number('4930123456')};phone-context="
         f"{w('x')}.{w('example')}>"),
        ('Digest username="alice",realm="home",nonce="12ab",uri="sip:b@c",algorithm=MD5,qop=auth,nc=00000001',
         f'Digest username="{w("alice")}",realm="{w("home")}",nonce="{w("12ab")}",uri="sip:{w("b")}@{w("c")}",'
         "algorithm=MD5,qop=auth,nc=00000001"),
        ("<sip:x>;reason=alice;cause=302;user=phone", f"<sip:{w('x')}>;reason={w('alice')};cause=302;user=phone"),
        ("<sip:[2001:db8::1]:5060>;secret", f"<sip:[{KEY.written_address('2001:db8::1')}]:5060>;{w('secret')}"),
    ],
)
def test_names_change_and_the_words_of_the_protocol_stay(before: str, after: str) -> None:
    assert texts.strict(before, NAMES) == after


@pytest.mark.parametrize(
    ("name", "value", "stays"),
    [
        ("CSeq", " 42 INVITE", True), ("Allow", " INVITE, ACK", True), ("Supported", " 100rel, alice", False),
        ("User-Agent", " Phone of Bob/1.0", True), ("Subject", " dinner", False), ("X-Anything", " dinner", False),
        ("Content-Type", " application/sdp", True), ("Session-Expires", " 1800;refresher=uas", True),
    ],
)
def test_a_header_keeps_what_is_the_protocols(name: str, value: str, stays: bool) -> None:
    assert (texts.header(name, value, NAMES) == value) is stays
    assert texts.header("User-Agent", " Bob/1", NAMES._replace(agents=True)) != " Bob/1"


def test_start_lines_keep_method_status_and_usual_reasons() -> None:
    assert texts.start_line("SIP/2.0 404 Not Found", NAMES) == "SIP/2.0 404 Not Found"
    assert texts.start_line("SIP/2.0 603 Ask Bob", NAMES) == f"SIP/2.0 603 {w('Ask')} {w('Bob')}"
    assert texts.start_line("INVITE sip:bob@10.0.0.5 SIP/2.0", NAMES) == (
        f"INVITE sip:{w('bob')}@{KEY.written_address('10.0.0.5')} SIP/2.0")


SDP = """v=0\r
o=alice 3801234567 3801234568 IN IP4 10.0.0.5\r
s=Call of Alice\r
c=IN IP4 10.0.0.5\r
t=0 0\r
a=ice-ufrag:Ab1+\r
a=ice-pwd:secretsecret/secret\r
m=audio 5000 RTP/AVP 0 101\r
a=rtpmap:101 telephone-event/8000\r
a=candidate:1 1 UDP 2130706431 10.0.0.5 5000 typ srflx raddr 192.168.1.7 rport 6000 ufrag Ab1+\r
a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5\r
a=fingerprint:sha-256 AA:BB:CC\r
a=ssrc:1234 cname:alice@host\r
a=rtcp:5001 IN IP4 10.0.0.5\r
a=source-filter: incl IN IP4 * 10.0.0.5\r
a=secret:alice\r
"""


def test_a_description_keeps_its_form() -> None:
    new = texts.sdp(SDP, NAMES)
    lines = new.splitlines()
    host, inner = KEY.written_address("10.0.0.5"), KEY.written_address("192.168.1.7")
    assert lines[3:5] == [f"c=IN IP4 {host}", "t=0 0"] and lines[7:9] == SDP.splitlines()[7:9]
    assert lines[9] == (f"a=candidate:{w('1')} 1 UDP 2130706431 {host} 5000 typ srflx raddr {inner} rport 6000 ufrag "
                        f"{w('Ab1')}+")
    assert lines[11] == "a=fingerprint:sha-256 00:00:00" and lines[13] == f"a=rtcp:5001 IN IP4 {host}"
    assert lines[12] == f"a=ssrc:1234 cname:{w('alice')}@{w('host')}"
    assert "MDEy" not in new and len(lines[10]) == len(SDP.splitlines()[10])
    for name in ("alice", "Alice", "10.0.0.5", "192.168.1.7", "Ab1+", "secret", "3801234567"):
        assert name not in new
    assert LEARNT[f"{w('Ab1')}+"] == f"{w('secretsecret')}/{w('secret')}"


def test_the_version_of_a_description_goes_up_as_it_did() -> None:
    again = SDP.replace("3801234568", "3801234569")
    versions = [int(texts.sdp(text, NAMES).split()[3]) for text in (SDP, again)]
    assert versions[1] == versions[0] + 1 and str(versions[0]) not in SDP
