"""STUN under other names: addresses, users, seals and fingerprints."""

from __future__ import annotations

import zlib
from hashlib import sha1
from hmac import digest

import pytest

from dissectors.protocols import stun
from dissectors.rewriting.anonymous.messages import Anonymiser, Wanted
from tests.rewriting.anonymous.test_messages import KEY, made, w
from tests.stories import OFFER, address, attribute, request
from tests.stories import stun as message


def test_stun_has_other_addresses_plain_and_xored_and_a_new_fingerprint() -> None:
    mapped = b"\0\1\x40\x12" + bytes((192, 0, 2, 9))
    plain = message(0, 0x0101, address(0x0020, "192.0.2.9", 16402), attribute(0x0001, mapped))[3]
    covered = plain[:2] + (len(plain) - 20 + 8).to_bytes(2, "big") + plain[4:]
    payload = covered + attribute(0x8028, (zlib.crc32(covered) ^ 0x5354554E).to_bytes(4, "big"))
    after = stun.parse(made("STUN", payload))
    host = KEY.written_address("192.0.2.9")
    assert str(after.mapped_address) == f"{host}:16402" and after.fingerprint_ok
    assert bytes((192, 0, 2, 9)) not in made("STUN", payload)


def test_stun_is_sealed_with_the_password_that_sdp_told() -> None:
    anonymiser = Anonymiser(KEY, Wanted())
    body = OFFER + b"a=ice-ufrag:them\r\na=ice-pwd:passwordofthem1234567\r\n"
    made("SIP", request(0, "INVITE", body=body)[3], anonymiser=anonymiser)
    payload = message(0, 1, attribute(6, b"them:us"), attribute(8, bytes(20)))[3]
    after = made("STUN", payload, anonymiser=anonymiser)
    assert f"{w('them')}:{w('us')}".encode() in after
    password = w("passwordofthem1234567").encode()
    assert after[-20:] == digest(password, after[:-24], sha1)


@pytest.mark.parametrize("kind", [0x0101, 0x0111])
def test_a_response_is_sealed_as_the_request_of_its_transaction_is(kind: int) -> None:
    anonymiser = Anonymiser(KEY, Wanted())
    body = OFFER + b"a=ice-ufrag:them\r\na=ice-pwd:passwordofthem1234567\r\n"
    made("SIP", request(0, "INVITE", body=body)[3], anonymiser=anonymiser)
    asked = message(0, 1, attribute(6, b"them:us"), attribute(8, bytes(20)))[3]
    made("STUN", asked, anonymiser=anonymiser)
    answer = kind.to_bytes(2, "big") + b"\0\x18" + asked[4:20] + attribute(8, bytes(20))
    after = made("STUN", answer, anonymiser=anonymiser)
    assert after[-20:] == digest(w("passwordofthem1234567").encode(), after[:-24], sha1)
    other = made("STUN", answer[:19] + b"\xee" + answer[20:], anonymiser=anonymiser)
    assert other[-20:] != digest(w("passwordofthem1234567").encode(), other[:-24], sha1)


def test_a_name_that_is_no_text_keeps_its_length() -> None:
    payload = message(0, 1, attribute(6, b"\xe4" * 40_000))[3]
    after = made("STUN", payload)
    assert len(after) == len(payload) and b"\xe4" * 8 not in after


def test_an_attribute_that_does_not_fit_keeps_its_header_alone() -> None:
    payload = message(0, 1, attribute(6, b"alicewonder!"))[3]
    broken = payload[:-14] + b"\xff\xff" + payload[-12:]
    after = made("STUN", broken)
    assert after[:24] == broken[:24] and len(after) == len(broken) and b"alice" not in after
