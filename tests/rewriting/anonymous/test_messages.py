"""Datagrams under other names, protocol by protocol."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.protocols import sip
from dissectors.rewriting.anonymous.messages import WRITERS, Anonymiser, Wanted
from dissectors.rewriting.anonymous.pseudonyms import Pseudonyms
from dissectors.wire.inflate import deflate
from tests.stories import OFFER, receiver_report, request

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


def test_media_become_silence_or_random_octets() -> None:
    payload = bytes.fromhex("800000070000000000000abc") + b"s" * 160
    assert made("RTP", payload) == payload[:12] + b"\xff" * 160
    sealed = made("RTP", payload, True)
    assert sealed[:12] == payload[:12] and len(set(sealed[12:])) > 20 and len(sealed) == len(payload)


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
