"""Streams of which no rule has anything to say, as what was counted shows: their values need not be made.

That a stream is plain is said only where that is known at once; any other one is looked at.
"""

from __future__ import annotations

from functools import lru_cache

from dissectors.analysis.calls.descriptions import Codec
from dissectors.analysis.streams.clock import VIDEO_CLOCK, in_real_time, slope
from dissectors.analysis.streams.directory import Joined
from dissectors.analysis.streams.feedback import Told
from dissectors.analysis.streams.protection import TAG_OCTETS, protected, spare_octets
from dissectors.analysis.streams.quality import ASSUMED_DELAY_MS, of_a_whole_stream
from dissectors.analysis.streams.rtcp import Heard
from dissectors.analysis.streams.silence import LONGEST_FRAME_SECONDS
from dissectors.analysis.streams.stream import agreed_codec
from dissectors.findings.delivery.delivery import JITTER_MS, POOR_MOS, ROUND_TRIP_MS
from dissectors.findings.delivery.repair import REPAIRING
from dissectors.findings.kinds import SOUND
from dissectors.findings.negotiation.codecs import COLLIDING, REDUNDANT
from dissectors.findings.outlines import Outline, Sent
from dissectors.findings.timing.rhythm import MIN_TOGETHER_SHARE
from dissectors.mux.counters import CLOCKS, Counters
from dissectors.report import Place
from dissectors.wire.datagram import Flow

MAX_SECONDS = 8.0
"""In so short a time no drift is measured, and no step that is not a surprise."""

SHORT_ROUND_TRIP_MS = min(ROUND_TRIP_MS, 2 * ASSUMED_DELAY_MS)
"""A shorter one is no finding, and is assumed to be longer where the quality of a stream is estimated."""

MAX_REMEMBERED = 64
"""Of so many codecs it is remembered whether they are plain."""


def is_plain(counters: Counters, joined: Joined | None, keyed: bool) -> bool:
    """Whether a stream is plain, if it has its flow and its SSRC for itself alone, and RTCP says little of it.

    `keyed` says that its flow has keys by DTLS.
    """
    if joined is None or not counters.uneventful:
        return False
    known = plain_codec(joined, counters.payload_type)
    return known is not None and plain_frame_ms(counters, joined, keyed, known) is not None


def plain_codec(joined: Joined, payload_type: int) -> Codec | None:
    """The codec that a call agreed on for a payload type, if it is sound with which nothing can be wrong by itself."""
    line = joined.received or joined.sent
    if line is None or line.media.kind != SOUND:
        return None
    known = agreed_codec(joined, payload_type)
    return known if _is_usual(known, payload_type) else None


def plain_frame_ms(counters: Counters, joined: Joined, keyed: bool, known: Codec) -> float | None:
    """The milliseconds in each packet of a stream to which nothing happened; None where it is not plain even so."""
    step, packets, octets, smallest, largest = counters.uniform()
    rate = known.clock or 0
    if not 0 < step <= LONGEST_FRAME_SECONDS * rate or counters.close >= MIN_TOGETHER_SHARE * packets:
        return None
    spare = spare_octets(known.name, step, packets, smallest, largest)
    # With nothing to spare it is in the clear, whatever was agreed.
    if spare in TAG_OCTETS or spare != 0 and protected(
        counters, known.name, (packets, octets, smallest, largest), step, joined, keyed
    ):
        return None
    if (counters.last - counters.first) / 1e9 >= MAX_SECONDS:
        return None
    if rate in CLOCKS and 1000 * counters.jitter_at(CLOCKS.index(rate)) / rate >= JITTER_MS:
        return None
    fitted = slope(counters)
    if fitted is not None and not in_real_time(fitted, rate):
        return None
    return 1000 * step / rate


def outline(counters: Counters, flow: Flow, joined: Joined) -> Outline:
    """What is told of a stream that is plain."""
    step, known = counters.uniform()[0], agreed_codec(joined, counters.payload_type)
    return Outline(
        counters.ssrc, flow.src, flow.sport, flow.dst, flow.dport, SOUND, joined.sender,
        (Sent(counters.payload_type),), counters.packets, 1000 * step / (known.clock or 1),
        counters.first / 1e9, counters.last / 1e9, Place(*counters.first_frame), Place(*counters.last_frame),
    )


def says_little(heard: Heard | None, told: Told | None, shared: Told | None) -> bool:
    """Whether no rule asks about what RTCP says of a stream that is plain besides; see `streams.stream.Said`.

    Its receiver gets it, counts no loss and is near, and nobody asked for anything; what its sender reports is not
    looked at.
    """
    if told is not None or shared is not None:
        return False
    if heard is None:
        return True
    if heard.reports and not heard.highest:
        return False
    return heard.cumulative_lost == heard.lost_at_first and 1000 * (heard.round_trip or 0.0) < SHORT_ROUND_TRIP_MS


@lru_cache(MAX_REMEMBERED)
def _is_usual(known: Codec, payload_type: int) -> bool:
    """Whether a codec is named for certain, is of sound by itself, and good enough where nothing is lost."""
    if known.name is None or known.clock in (None, VIDEO_CLOCK) or known.certainty != "certain":
        return False
    if payload_type in COLLIDING or known.name.lower() in (*REPAIRING, *REDUNDANT):
        return False
    quality = of_a_whole_stream(known.name, ASSUMED_DELAY_MS)
    return quality is not None and (quality.mos is None or quality.mos >= POOR_MOS)
