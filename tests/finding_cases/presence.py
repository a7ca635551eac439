"""Stories about media by side and moment: moved ports, other ports, hold that does not end."""

from __future__ import annotations

from tests.finding_cases.plain import Case
from tests.made import Endpoint
from tests.stories import ANSWER, A, B, Story, description, dialled, hung_up, request, response, talk

MOVED: Endpoint = (A[0], 20_000)
OTHER: Endpoint = (A[0], 20_002)
ELSEWHERE: Endpoint = ("203.0.113.99", 20_111)
STRANGER: Endpoint = ("203.0.113.77", 33_333)
RANDOM = 0x12345678
"""An SSRC by which a stream is known elsewhere."""


def version(number: int, end: Endpoint = A, *lines: str) -> bytes:
    """A description of this version."""
    return description(*end, *lines).replace(b"o=- 1 1", f"o=- 1 {number}".encode())


def reinvite(time: float, offer: bytes, answer: bytes, number: int) -> Story:
    """A re-INVITE of the caller that is accepted."""
    return [
        request(time, "INVITE", number=number, tag="2", body=offer),
        response(time + 20, 200, "OK", number=number, body=answer),
        request(time + 30, "ACK", number=number, tag="2"),
    ]


def held_until(time: float, offer: bytes, answer: bytes) -> Story:
    """The caller holds from 3 s on and ends that with these descriptions."""
    hold = reinvite(3000, version(2, A, "a=sendonly"), version(2, B, "a=recvonly"), 2)
    return [*dialled(), *hold, *reinvite(time, offer, answer, 3)]


MOVING = [*talk(ssrc=RANDOM, seconds=4), *talk(ELSEWHERE, B, RANDOM, start=5020, seconds=6, first=300)]
HELD_TALK = [*talk(seconds=28), *talk(B, A, 78, seconds=2)]
MOVE = reinvite(3000, version(2, MOVED), version(2, B), 2)

CASES: dict[str, Case] = {
    "media-to-old-port": (
        [*dialled(), *talk(seconds=2), *talk(MOVED, B, start=3100, first=500), *talk(B, A, 78), *MOVE, *hung_up()],
        [
            *dialled(),
            *talk(seconds=2),
            *talk(MOVED, B, start=3100, first=500),
            *talk(B, A, 78, seconds=3),
            *talk(B, MOVED, 78, start=4020, first=250),
            *MOVE,
            *hung_up(),
        ],
    ),
    "media-source-moved": (
        [*dialled(), *MOVING, *talk(B, A, 78), *hung_up()],
        [
            *dialled(), *MOVING, *talk(B, A, 78, seconds=4.2),
            *talk(B, ELSEWHERE, 78, start=5220, seconds=5.8, first=310), *hung_up(),
        ],
    ),
    "media-diverted": (
        [
            *dialled(), *talk(), *talk(STRANGER, B, 99, start=5000, seconds=6),
            *talk(B, A, 78, seconds=4), *talk(B, STRANGER, 78, start=5020, seconds=5.9, first=300), *hung_up(),
        ],
        [*dialled(), *talk(), *talk(STRANGER, B, 99, start=5000, seconds=6), *talk(B, A, 78), *hung_up()],
    ),
    "media-from-other-port": (
        [*dialled(), *talk(OTHER, B), *talk(B, A, 78), *hung_up()],
        [*dialled(), *talk(OTHER, B), *talk(B, OTHER, 78), *hung_up()],
    ),
    "sdp-changed-silently": (
        [*dialled(), response(1500, 200, "OK", body=description(B[0], 30_000))],
        [*dialled(), *reinvite(3000, version(2, MOVED), ANSWER, 2)],
    ),
    "hold-not-released": (
        [*held_until(9000, version(3, A, "a=recvonly"), version(3, B, "a=sendonly")), *HELD_TALK, *hung_up(30_000)],
        [*held_until(9000, version(3), version(3, B)), *HELD_TALK, *hung_up(30_000)],
    ),
    "media-not-resumed": (
        [*held_until(9000, version(3), version(3, B)), *HELD_TALK, *hung_up(30_000)],
        [
            *held_until(9000, version(3), version(3, B)),
            *HELD_TALK,
            *talk(B, A, 78, start=9100, seconds=20, first=500),
            *hung_up(30_000),
        ],
    ),
}
