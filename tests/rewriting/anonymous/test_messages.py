"""Datagrams under other names, protocol by protocol."""

from __future__ import annotations

import zlib
from hashlib import sha1
from hmac import digest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.protocols import rtcp, sip, stun
from dissectors.rewriting.anonymous.messages import WRITERS, Anonymiser, Wanted
from dissectors.rewriting.anonymous.pseudonyms import Pseudonyms
from dissectors.wire.inflate import deflate
from tests.stories import OFFER, address, attribute, receiver_report, request, sender_report
from tests.stories import stun as message

KEY = Pseudonyms(b"one key")
w = KEY.word


def made(protocol: str, payload: bytes, encrypted: bool = False, *, anonymiser: Anonymiser | None = None) -> bytes:
    new = (anonymiser or Anonymiser(KEY, Wanted())).datagram(protocol, payload, encrypted)
    assert new is not None
    return new


@pytest.mark.parametrize("encoding", ["deflate", "gzip", "deflate, base64"])
def test_a_compressed_body_is_inflated_changed_and_compressed_again(encoding: str) -> None:
    payload = request(0, "INVITE", f"Content-Encoding: {encoding}", body=deflate(OFFER, encoding))[3]
    before, after = sip.parse(payload), sip.parse(made("SIP", payload))
    assert after.body.encoding == before.body.encoding and after.body.status == "complete"
    assert b"198.51.100.1" not in after.body.octets and b"m=audio 16402 RTP/AVP 0" in after.body.octets
    assert not after.deviations and after.cseq == before.cseq and after.call_id == w("one")


@pytest.mark.parametrize("line", [b'From\xc7 "arik" <sip:381977@example.com>', b"Hia\xa8 SIP/2.0/UDP 192.168.1.2:5060"])
def test_of_a_header_with_a_damaged_name_nothing_can_be_read(line: bytes) -> None:
    payload = request(0, "OPTIONS")[3].replace(b"CSeq:", line + b"\r\nCSeq:")
    after = made("SIP", payload)
    assert not any(word in after for word in (b"arik", b"381977", b"192.168.1.2"))
    assert sip.parse(after).cseq == sip.parse(payload).cseq


@pytest.mark.parametrize("behind", [b"alice was here", b"alice \xff\xfe\x80 was here"])
def test_what_stands_behind_a_message_names_nobody(behind: bytes) -> None:
    payload = request(0, "INVITE", body=OFFER)[3]
    after = made("SIP", payload + behind)
    trailing = sip.parse(after).trailing
    assert len(trailing) == len(behind) and b"alice" not in after and b"here" not in after


def test_what_is_no_text_stays_none() -> None:
    line = b"Subject: M\xfcller"
    before = sip.parse(request(0, "OPTIONS", "Subject: x")[3].replace(b"Subject: x", line))
    after = sip.parse(made("SIP", request(0, "OPTIONS", "Subject: x")[3].replace(b"Subject: x", line)))
    assert before.deviations and after.deviations == before.deviations and b"ller" not in after.octets


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


def test_media_become_silence_or_random_octets() -> None:
    payload = bytes.fromhex("800000070000000000000abc") + b"s" * 160
    assert made("RTP", payload) == payload[:12] + b"\xff" * 160
    sealed = made("RTP", payload, True)
    assert sealed[:12] == payload[:12] and len(set(sealed[12:])) > 20 and len(sealed) == len(payload)


def test_names_in_rtcp_are_those_of_sdp() -> None:
    cname = b"\x01\x0aalice@host"
    sdes = b"\x81\xca\x00\x04" + (77).to_bytes(4, "big") + cname
    payload = sender_report(0, 77)[3] + sdes
    after = made("RTCP", payload)
    assert len(after) == len(payload) and f"{w('alice')}@{w('host')}".encode() in after
    rtcp.parse(after)
    assert made("RTCP", receiver_report(0, 77)[3]) == receiver_report(0, 77)[3]


def test_a_reason_of_bye_changes() -> None:
    payload = receiver_report(0, 77)[3] + b"\x81\xcb\x00\x03" + (77).to_bytes(4, "big") + b"\x07bye bob"
    assert b"bob" not in made("RTCP", payload) and len(made("RTCP", payload)) == len(payload)


def test_what_turn_carries_changes_too() -> None:
    inner = receiver_report(0, 77)[3] + b"\x81\xcb\x00\x03" + (77).to_bytes(4, "big") + b"\x07bye bob"
    payload = b"\x40\x00" + len(inner).to_bytes(2, "big") + inner
    after = made("TURN", payload)
    assert after[:4] == payload[:4] and b"bob" not in after


@pytest.mark.parametrize("payload", [b"\r\n\r\n", b"\0"])
def test_what_keeps_a_port_open_stays(payload: bytes) -> None:
    assert made("UNKNOWN", payload) == payload


@given(st.binary(max_size=200), st.sampled_from(sorted(WRITERS)), st.booleans())
def test_anything_is_rewritten_or_not_understood(payload: bytes, protocol: str, encrypted: bool) -> None:
    new = Anonymiser(KEY, Wanted(agents=True)).datagram(protocol, payload, encrypted)
    assert new is None or isinstance(new, bytes)


def test_what_follows_in_encrypted_rtcp_is_no_packet_for_those_without_keys() -> None:
    for number in range(64):
        payload = b"\x80\xc9\0\1" + bytes((number,)) * 4 + bytes(range(40)) + b"\x80\0\0\7" + bytes(10)
        after = made("RTCP", payload, True)
        assert (after[:8], after[-14:-10], len(after)) == (payload[:8], b"\x80\0\0\7", len(payload)) and after[8] < 0x40
        assert after[9] < 0x80


@pytest.mark.parametrize(
    ("packet", "kept"),
    [
        (b"\x80\xc8\0\x08" + bytes(24) + b"alicebob", 28), (b"\x80\xc9\0\x03" + bytes(4) + b"alicebob", 8),
        (b"\x8f\xce\0\x04" + bytes(8) + b"alicebob", 12),
        (b"\x80\xcf\0\x04" + bytes(4) + b"\xc8\0\0\x02alicebob", 12),
        (b"\x80\xcc\0\x03" + bytes(4) + b"aliceBob", 8), (b"\x80\xcc\0\x02" + bytes(4) + b"PoC1", 12),
        (b"\x8f\xce\0\x04" + bytes(8) + b"REMBabcd", 20),
        (b"\x80\xcf\0\x03" + bytes(4) + b"\x04\0\0\x01abcd", 16),
        (b"\x81\xce\0\x02" + bytes(8), 12), (b"\x80\xc9\0\x01" + bytes(4), 8),
    ],
)
def test_extensions_of_rtcp_name_nobody(packet: bytes, kept: int) -> None:
    new = made("RTCP", packet)
    assert len(new) == len(packet) and new[:kept] == packet[:kept]
    assert kept == len(packet) or new[kept : kept + 4] != packet[kept : kept + 4]


def test_padding_of_rtcp_says_how_much_it_is() -> None:
    new = made("RTCP", b"\xa0\xcc\0\x05" + bytes(4) + b"appsdatadata\1\2\3\x04")
    assert len(new) == 24 and new[-4:] == b"\0\0\0\x04" and new[8:12] != b"apps"
