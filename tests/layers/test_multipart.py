"""Bodies of several parts as Scapy layers."""

from __future__ import annotations

import pytest
from scapy.all import Raw

from dissectors.layers import SDP, SIP, Multipart, SIPPart
from tests import made
from tests.layered import INVITE, OFFER, rebuilt

KIND = 'Content-Type: multipart/mixed; boundary="xx"'
BODY = (
    b"preamble\r\n--xx\r\nContent-Type: application/sdp\r\n\r\n" + OFFER
    + b"\r\n--xx \r\nContent-Type: text/plain\r\nX-Y: z\r\n\r\nhello\r\n--xx--\r\nepilogue"
)


def message(body: bytes) -> bytes:
    return made.sip("INVITE sip:a@b SIP/2.0", KIND, body=body)


def test_the_sdp_of_a_body_of_several_parts_is_found_and_can_be_changed() -> None:
    invite = SIP(message(BODY))
    assert invite[SDP].media[0].port == 16402 and bytes(invite[SDP]) == OFFER
    offer, text = invite[Multipart].parts
    assert (text.headers["X-Y"], text[Raw].load, SDP in offer) == ("z", b"hello", True)
    invite.clear_cache()
    assert bytes(invite) == message(BODY)
    invite[SDP].media[0].port = 5
    again = rebuilt(invite)
    assert again[SDP].media[0].port == 5 and again.headers["Content-Length"] == str(len(again.raw_body))
    assert again.body == BODY.replace(b"m=audio 16402 ", b"m=audio 5 ")
    assert again.message.parts[0].content_type == "application/sdp"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"--xx", b"--xx\r\n", b"x\n--xx--", b"--xx\n\nabc\n--xx \n--xx--", b"--xx\r\nno head", b"nothing",
        b"--xx\r\n\r\n\r\n--xx\r\n\r\n--xxx\r\n--xx--", b"--xx\r\n" * 100,
        b"--xx\r\nContent-Type: application/sdp\r\n\r\n",
    ],
)
def test_odd_bodies_come_back(body: bytes) -> None:
    invite = SIP(message(body))
    invite.clear_cache()
    assert bytes(invite) == message(body) and invite.show(dump=True) and invite.json()
    names = {each.__name__: each for each in (SIP, Multipart, SIPPart, SDP, Raw)}
    assert bytes(eval(invite.command(), names)) == message(body)


def test_a_crafted_body_of_several_parts_reads_back() -> None:
    crafted = SIP() / Multipart(parts=[SIPPart() / SDP(OFFER), SIPPart(headers={"Content-Type": "text/plain"}) / b"x"])
    again = rebuilt(crafted)
    assert [part.content_type for part in again.message.parts] == ["application/sdp", "text/plain"]
    assert bytes(again[SDP]) == OFFER
    assert SIP(INVITE).getlayer(Multipart) is None
