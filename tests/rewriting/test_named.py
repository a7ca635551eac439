"""Addresses that name an endpoint whose ports moved."""

from __future__ import annotations

import pytest

from dissectors.protocols.sip import parse_all
from dissectors.protocols.stun_integrity import fingerprint_of
from dissectors.rewriting import messages, named
from dissectors.wire.inflate import LIMITS
from tests.made import sip
from tests.stories import address, attribute
from tests.stories import stun as message


def moved(host: str, port: int) -> int | None:
    return 5060 if (host, port) in {("192.0.2.1", 16402), ("2001:db8::1", 16402)} else None


def written(*headers: str, start: str = "INVITE sip:b@192.0.2.1:16402 SIP/2.0", body: bytes = b"") -> str:
    payload = sip(start, *headers, body=body)
    return messages.in_turn(of_heads=named.in_sip(moved))(payload, parse_all(payload), LIMITS)[0].decode()


VIA = "Via: SIP/2.0/UDP 192.0.2.1:16402;branch=z9hG4bK1"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Contact: <sip:a@192.0.2.1:16402>", "Contact: <sip:a@192.0.2.1:5060>"),
        ("Contact: <sip:a@[2001:DB8::1]:16402>", "Contact: <sip:a@[2001:DB8::1]:5060>"),
        ("m: <sip:a@192.0.2.1:16402;transport=udp>", "m: <sip:a@192.0.2.1:5060;transport=udp>"),
        ("Contact: <sip:a@192.0.2.1:16402;transport=tcp>", None),
        ("Contact: <sip:a@192.0.2.1:16403>", None),
        ("Contact: <sip:a@192.0.2.1>", None),
        ("X-Other: 192.0.2.1:16402", None),
        ("Call-ID: 7@192.0.2.1:16402", None),
        ("Via: SIP/2.0/UDP 10.0.0.1:9;received=192.0.2.1;rport=16402",
         "Via: SIP/2.0/UDP 10.0.0.1:9;received=192.0.2.1;rport=5060"),
        ("Via: SIP/2.0/UDP 192.0.2.1:16402;rport=16402, SIP/2.0/UDP x.y:1;rport",
         "Via: SIP/2.0/UDP 192.0.2.1:5060;rport=5060, SIP/2.0/UDP x.y:1;rport"),
    ],
)
def test_addresses_of_sip_follow(before: str, after: str | None) -> None:
    text = written(VIA, before)
    assert text.startswith("INVITE sip:b@192.0.2.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1\r\n")
    assert f"\r\n{after or before}\r\n" in text


def test_a_message_over_another_transport_stays() -> None:
    assert "INVITE sip:b@192.0.2.1:16402 " in written(VIA.replace("UDP", "TCP"))


def test_a_length_that_is_wrong_stays_wrong() -> None:
    assert "Content-Length: 9\r\n" in written(VIA, "Content-Length: 9", body=b"abc")


def test_addresses_of_stun_follow_and_its_fingerprint() -> None:
    inner = (address(0x0020, "192.0.2.1", 16402), address(0x0016, "192.0.2.1", 16402))
    other = address(0x0020, "192.0.2.7", 16402)
    payload = message(0, 0x0101, *inner, other, attribute(0x8028, bytes(4)))[3]
    payload = payload[:-4] + fingerprint_of(payload[:-8])
    new = named.in_stun(payload, moved)
    assert new[20:56] == address(0x0020, "192.0.2.1", 5060) + inner[1] + other
    assert new[-4:] == fingerprint_of(new[:-8]) and len(new) == len(payload)
    assert named.in_stun(payload, lambda host, port: None) == payload


@pytest.mark.parametrize("payload", [b"", b"\0\1", message(0, 1, address(0x0020, "192.0.2.1", 16402))[3][:-1]])
def test_what_is_no_whole_message_stays(payload: bytes) -> None:
    assert named.in_stun(payload, moved) == payload


def test_a_fingerprint_that_is_wrong_stays_wrong() -> None:
    payload = message(0, 0x0101, address(0x0020, "192.0.2.1", 16402), attribute(0x8028, b"none"))[3]
    assert named.in_stun(payload, moved).endswith(b"none") and named.in_stun(payload, moved) != payload
