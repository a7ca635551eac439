"""Stories of one call in two legs, through a B2BUA."""

from __future__ import annotations

from tests.finding_cases.plain import Case
from tests.made import Endpoint
from tests.stories import SERVER, A, B, Story, Told, description, request, response

PCMU, PCMA = "RTP/AVP 0", "RTP/AVP 8"


def through(told: Told, caller: Endpoint, callee: Endpoint) -> Told:
    """The same message between other endpoints."""
    time, src, _, octets = told
    return (time, caller, callee, octets) if src == A else (time, callee, caller, octets)


def leg(
    name: str, caller: Endpoint, callee: Endpoint, *headers: str, start: float = 0, codec: str = PCMU,
    port: int = 4000, end: float = 11_000,
) -> Story:
    """One leg: dialled, answered and hung up, between these two."""
    said = [
        request(start, "INVITE", *headers, body=description(caller[0], port, media=codec), call=name),
        response(start + 1000, 200, "OK", body=description(callee[0], port + 2, media=codec), call=name),
        request(start + 1010, "ACK", tag="2", call=name),
        request(end, "BYE", number=2, tag="2", call=name),
        response(end + 20, 200, "OK", "BYE", number=2, call=name),
    ]
    return [through(each, caller, callee) for each in said]


NEAR, FAR = leg("near", A, SERVER), leg("far", SERVER, B, start=10)

CASES: dict[str, Case] = {
    "legs-differ": ([*NEAR, *leg("far", SERVER, B, start=10, codec=PCMA)], [*NEAR, *FAR]),
}
