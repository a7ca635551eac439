"""Stories of keys whose packets have one timestamp, and of such as have several."""

from __future__ import annotations

from tests.finding_cases.forks import EVENTS
from tests.finding_cases.plain import Case
from tests.stories import A, B, Story, description, dialled, hung_up, rtp, talk


def pressed(step: int) -> Story:
    """A key within speech; the timestamp goes on by so much from packet to packet."""
    ends = [description(*end, *EVENTS, media="RTP/AVP 0 101") for end in (A, B)]
    key = [
        (3000.0 + 20 * n, A, B, rtp(200 + n, 77, 101, 16_000 + step * n, bytes((5, (n > 6) << 7 | 10, n, 160))))
        for n in range(1, 8)
    ]
    return [*dialled(*ends), *talk(seconds=1.9), *key, *talk(B, A, 78), *hung_up()]


CASES: dict[str, Case] = {
    "event-timestamp-moves": (pressed(160), pressed(0)),
}
