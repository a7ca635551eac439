"""Stories of requests and answers that were repeated, lost, or not acknowledged as they should be."""

from __future__ import annotations

from tests.finding_cases.plain import INVITE, Case, again
from tests.made import Endpoint
from tests.stories import ANSWER, A, B, C, Story, Told, dialled, message, request, response

PHONE = "sip:bob@203.0.113.2:16402"
CONTACT = f"Contact: <{PHONE}>"
PROXY: Endpoint = ("192.0.2.9", 5060)
LATER = (500, 1500, 3500, 7500)
"""Milliseconds after which what nobody answers is sent again."""


def repeated(told: Told, count: int = 4) -> Story:
    """A message and its repeats, in the rhythm of RFC 3261."""
    return [told, *again(told, *(told[0] + after for after in LATER[:count]))]


def onward(told: Told, src: Endpoint, dst: Endpoint, after: float = 1, branch: str = "") -> Told:
    """The same message on another hop, where a proxy has put its own Via on top."""
    octets = told[3].replace(b"Via:", f"Via: SIP/2.0/UDP {src[0]};branch=z9hG4bK{branch}\r\nVia:".encode(), 1)
    return told[0] + after, src, dst, octets if branch else told[3]


def answered(count: int, *headers: str, tag: str = "2") -> Story:
    """A call that is answered at 1000 ms; the answer is sent again so many times."""
    told = response(1000, 200, "OK", "INVITE", *(headers or (CONTACT,)), body=ANSWER, tag=tag)
    return [*dialled(ack=False)[:2], *repeated(told, count)]


def ack(
    time: float, uri: str = PHONE, *headers: str, number: int = 1, tag: str = "2", src: Endpoint = A, dst: Endpoint = B,
    branch: str = "ack",
) -> Told:
    """The caller's ACK."""
    octets = message(f"ACK {uri} SIP/2.0", number, "ACK", *headers, tag=tag, branch=branch)
    return time, src, dst, octets


def acks(*args: str, count: int = 4, **changes: object) -> Story:
    """An ACK to each answer of `answered`."""
    return [ack(1020 + after, *args, **changes) for after in (0, *LATER[:count])]  # type: ignore[arg-type]


def reliable(time: float, rseq: int = 1, status: int = 183, tag: str = "2") -> Told:
    """A provisional response that asks for a PRACK."""
    return response(time, status, "Session Progress", "INVITE", "Require: 100rel", f"RSeq: {rseq}", tag=tag)


def prack(time: float, rack: str = "1 1 INVITE", number: int = 2, tag: str = "2") -> Told:
    return request(time, "PRACK", f"RAck: {rack}", number=number, tag=tag)


def accepted(time: float, number: int = 2, status: int = 200, tag: str = "2") -> Told:
    return response(time, status, "OK", "PRACK", number=number, tag=tag)


REFUSED = response(40_000, 500, "Server Internal Error")
RINGING = [INVITE, *repeated(reliable(200))]

CASES: dict[str, Case] = {
    "ack-mismatch": (
        [*answered(4), *acks("sip:bob@192.0.2.9")],
        # The other side took it.
        [*answered(0), ack(1020, "sip:bob@192.0.2.9"), (40_000, C, A, b"\xff" * 20)],
    ),
    "prack-missing": ([*RINGING, REFUSED], [INVITE, reliable(200), prack(220), accepted(240), REFUSED]),
    "prack-ignored": (
        [*RINGING, prack(220), accepted(240), REFUSED],
        [*RINGING[:3], prack(800), accepted(820), REFUSED],
    ),
}
