"""SIP of one call by hand: who asks and says what, with which description."""

from __future__ import annotations

from dissectors.report import Call
from tests.made import Endpoint, Sent, report, sip

PROXY: Endpoint = ("192.0.2.9", 5060)
SDP = "Content-Type: application/sdp"
CALLER, CALLEE = "1", "2"


def described(host: str, port: int = 6000, payload_type: int = 0) -> bytes:
    return (
        f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio {port} RTP/AVP {payload_type}\r\n"
    ).encode()


OURS, THEIRS = described("192.0.2.1"), described("192.0.2.2")


def message(
    start: str, cseq: str, body: bytes = b"", *headers: str, tags: tuple[str, str] = (CALLER, CALLEE)
) -> bytes:
    """A message with these tags in From and To; an empty one is left out."""
    ours, theirs = (f";tag={tag}" if tag else "" for tag in tags)
    via = f"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK{cseq.replace(' ', '').replace('ACK', 'INVITE')}"
    common = [via, f"From: <sip:a@x>{ours}", f"To: <sip:b@x>{theirs}", "Call-ID: one", f"CSeq: {cseq}"]
    return sip(start, *common, *headers, *([SDP] if body else []), body=body)


def asks(
    method: str, number: int, body: bytes = b"", *headers: str, tags: tuple[str, str] = (CALLER, CALLEE)
) -> bytes:
    return message(f"{method} sip:b@x SIP/2.0", f"{number} {method}", body, *headers, tags=tags)


def says(
    status: int, number: int, body: bytes = b"", *headers: str, tags: tuple[str, str] = (CALLER, CALLEE),
    method: str = "INVITE",
) -> bytes:
    return message(f"SIP/2.0 {status} Said", f"{number} {method}", body, *headers, tags=tags)


def only(sent: list[Sent]) -> Call:
    (call,) = report(sent).calls
    return call


def negotiated(call: Call) -> list[tuple[str, str, int]]:
    return [(each.role, each.side, each.place.frame) for each in call.descriptions]


INVITE = asks("INVITE", 1, OURS, tags=(CALLER, ""))
