"""SIP under other names: what the protocol means stays, and nothing else."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from dissectors.rewriting.anonymous import texts
from dissectors.rewriting.anonymous.pseudonyms import Pseudonyms
from dissectors.rewriting.anonymous.texts import Names

KEY = Pseudonyms(b"one key")
NAMES = Names(KEY, lambda octets: bytes(len(octets)), False, lambda *_: None)
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


UNIQUE = "ab30317f-1a78-4dc4-8ff8-24d0d3715d86"


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("Session-ID", f"{UNIQUE.replace('-', '')};remote={'0' * 32}",
         f"{w(UNIQUE.replace('-', ''))};remote={'0' * 32}"),
        ("Warning", '399 host "to alice"', f'399 {w("host")} "{w("to")} {w("alice")}"'),
        ("Date", "Sun, 29 Nov 2026 19:00:00 GMT", "Sun, 29 Nov 2026 19:00:00 GMT"),
        ("Date", "dinner at 8", f"{w('dinner')} {w('at')} {w('8')}"),
        ("Accept-Contact", '*;+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel"',
         '*;+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel"'),
        ("Refer-To", "<sip:carol@h?Replaces=second-call%40host%3Bto-tag%3Dab%3Bfrom-tag%3Dcd>",
         f"<sip:{w('carol')}@{w('h')}?Replaces={w('second')}-{w('call')}%40{w('host')}%3Bto-tag%3D{w('ab')}"
         f"%3Bfrom-tag%3D{w('cd')}>"),
        ("Replaces", "second-call@host;to-tag=ab;from-tag=cd;early-only",
         f"{w('second')}-{w('call')}@{w('host')};to-tag={w('ab')};from-tag={w('cd')};early-only"),
        ("Security-Verify", "ipsec-3gpp; alg=hmac-sha-1-96; spi-c=12; port-c=8642",
         f"ipsec-3gpp; alg=hmac-sha-1-96; spi-c={w('12')}; port-c=8642"),
        ("P-Access-Network-Info", "3GPP-E-UTRAN-FDD; utran-cell-id-3gpp=26ab; network-provided",
         f"3GPP-E-UTRAN-FDD; utran-cell-id-3gpp={w('26ab')}; network-provided"),
        ("Identity", "ab.cd;info=<https://h/x>;alg=ES256;ppt=shaken",
         f"{w('ab')}.{w('cd')};info=<https://{w('h')}/{w('x')}>;alg=ES256;ppt=shaken"),
        ("User-to-User", "7a71;encoding=hex;purpose=isdn-uui", f"{w('7a71')};encoding=hex;purpose=isdn-uui"),
        ("Resource-Priority", "ets.0, alice.1", f"ets.0, {w('alice')}.1"),
        ("To", "<sip:%C3%BC%41b@h>", None),
        ("Call-ID", "[2001:db8::1]-abc", f"[{KEY.written_address('2001:db8::1')}]-{w('abc')}"),
    ],
)
def test_a_header_keeps_its_grammar_and_names_nobody(name: str, before: str, after: str | None) -> None:
    new = texts.header(name, before, NAMES)
    if after is None:
        first, second, last = w("üAb")
        after = f"<sip:{''.join(f'%{octet:02X}' for octet in first.encode())}%{ord(second):02X}{last}@{w('h')}>"
    assert new == after


def test_a_call_is_named_alike_in_its_messages_and_in_what_replaces_it() -> None:
    for call in ("a-b.c@10.0.0.5", "x%y@h", "[2001:db8::1]", "f81d4fae7dec11d0a76500a0c91e6bf6@h", UNIQUE):
        one = texts.header("Call-ID", call, NAMES)
        escaped = "".join(each if each.isalnum() else f"%{ord(each):02X}" for each in call)
        other = texts.header("Refer-To", f"<sip:b@c?Replaces={escaped}%3Bto-tag%3D1>", NAMES)
        assert texts.header("Replaces", f"{call};to-tag=1", NAMES).startswith(one + ";")
        told = other.partition("Replaces=")[2].partition("%3Bto-tag")[0]
        assert unquote(told) == one


@pytest.mark.parametrize("text", ["%" + "25" * 9000 + "41", "?to=" * 9000, "?to=%3Fto%3D" * 3000, "a." * 30_000 + "%"])
def test_a_text_that_means_ill_is_changed_at_once(text: str) -> None:
    new = texts.header("To", text, NAMES)
    assert len(new) == len(text) and new.count("%") == text.count("%")


def test_what_was_bare_beside_escaped_octets_stays_so() -> None:
    new = texts.header("To", "<sip:üa%40b@h>", NAMES)
    assert new == f"<sip:{w('üa')}%40{w('b')}@{w('h')}>"


def test_addresses_within_addresses_are_changed_a_few_times() -> None:
    text = "<sip:a@b?To=%3Csip%3Aalice@h%3FTo%3D%253Csip%253Aalice@h%253E%3E>"
    new = texts.header("To", text, NAMES)
    assert "alice" not in new and new.count(w("alice")) == 2 and new.count("To") == 2
