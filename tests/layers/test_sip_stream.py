"""SIP over TCP in Scapy, put together by its session."""

from __future__ import annotations

import pytest
from scapy.all import IP, TCP, Ether, Packet, Raw, TCPSession, sniff

from dissectors.layers import SDP, SIP, SIPStream, bind
from tests.layered import INVITE

OPTIONS = bytes(SIP(method="OPTIONS", headers={"Call-ID": "one"}))
MESSAGE = bytes(SIP(method="MESSAGE", headers={"Call-ID": "two", "Content-Type": "text/plain"}, body=b"hello"))
STREAM = OPTIONS + b"\r\n\r\n" + MESSAGE + INVITE + OPTIONS


def segment(octets: bytes, at: int = 0) -> Packet:
    tcp = IP(src="192.0.2.1", dst="192.0.2.2") / TCP(sport=5060, dport=40_000, seq=1000 + at, flags="PA")
    return Ether(bytes(Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / tcp / Raw(octets)))


def messages(*segments: Packet) -> list[SIP]:
    with bind(tcp=5060):
        packets = sniff(offline=list(segments), session=TCPSession)
    return [layer for packet in packets for layer in packet.iterpayloads() if isinstance(layer, SIP)]


@pytest.mark.parametrize("size", [1, 7, 100, 250, 4000])
def test_messages_are_put_together_and_taken_apart_however_they_are_cut(size: int) -> None:
    cuts = range(0, len(STREAM), size)
    found = messages(*(segment(STREAM[at : at + size], at) for at in cuts))
    assert [message.method for message in found] == ["OPTIONS", "MESSAGE", "INVITE", "OPTIONS"]
    assert [message.body[:5] for message in found] == [b"", b"hello", b"v=0\r\n", b""]
    assert found[2][SDP].media


def test_messages_in_one_segment_keep_their_octets_and_their_bodies() -> None:
    first = SIP(OPTIONS)
    for octets in (b"\r\n\r\n" + MESSAGE, INVITE, OPTIONS):
        first.add_payload(SIP(octets))
    first.clear_cache()
    assert bytes(first) == STREAM and first.body == b"" and first.raw_body == b""
    first.body = b"new"
    assert bytes(first) == OPTIONS.replace(b"h: 0\r\n\r\n", b"h: 3\r\n\r\nnew") + STREAM[len(OPTIONS) :]


def test_a_port_of_sip_without_a_session_and_what_is_no_sip() -> None:
    with bind(tcp=(5060, 5061)):
        assert segment(INVITE)[SIP].method == "INVITE"
        assert type(segment(b"\x16\x03\x01\0\5hello")[TCP].payload) is Raw
    assert messages(segment(b"\x16\x03\x01\0\5hello")) == []
    assert SIP not in segment(INVITE) and SIPStream.tcp_reassemble(b"\r\n", {}, {}) is None
    assert ((TCP() / SIP()).dport, (TCP() / SIP()).sport) == (5060, 5060)
