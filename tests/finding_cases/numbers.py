"""Stories about the numbers of one stream: its clock, its frames, its rhythm."""

from __future__ import annotations

import struct
from collections.abc import Callable

from tests.finding_cases.plain import Case
from tests.stories import A, B, Story, description, dialled, hung_up, rtp, talk

WANTED = ("a=ptime:20", "a=maxptime:20")


def stepped(milliseconds: float, seconds: float = 30, fast: float = 0.0) -> Story:
    """A sender that pauses after twelve seconds, or skips where below zero; its timestamps do not show it."""
    return talk(seconds=seconds, fast=fast, delay=lambda n: milliseconds if n >= 600 else 0.0)


def framed(milliseconds: float, *wanted: str) -> Story:
    """A call whose caller sends such frames for six seconds, then of 20 ms; the callee's SDP says what it wants."""
    count = int(6000 / milliseconds)
    step = int(8 * milliseconds)
    story = talk(seconds=6, every=milliseconds, step=step, size=step)
    story += talk(start=7020, seconds=3.9, first=100 + count, origin=count * step)
    both = description(*A, *wanted), description(*B, *wanted)
    return [*dialled(*both), *story, *talk(B, A, 78), *hung_up()]


def numbered(each: int, step: int = 160) -> Story:
    """A stream in frames of 20 ms whose numbers go by `each`, and its timestamps by `step`."""
    return [(1020 + 20 * n, A, B, rtp(each * n, 77, 0, step * n)) for n in range(495)]


def renumbered(lost: Callable[[int], bool], seconds: float = 20) -> Story:
    """What a relay makes of a stream of which it got some: numbers of its own, and the timestamps of the sender."""
    sent = talk(seconds=seconds, lost=lost)
    return [(*each[:3], each[3][:2] + struct.pack(">H", n) + each[3][4:]) for n, each in enumerate(sent)]


def swollen(most: float, seconds: float = 30) -> Story:
    """A stream that comes up to `most` milliseconds later from the tenth second to the sixteenth."""
    return talk(seconds=seconds, delay=lambda n: most * max(0.0, 1 - abs(n - 650) / 150))


def stalling(milliseconds: float, every: Callable[[int], float] = lambda turn: 3000.0 * turn) -> Story:
    """A stream that comes to a halt for so long, ten times, and then catches up at once."""
    begins = [every(turn) for turn in range(1, 11)]

    def late(n: int) -> float:
        since = min((20 * n - begin for begin in begins if begin <= 20 * n), default=milliseconds)
        return max(0.0, milliseconds - since)

    return talk(seconds=35, delay=lambda n: late(n) + 0.2 * (n % 3))


def mixed(apart: int, clock: int = 90_000) -> Story:
    """Two sources of pictures under one SSRC, whose timestamps are so far apart."""
    story: Story = []
    for n in range(300):
        number, time, stamp = 5 * n, 1000 + n * 100 / 3, n * clock // 30
        story += [(time + k * 0.4, A, B, rtp(number + k, 77, 96, stamp, bytes(900), k == 2)) for k in range(3)]
        second = (rtp(number + 3 + k, 77, 96, stamp - apart, bytes(500), k == 1) for k in range(2))
        story += [(time + 10 + k * 0.4, A, B, octets) for k, octets in enumerate(second)]
    return story


def spurts(
    payload_type: int, step: int, noise: float, size: int, quiet: int, noise_type: int | None = None, turns: int = 5
) -> Story:
    """Speech of a second in frames of 20 ms, then two seconds with a datagram of `quiet` octets each `noise` ms."""
    story: Story = []
    number, time, stamp = 0, 1020.0, 0
    for _ in range(turns):
        for _ in range(50):
            story.append((time, A, B, rtp(number, 77, payload_type, stamp, bytes(size))))
            number, time, stamp = number + 1, time + 20, stamp + step
        for _ in range(int(2000 / noise)):
            kind = payload_type if noise_type is None else noise_type
            story.append((time, A, B, rtp(number, 77, kind, stamp, bytes(quiet))))
            number, time, stamp = number + 1, time + noise, stamp + round(step * noise / 20)
    return story


NTP_EPOCH_SECONDS = 2_208_988_800


def reported(old: float, wall: float | None = None, *, ssrc: int = 77, clock: int = 8000, first: float = 1020) -> Story:
    """A sender report each second, whose timestamp is of `old` milliseconds ago, and whose NTP time is so, too.

    Unless `wall` says how old the NTP time is.
    """
    told: Story = []
    for time in range(2000, 10_000, 1000):
        ntp = int((time / 1000 + NTP_EPOCH_SECONDS - (old if wall is None else wall) / 1000) * (1 << 32))
        stamp = round((time - first - old) * clock / 1000) & 0xFFFFFFFF
        told.append((time, A, B, struct.pack(">BBHIQIII", 0x80, 200, 6, ssrc, ntp, stamp, 1, 160)))
    return told


def pictured() -> Story:
    """A stream of pictures beside the sound of the caller, and its reports, which are right."""
    pictures = talk(ssrc=79, payload_type=96, step=3000, every=100 / 3, size=900)
    return [*pictures, *reported(0, ssrc=79, clock=90_000)]


CASES: dict[str, Case] = {
    "sender-report-wrong": ([*talk(), *pictured(), *reported(700)], [*talk(), *pictured(), *reported(100)]),
    "clock-step": (stepped(70), talk(seconds=30, delay=lambda n: 70.0 if 600 <= n < 800 else 0.0)),
    "sequence-skipped": (numbered(2), talk(lost=lambda n: n % 2 == 1)),
    "loss-hidden": (renumbered(lambda n: n % 17 == 5), renumbered(lambda n: n % 300 > 240)),
    "delay-swells": (swollen(400), swollen(90)),
    "stalls-regularly": (stalling(200), stalling(200, lambda turn: 900.0 * turn + 200 * (turn * 7 % 5))),
    "ptime-differs": (framed(40, *WANTED), framed(20, *WANTED)),
    "packets-bunched": (
        talk(delay=lambda n: 40.0 - n % 3 * 20 + n % 3 * 0.1),
        talk(delay=lambda n: n * 7919 % 17),
    ),
    "ssrc-two-sources": (mixed(41_000), [each for n, each in enumerate(mixed(0)) if n % 5 < 3]),
}
