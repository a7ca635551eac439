"""RTCP under other names: names, reasons, and what may be anything."""

from __future__ import annotations

import pytest

from dissectors.protocols import rtcp
from tests.rewriting.anonymous.test_messages import made, w
from tests.stories import receiver_report, sender_report


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
