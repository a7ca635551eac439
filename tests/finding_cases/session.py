"""Stories of sessions without SIP: relays, credentials, consent, handshakes."""

from __future__ import annotations

import struct

from tests.finding_cases.plain import NOTHING, Case
from tests.made import Endpoint, channel_data
from tests.stories import (
    CONTROLLING,
    NOMINATED,
    OTHER_SERVER,
    SERVER,
    A,
    B,
    Story,
    address,
    agreed,
    asked,
    attribute,
    description,
    error,
    hello,
    mapped,
    record,
    relayed,
    talk,
)

CREDENTIALS = attribute(0x0006, b"self")
SUCCESS = 0x0101
SECOND = 1000


def user(receiver: str, sender: str) -> bytes:
    """USERNAME of ICE."""
    return attribute(0x0006, f"{receiver}:{sender}".encode())


OURS, THEIRS = user("BBBB", "AAAA"), user("AAAA", "BBBB")


def lifetime(seconds: int) -> bytes:
    return attribute(0x000D, struct.pack(">I", seconds))


def peer(host: str, port: int = 0) -> bytes:
    return address(0x0012, host, port)


def challenge(time: float, src: Endpoint = A, dst: Endpoint = SERVER) -> Story:
    """An Allocate without credentials, and its 401."""
    return asked(time, kind=3, src=src, dst=dst, answer=(0x0113, error(401)))


def allocate(time: float, answer: tuple[int, bytes] | None, src: Endpoint = A, dst: Endpoint = SERVER) -> Story:
    """An Allocate with credentials."""
    return asked(time, CREDENTIALS, kind=3, src=src, dst=dst, answer=answer)


def given(seconds: int = 600) -> tuple[int, bytes]:
    return 0x0103, relayed(*OTHER_SERVER) + lifetime(seconds)


def refresh(time: float, code: int = 0, seconds: int = 600) -> Story:
    """A Refresh and its answer: success, or an error of that code."""
    answer = (0x0114, error(code)) if code else (0x0104, lifetime(seconds))
    return asked(time, CREDENTIALS, lifetime(seconds), kind=4, dst=SERVER, answer=answer)


def channel(time: float, code: int = 0, there: Endpoint = B) -> Story:
    """A ChannelBind for a peer."""
    number = attribute(0x000C, struct.pack(">HH", 0x4000, 0))
    answer = (0x0119, error(code)) if code else (0x0109, b"")
    return asked(time, CREDENTIALS, number, peer(*there), kind=9, dst=SERVER, answer=answer)


def permission(time: float, code: int = 0, host: str = B[0]) -> Story:
    answer = (0x0118, error(code)) if code else (0x0108, b"")
    return asked(time, CREDENTIALS, peer(host), kind=8, dst=SERVER, answer=answer)


def relay(start: float, seconds: float, ssrc: int = 77, back: bool = False) -> Story:
    """Media over the relay: five packets a second to the server, or from it."""
    src, dst = (SERVER, A) if back else (A, SERVER)
    told = talk(src, dst, ssrc, start=start, seconds=seconds, every=200, step=1600)
    return [(time, one, other, channel_data(payload)) for time, one, other, payload in told]


def relayed_call(until: float, back_until: float, *others: Story) -> Story:
    """A relay for 600 s with media in both directions."""
    told = [*challenge(0), *allocate(50, given()), *channel(100)]
    told += [*relay(300, until), *relay(300, back_until, 78, back=True)]
    return [*told, *(one for other in others for one in other)]


def checks(
    first: float, count: int, every: float = 2500, *, name: bytes = OURS, src: Endpoint = A, dst: Endpoint = B,
    answer: tuple[int, bytes] | None = (SUCCESS, mapped(*A)), role: bytes = CONTROLLING, nominates: bool = True,
) -> Story:
    """Connectivity checks at an interval in milliseconds."""
    more = (role, NOMINATED) if nominates else (role,)
    return [
        one for n in range(count) for one in asked(first + n * every, name, *more, src=src, dst=dst, answer=answer)
    ]


CONTROLLED = attribute(0x8029, bytes(8))


def both(first: float = 0, count: int = 12, every: float = 2500) -> Story:
    """Consent checks in both directions, all answered."""
    back = (SUCCESS, mapped(*B))
    return [
        *checks(first, count, every),
        *checks(first + 7, count, every, name=THEIRS, src=B, dst=A, answer=back, role=CONTROLLED, nominates=False),
    ]


def crossing(answered: bool = False) -> Story:
    """ClientHellos of both sides; with `answered` the callee gives way."""
    told = [(1000 * n + extra, src, dst, hello()) for n in range(3) for extra, src, dst in ((0, A, B), (30, B, A))]
    return [*told, *agreed(4000)] if answered else told


def sdp(setup: str, host: Endpoint) -> bytes:
    return description(*host, "a=fingerprint:sha-256 " + ":".join(["AA"] * 32), f"a=setup:{setup}")


def closed(time: float, src: Endpoint = A, dst: Endpoint = B) -> Story:
    """An alert that is encrypted, as all are after the handshake."""
    return [(time, src, dst, record(21, bytes(26), epoch=1))]


FIVE_PORTS: Story = [
    told
    for n in range(5)
    for told in (
        *challenge(2000 * n, src=(A[0], 57000 + n)),
        *allocate(2000 * n + 40, (0x0113, error(438)), src=(A[0], 40000 + 7 * n)),
    )
]

CASES: dict[str, Case] = {
    "turn-nonce-stale": (
        FIVE_PORTS,
        [*challenge(0), *allocate(40, (0x0113, error(438))), *allocate(90, given()), *NOTHING],
    ),
    "turn-expired": (
        relayed_call(640, 600, refresh(500 * SECOND, 438)),
        relayed_call(640, 640, refresh(500 * SECOND, 438), refresh(500.1 * SECOND)),
    ),
    "ice-credentials-mismatch": (
        [
            *checks(0, 8, 500, name=user("CCCC", "AAAA"), answer=None),
            *checks(7, 8, 500, name=THEIRS, src=B, dst=A, answer=None),
        ],
        [*checks(0, 8, 500, answer=None), *checks(7, 8, 500, name=THEIRS, src=B, dst=A, answer=None)],
    ),
    "consent-missing": (
        [*checks(0, 1), *talk(seconds=60, every=100), *talk(B, A, 78, seconds=30, every=100)],
        [*both(0, 24), *talk(seconds=60, every=100), *talk(B, A, 78, seconds=30, every=100)],
    ),
    "dtls-missing": (both(), [*both(), *agreed(100)]),
    "dtls-both-active": (crossing(), crossing(answered=True)),
    "dtls-closed": (
        [*both(), *agreed(100), *talk(start=200), *talk(B, A, 78, start=200), *closed(10_200)],
        [*both(), *agreed(100), *talk(start=200), *talk(B, A, 78, start=200)],
    ),
}
