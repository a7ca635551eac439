"""Stories of forked calls, and of keys that come by two ways."""

from __future__ import annotations

import struct

from tests.finding_cases.plain import Case
from tests.made import Endpoint
from tests.stories import OFFER, A, B, C, Story, description, dialled, hung_up, request, response, rtp, talk

OTHER: Endpoint = (C[0], 18_000)


def forked(accepted: Endpoint = B) -> Story:
    """Two phones describe themselves, and the first one is accepted."""
    return [
        request(0, "INVITE", body=OFFER),
        response(200, 183, "Session Progress", body=description(*accepted)),
        response(210, 183, "Session Progress", body=description(*OTHER), tag="3"),
        response(1000, 200, "OK", body=description(*accepted)),
        request(1010, "ACK", tag="2"),
        *talk(),
        *talk(accepted, A, 78),
    ]


EVENTS = [f"a=rtpmap:{number} {name}/8000" for number, name in ((0, "PCMU"), (101, "telephone-event"))]


def keys(*pressed: int, late: float = 100) -> Story:
    """The caller presses keys, a second apart, by RTP and, so much later, by INFO."""
    ends = [description(*end, *EVENTS, media="RTP/AVP 0 101") for end in (A, B)]
    story = [*dialled(*ends), *talk(seconds=1.9), *talk(B, A, 78)]
    for n, digit in enumerate(pressed):
        start = 3000 + 1000 * n
        story += [
            (start + 20 * k, A, B,
             rtp(200 + 10 * n + k, 77, 101, 32_000 + 8000 * n, struct.pack("!BBH", digit, (k > 4) << 7 | 10, 160 * k)))
            for k in range(1, 8)
        ]
        told = f"Signal={digit}\r\nDuration=160".encode()
        story += [
            request(start + late, "INFO", "Content-Type: application/dtmf-relay", body=told, number=2 + n, tag="2"),
            response(start + late + 20, 200, "OK", "INFO", number=2 + n),
        ]
    return [*story, *hung_up(20_000)]


CASES: dict[str, Case] = {
    "fork-still-sends": (
        [*forked(), *talk(OTHER, A, 79, start=400, seconds=10), *hung_up()],
        [*forked(), *talk(OTHER, A, 79, start=400, seconds=0.6), *hung_up()],
    ),
    "digits-twice": (keys(1, 2, 3), keys(1, 2, 3, late=8000)),
}
