"""Streams of which no rule has anything to say, as what was counted shows: their values need not be made.

That a stream is plain is said only where that is known at once; any other one is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from dissectors.analysis.calls.descriptions import Codec
from dissectors.analysis.streams.clock import VIDEO_CLOCK, frame, in_real_time, slope
from dissectors.analysis.streams.directory import Joined
from dissectors.analysis.streams.feedback import Told
from dissectors.analysis.streams.protection import TAG_OCTETS, protected, spare_octets
from dissectors.analysis.streams.quality import ASSUMED_DELAY_MS, of_a_whole_stream
from dissectors.analysis.streams.rtcp import Clocked, Heard
from dissectors.analysis.streams.silence import LONGEST_FRAME_SECONDS
from dissectors.analysis.streams.stream import codec, jitter_ms
from dissectors.findings.delivery.delivery import JITTER_MS, POOR_MOS, ROUND_TRIP_MS
from dissectors.findings.delivery.repair import REPAIRING
from dissectors.findings.kinds import SOUND
from dissectors.findings.negotiation.codecs import COLLIDING, REDUNDANT
from dissectors.findings.outlines import Outline, Sent
from dissectors.findings.timing.rhythm import MIN_TOGETHER_SHARE
from dissectors.findings.timing.sender_reports import MIN_REPORTS
from dissectors.mux.counters import Counters
from dissectors.report import Place
from dissectors.wire.datagram import Flow

MAX_SECONDS = 8.0
"""In so short a time no drift is measured, and no step that is not a surprise."""

SHORT_ROUND_TRIP_MS = min(ROUND_TRIP_MS, 2 * ASSUMED_DELAY_MS)
"""A shorter one is no finding, and is assumed to be longer where the quality of a stream is estimated."""

MAX_REMEMBERED = 64
"""Of so many codecs it is remembered whether they are plain."""


def outline(counters: Counters, flow: Flow, joined: Joined | None, keyed: bool) -> Outline | None:
    """What is told of a stream that is plain, None of any other.

    It has its flow and its SSRC for itself alone, and what RTCP says of it is little.
    `keyed` says that its flow has keys by DTLS.
    """
    line = (joined.received or joined.sent) if joined is not None else None
    if joined is None or line is None or line.media.kind != SOUND or not counters.uneventful:
        return None
    known = codec(counters, joined)
    if not _is_usual(known, counters.payload_type) or known.clock is None:
        return None
    ((packets, octets, smallest, largest),) = counters.sizes.values()
    step, main = frame(counters), (packets, octets, smallest, largest)
    if step is None or step > LONGEST_FRAME_SECONDS * known.clock or counters.close >= MIN_TOGETHER_SHARE * packets:
        return None
    if protected(counters, known.name, main, step, joined, keyed):
        return None
    if spare_octets(known.name, step, packets, smallest, largest) in TAG_OCTETS:
        return None
    first, last = counters.first, counters.last
    if (last - first) / 1e9 >= MAX_SECONDS or (jitter_ms(counters, counters.jitter, known.clock) or 0) >= JITTER_MS:
        return None
    fitted = slope(counters)
    if fitted is not None and not in_real_time(fitted, known.clock):
        return None
    return Outline(
        counters.ssrc, flow.src, flow.sport, flow.dst, flow.dport, SOUND, joined.sender,
        _sent(counters.payload_type), packets, 1000 * step / known.clock,
        first / 1e9, last / 1e9, Place(*counters.first_frame), Place(*counters.last_frame),
    )


def says_little(heard: Heard | None, told: Told | None, shared: Told | None, clocked: Sequence[Clocked]) -> bool:
    """Whether no rule asks about what RTCP says of a stream that is plain besides; see `streams.stream.Said`.

    Its receiver counts no loss and is near, its sender reported a few times only, and nobody asked for anything.
    """
    if told is not None or shared is not None or len(clocked) >= MIN_REPORTS:
        return False
    if heard is None:
        return True
    return heard.cumulative_lost == heard.lost_at_first and 1000 * (heard.round_trip or 0.0) < SHORT_ROUND_TRIP_MS


@lru_cache(MAX_REMEMBERED)
def _sent(payload_type: int) -> tuple[Sent, ...]:
    return (Sent(payload_type),)


@lru_cache(MAX_REMEMBERED)
def _is_usual(known: Codec, payload_type: int) -> bool:
    """Whether a codec is named for certain, is of sound by itself, and good enough where nothing is lost."""
    if known.name is None or known.clock in (None, VIDEO_CLOCK) or known.certainty != "certain":
        return False
    if payload_type in COLLIDING or known.name.lower() in (*REPAIRING, *REDUNDANT):
        return False
    quality = of_a_whole_stream(known.name, ASSUMED_DELAY_MS)
    return quality is not None and (quality.mos is None or quality.mos >= POOR_MOS)
