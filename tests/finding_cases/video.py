"""Stories about pictures: those that stand still, that come apart from their sound, and numbers that are used twice."""

from __future__ import annotations

from collections.abc import Callable

from tests.finding_cases.numbers import reported
from tests.finding_cases.plain import Case
from tests.stories import A, B, Story, description, dialled, rtp, talk

EVERY_MS = 100 / 3


def film(
    seconds: float = 10, *, lost: Callable[[int], bool] = lambda frame: False,
    late: Callable[[int], float] = lambda frame: 0.0, still: float = 0.0, ssrc: int = 79,
    marked: bool = True,
) -> Story:
    """Pictures of three datagrams, thirty a second; `still` is a pause of the sender in the middle, in milliseconds."""
    story: Story = []
    for frame in range(int(seconds * 30)):
        pause = still if frame >= seconds * 15 else 0.0
        stamp = round((frame * EVERY_MS + pause) * 90)
        for k in range(3):
            time = 1000 + frame * EVERY_MS + pause + late(frame) + k * 0.3
            if not lost(frame):
                story.append((time, A, B, rtp(3 * frame + k, ssrc, 96, stamp, bytes(900), marked and k == 2)))
    return story


def held_back(frame: int) -> float:
    """A queue that holds frames back from the fourth second on, for a second and a half, and then lets them go."""
    return (165 - frame) * EVERY_MS * 0.95 if 120 <= frame < 165 else 0.0


def twice(times: int, apart: int) -> Story:
    """A stream in which so many numbers come again with another timestamp."""
    again = [(1020.0 + 20 * n + 5, A, B, rtp(100 + n, 77, 0, 160 * n + apart)) for n in range(10, 10 + 20 * times, 20)]
    return [*talk(), *again]


VP8 = [description(*end, "a=rtpmap:96 VP8/90000", media="RTP/AVP 96", kind="video") for end in (A, B)]

CASES: dict[str, Case] = {
    "video-frozen": (film(lost=lambda frame: 120 <= frame < 165), film(still=1500)),
    "frames-unmarked": ([*dialled(*VP8), *film(marked=False)], [*dialled(*VP8), *film()]),
    "lip-sync": (
        [*talk(), *reported(0), *film(), *reported(-250, 0, ssrc=79, clock=90_000, first=1000)],
        [*talk(), *reported(0), *film(), *reported(0, ssrc=79, clock=90_000, first=1000)],
    ),
    "sequence-reused": (twice(4, 80), twice(4, 0)),
}
