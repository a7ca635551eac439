"""Stories about losses that are repaired, and not, and about what receivers ask for by RTCP."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable

from tests.finding_cases.plain import Case
from tests.made import Endpoint
from tests.stories import A, B, Story, Told, receiver_report, rtp

VIDEO, RTX = 0xAAAA0001, 0xAAAA0002
EVERY = 10.0
"""Milliseconds from one datagram to the next: three make a picture."""


def pictures(
    seconds: float = 10, *, lost: Callable[[int], bool] = lambda n: False, size: Callable[[int], int] = lambda n: 900,
    extended: bool = False,
) -> Story:
    """Video from A to B in pictures of three datagrams, without those that are lost; `extended` numbers them."""
    return [
        (n * EVERY, A, B, picture(n, size(n), extended)) for n in range(int(seconds * 1000 / EVERY)) if not lost(n)
    ]


def picture(n: int, size: int = 900, extended: bool = False) -> bytes:
    """One datagram of it."""
    octets = rtp(n, VIDEO, 96, n // 3 * 2700, n.to_bytes(2, "little") * (size // 2), n % 3 == 2)
    if not extended:
        return octets
    return bytes((octets[0] | 0x10,)) + octets[1:12] + struct.pack("!HHBHx", 0xBEDE, 1, 0x51, 7000 + n) + octets[12:]


def feedback(
    time: float, packet_type: int, format_: int, control: bytes = b"", target: int = VIDEO, src: Endpoint = B,
    dst: Endpoint = A,
) -> Told:
    """One feedback message of the receiver."""
    head = struct.pack("!BBHII", 0x80 | format_, packet_type, 2 + len(control) // 4, 78, target)
    return time, src, dst, head + control


def nack(time: float, *numbers: int) -> Told:
    """The receiver asks for datagrams."""
    return feedback(time, 205, 1, b"".join(struct.pack("!HH", number, 0) for number in numbers))


def pli(times: Iterable[float]) -> Story:
    """Picture loss indications."""
    return [feedback(time, 206, 1) for time in times]


def fir(times: Iterable[float], target: int = VIDEO) -> Story:
    """Full intra requests, which name their source in the control information."""
    return [feedback(time, 206, 4, struct.pack("!IBxxx", target, n & 0xFF), 0) for n, time in enumerate(times)]


def remb(time: float, bitrate: int, *sources: int) -> Told:
    """The receiver's estimate for these sources."""
    exponent = max(0, bitrate.bit_length() - 18)
    value = exponent << 18 | bitrate >> exponent
    entries = b"".join(struct.pack("!I", source) for source in sources)
    return feedback(time, 206, 15, b"REMB" + bytes((len(sources),)) + value.to_bytes(3, "big") + entries, 0)


def transport_wide(time: float) -> Told:
    """Transport-wide feedback: eight packets came, a millisecond apart."""
    return feedback(time, 205, 15, struct.pack("!HHIH", 7000, 8, 1 << 8, 0x2008) + b"\4" * 8 + bytes(2))


def reports(seconds: int = 10, lost: int = 0) -> Story:
    """The receiver's reports, one a second."""
    return [receiver_report(1000.0 * n, VIDEO, lost=lost) for n in range(1, seconds)]


def missing(n: int) -> bool:
    """Each twenty-fifth datagram is lost, in the first nine seconds."""
    return n % 25 == 20 and n < 900


LOST = [n for n in range(1000) if missing(n)]
ASKED = [nack(n * EVERY + 15, n) for n in LOST]


def rtx(numbers: Iterable[int] = LOST, after: float = 35, ssrc: int = RTX) -> Story:
    """What was lost, sent again as RTX so many milliseconds after its time."""
    return [
        (n * EVERY + after, A, B, rtp(500 + place, ssrc, 97, n // 3 * 2700, struct.pack("!H", n) + bytes(900)))
        for place, n in enumerate(numbers)
    ]


def again(numbers: Iterable[int] = LOST, after: float = 35) -> Story:
    """The same under its own number."""
    return [(n * EVERY + after, A, B, picture(n)) for n in numbers]


def squeezed(least: int = 40) -> Callable[[int], int]:
    """Sizes of datagrams that shrink within three seconds."""
    return lambda n: max(least, 1100 - max(0, n - 500) * 4)


FALLING = [remb(1000 * n, 900_000 if n < 5 else 40_000, VIDEO) for n in range(1, 12)]

CASES: dict[str, Case] = {
    "loss-repaired": ([*pictures(lost=missing), *ASKED, *rtx()], [*pictures(lost=missing), *ASKED]),
    "loss-not-repaired": ([*pictures(lost=missing), *ASKED], [*pictures(lost=missing), *ASKED, *again()]),
    "keyframe-requests": (
        [*pictures(), *pli(range(2000, 6000, 100))],
        [*pictures(), *pli((20, 220, 420, 5000, 9000))],
    ),
    "feedback-missing": (
        [*pictures(extended=True), *reports()],
        [*pictures(extended=True), *reports(), *map(transport_wide, range(100, 9000, 100))],
    ),
    "feedback-misdirected": (
        [*pictures(), *(feedback(1000 * n, 206, 1, target=0xDEAD) for n in range(1, 9))],
        [*pictures(), *(feedback(1000 * n, 206, 1) for n in range(1, 9))],
    ),
    "bitrate-collapsed": (
        [*pictures(12, size=squeezed()), *FALLING],
        [*pictures(12), *FALLING],
    ),
}
