"""Secrets in messages: where they stand, in each form, and what is none."""

from __future__ import annotations

import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.wire.masking import GATES, concealed, masked, masked_text, masked_value, may_hide

SECRET = "Sec/ret+0123456789abcdefghijklmnopqrstuv="
HEXADECIMAL = "6629fae49393a05397450978507c4ef1"
DESCRIPTION = f"v=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{SECRET}|2^20|1:32\r\n"


@pytest.mark.parametrize(
    ("before", "secret", "behind"),
    [
        ("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:", SECRET, "|2^20|1:32\r\n"), ("v=0\r\nk=base64:", SECRET, "\r\n"),
        ("a=key-mgmt:mikey ", SECRET, "\r\n"), ("a=ice-pwd:", "asd88fgpdd777uzjYhagZg", "\r\na=mid:0"),
        ("<transport ufrag='a' pwd='", "x y", "'/>"),
        ('Authorization: Digest username="bob", nonce="n", response="', HEXADECIMAL, '", qop=auth'),
        ("Authorization: Digest response=", HEXADECIMAL, ","), ('Authentication-Info: rspauth="', HEXADECIMAL, '"'),
        ('WWW-Authenticate: Digest nonce="x", ck="', HEXADECIMAL, '"'),
        ("WWW-Authenticate: Digest ik = ", HEXADECIMAL, ","), ('WWW-Authenticate: Digest ck\t= "', HEXADECIMAL, '"'),
        ('x="1", ik \t="', HEXADECIMAL, '"'),
        ("Authorization: Basic ", "Ym9iOnNlY3JldA==", "\r\n"),
        ("Via: a\r\nProxy-Authorization: Bearer ", "aa.bb.cc", "\r\nTo: b"), ("X-Auth-Token: ", "abc def", "\r\n"),
        ("X-Api-Key: ", "abc def", "\r\n"), ("X-ApiKey: ", "abc", "\r\n"),
        ("Proxy-Authorization: x\r\nX: Basic\t", "Ym9iOnNlY3JldA==", "\r\n"),
        ("To: <sip:bob:", "pass;word", "@example.com>"), ('{"passwd": "', 's3\\"cr\\\\et', '", "x": 1}'),
        ('{"request": "join", "pin": "', "1234", '", "room": 7}'), ('{"admin_key":"', "k", '"}'),
        ('{"access_token":"', "aa.bb", '"}'), ('{"userPassword" : "', "ä", '"}'), ('{"icePwd":"', "abc", '"}'),
    ],
)
def test_a_secret_is_masked_at_its_length_and_nothing_else(before: str, secret: str, behind: str) -> None:
    size = len(secret.encode())
    for written in (before, before.upper(), before.lower()):
        assert masked((written + secret + behind).encode()).decode() == written + "*" * size + behind


def test_json_hides_secrets_in_its_texts_too() -> None:
    inner = {"password": 'a"b\\c', "sdp": DESCRIPTION, "user": "bob"}
    for value in ({"params": inner}, {"text": json.dumps(inner)}):
        octets = json.dumps(value).encode()
        hidden = masked(octets)
        assert len(hidden) == len(octets) and b"bob" in hidden and b"v=0" in hidden
        assert SECRET[4:].encode() not in hidden and b"a\\" not in hidden
        json.loads(hidden)


@pytest.mark.parametrize(
    "octets",
    [
        b"Contact: <sip:10.0.0.1:5060;transport=tcp>, <sip:bob@example.com:5060>", b'nonce="abcdef0123456789"',
        b"SIP/2.0 200 OK\r\nresponse: yes", b'{"passwd": 7, "tokens": [], "user": "x"}', b"a=ice-ufrag:abcd\r\n", b"",
        b'{"spin": "left", "ping": "pong", "pinned": "yes"}',
    ],
)
def test_what_is_no_secret_stays(octets: bytes) -> None:
    assert masked(octets) == octets and concealed(octets) == octets


@pytest.mark.parametrize("gate", GATES)
def test_whatever_stands_in_texts_with_a_secret_is_looked_for(gate: str) -> None:
    assert may_hide(f"v=0 {gate} 0") and not may_hide("v=0\r\na=rtpmap:0 PCMU/8000\r\n")


def test_texts_and_values_are_masked_as_octets_are() -> None:
    assert masked_text("a=ice-pwd:abc\udc80") == "a=ice-pwd:***\udc80"
    assert masked_value("<sip:bob:secret@h>") == "<sip:bob:******@h>" and masked_value("plain") == "plain"
    assert masked_value(f'Digest ik="{HEXADECIMAL}"') == f'Digest ik="{"*" * 32}"'
    for written in ("DIGEST CK=", "Digest ik =", "DIGEST CK\t= ", "Digest ik \t="):
        assert masked_value(written + HEXADECIMAL) == written + "*" * 32


def test_a_compressed_body_with_a_secret_is_masked_from_end_to_end() -> None:
    for label in (b"Content-Encoding: deflate\r\n", b"e: gzip\r\n", b""):
        head = b"INVITE sip:a SIP/2.0\r\n" + label + b"\r\n"
        body, plain = zlib.compress(DESCRIPTION.encode()), zlib.compress(b"v=0\r\nno secret at all\r\n")
        assert concealed(head + body) == head + b"*" * len(body)
        assert concealed(head + plain) == head + plain


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode()))
def test_any_octets_keep_their_length(octets: bytes) -> None:
    assert len(concealed(octets)) == len(octets) and masked(masked(octets)) == masked(octets)
