"""SRTP or RTP, by the octets: whether payloads are as long as their codec's frames, or have room for a tag besides."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from dissectors.analysis.calls.negotiation import Announced
from dissectors.analysis.streams.directory import Joined
from dissectors.mux.counters import Counters

MIN_PACKETS = 20
MAX_REMEMBERED = 64
"""Of so many lengths of payloads it is remembered what is spare in them."""

TAG_OCTETS = (4, 10, 14, 16, 20)
"""What SRTP adds to a payload: its tag of 32 or 80 bits, or of GCM, with an MKI of four octets or without."""

FRAMES: dict[str, tuple[tuple[int, int], ...]] = {
    "pcmu": ((1, 1),), "pcma": ((1, 1),), "g722": ((1, 1),), "g729": ((10, 80),), "gsm": ((33, 160),),
    "ilbc": ((38, 160), (50, 240)),
}
"""The octets and the timestamp units of a frame of the codecs whose frames are all of one length."""

Size = Sequence[int]
"""The payloads of one type: how many, their octets together, the smallest and the largest."""


def spare_octets(codec: str | None, step: int | None, packets: int, smallest: int, largest: int) -> int | None:
    """How many octets every payload has beyond its frames, None where that is unclear.

    `step` is the usual timestamp step; the payloads are those of the codec alone.
    """
    if step is None or smallest != largest or packets < MIN_PACKETS:
        return None
    return _beyond_frames(codec, step, largest)


@lru_cache(MAX_REMEMBERED)
def _beyond_frames(codec: str | None, step: int, largest: int) -> int | None:
    """The same of payloads of one length: nearly all streams have one of a few."""
    for octets, units in FRAMES.get((codec or "").lower(), ()):
        if step % units == 0 and (spare := largest - step // units * octets) >= 0:
            return spare
    return None


def protected(
    counters: Counters, codec: str | None, main: Size, step: int | None, joined: Joined | None, keyed: bool
) -> bool:
    """Whether a stream is SRTP: what its octets say, else whether keys were agreed; `keyed` is what DTLS says.

    `main` are the payloads of the codec, `step` the usual timestamp step.
    """
    packets, _, smallest, largest = main
    spare = spare_octets(codec, step, packets, smallest, largest)
    if spare == 0:
        return False
    received, sent = (joined.received, joined.sent) if joined else (None, None)
    if spare in TAG_OCTETS and any(line is not None and line.encryption for line in (received, sent)):
        return True
    return keyed or counters.encrypted or _agreed(received, sent)


def _agreed(received: Announced | None, sent: Announced | None) -> bool:
    """Whether the receiver announced keys, and the sender did not leave them out."""
    line = received or sent
    if line is None or not line.encryption:
        return False
    return not (line.encryption == "SDES" and sent is not None and not sent.encryption)
