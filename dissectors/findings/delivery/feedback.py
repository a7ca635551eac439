"""Rules about what receivers say by RTCP: requests for key frames, transport-wide feedback, estimates of bitrate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import takewhile

from dissectors.analysis.streams.sender_clock import median
from dissectors.findings.kinds import video
from dissectors.findings.rule import Facts, Found, counted, name_of, rule
from dissectors.report import Certainty, Estimate, Place, RequestBurst, Severity, Stream
from dissectors.wire.values import Struct

MIN_STORM, STORM_PER_SECOND = 10, 2.0
"""So many requests for key frames, and so many a second, are a storm."""

MIN_LONG_STORM, LONG_STORM_SECONDS, LONG_STORM_PER_SECOND = 10, 10.0, 0.8
"""So many requests, for so long, are one where no picture is large enough for an answer; slower ones go by a timer."""

MIN_UNANSWERED, UNANSWERED_SECONDS = 5, 3.0
"""So many requests, for so long, are one where what is known of key frames says that none came."""

MIN_FLOW_PER_SECOND = 5.0
"""So many packets a second flow; who sends fewer has no picture to answer with."""

MIN_REPORTS, MIN_REPORTED_SECONDS = 3, 5.0

COLLAPSE, STAYS_BELOW = 0.25, 0.5
"""What share of what it was a bitrate must fall to, and below what share it must stay."""

STAYS_SECONDS = 2.0
MIN_BITRATE = 150_000
"""Bits per second from which on a fall is told: below, there is little to fall from."""

MIN_RATES = 3
LOSS_SHARE = 0.02
"""From what loss on senders take their bitrate back."""

ALONE_SHARE, ALONE_SECONDS, MIN_PACKETS_PER_SECOND = 0.2, 5.0, 5.0
"""How far, and how long, what is sent must fall where no estimate tells why, while pictures still come."""

RECOVERED_SECONDS, MIN_PICTURES_LEFT = 8.0, 0.5
"""How long a fall must last that ends again, and what share of the pictures must come meanwhile."""


@rule(
    "keyframe-requests", "warning", "The receiver asks for key frames over and over",
    scope="stream",
    why="Each PLI or FIR says that the receiver cannot show the picture. If they do not end, the picture stands "
    "still. Key frames are large: answering all requests fills the path and loses more.",
    fix="See whether the requests reach the sender and name its SSRC, whether key frames arrive whole (loss, MTU), and "
    "whether a server in between sends more requests than it gets.",
)
def keyframe_requests(facts: Facts) -> Iterator[Found]:
    for number, stream in facts.striking:
        feedback = stream.feedback
        burst = feedback.burst if feedback else None
        if feedback is None or burst is None or not _storm(stream, burst):
            continue
        kinds = [f"{count:,} {name}" for count, name in ((feedback.pli, "PLI"), (feedback.fir, "FIR")) if count]
        what = (
            f"{name_of(stream)}: {counted(burst.requests, 'request')} for a key frame in {burst.seconds:.1f} s, "
            f"{_rate(burst):.2g} a second ({' and '.join(kinds)} in all){_answer(burst)}"
        )
        sure: Certainty = "medium" if burst.by == "size" else "certain"
        yield Found(what, burst.places, stream.call, number, sure, time=burst.time)


def _rate(burst: RequestBurst) -> float:
    return (burst.requests - 1) / burst.seconds if burst.seconds else float(burst.requests)


def _storm(stream: Stream, burst: RequestBurst) -> bool:
    if burst.requests >= MIN_STORM and _rate(burst) >= STORM_PER_SECOND:
        return True
    if burst.answered is not False or not _flows(stream, burst):
        return False
    if burst.by != "size":
        return burst.requests >= MIN_UNANSWERED and burst.seconds >= UNANSWERED_SECONDS
    long = burst.requests >= MIN_LONG_STORM and burst.seconds >= LONG_STORM_SECONDS
    return long and _rate(burst) >= LONG_STORM_PER_SECOND


def _flows(stream: Stream, burst: RequestBurst) -> bool:
    """Whether pictures come while they are asked for."""
    end = burst.time + burst.seconds
    rates = [rate.packets for rate in sent(stream) if rate.start < end and rate.end > burst.time]
    return stream.last >= end and max(rates, default=0.0) >= MIN_FLOW_PER_SECOND


def _answer(burst: RequestBurst) -> str:
    """What came of the requests, in words."""
    if burst.answered is None:
        return ""
    if burst.by == "size":
        return "; pictures large enough for a key frame followed" if burst.answered else (
            "; no picture of three times the usual size followed: they seem not to be answered, unless key frames are "
            "smaller than that"
        )
    if not burst.answered:
        return "; no key frame followed"
    count = burst.key_frames
    return "; key frames followed" if count is None else f"; {counted(count, 'key frame')} followed"


@rule(
    "feedback-missing", "warning", "Packets have transport-wide numbers, and nobody reports on them",
    scope="stream", absence="state",
    why="A sender that needs transport-wide feedback knows nothing about the path without it: it stays at its lowest "
    "bitrate, or sends more than the path can carry.",
    fix="Look at a=extmap and a=rtcp-fb transport-cc on both sides: the receiver must have agreed to both. A server "
    "in between must send the feedback itself, or pass it on.",
)
def feedback_missing(facts: Facts) -> Iterator[Found]:
    for number, stream in facts.striking:
        numbering, view = stream.numbering, stream.rtcp
        if numbering is None or numbering.feedback or view is None or view.reports < MIN_REPORTS:
            continue
        if view.last - view.first < MIN_REPORTED_SECONDS:
            continue
        estimates = stream.feedback.remb if stream.feedback else 0
        told = "is announced for" if numbering.announced else "counts like"
        what = (
            f"{name_of(stream)}: header extension {numbering.extension} {told} transport-wide numbers; "
            f"{counted(view.reports, 'receiver report')} came back and no transport-wide feedback"
        )
        what += f" ({counted(estimates, 'estimate')} by REMB instead)" if estimates else ""
        severity: Severity = "warning" if numbering.announced and not estimates else "note"
        sure: Certainty = "high" if numbering.announced else "medium"
        yield Found(what, (stream.first_place,), stream.call, number, sure, severity, stream.first)


class Fall(Struct, frozen=True):
    """A fall of a bitrate: what it was and became, in bits per second, since when, and until when if it ended."""

    before: float
    after: float
    time: float
    place: Place | None
    until: float | None = None


@rule(
    "bitrate-collapsed", "warning", "The bitrate collapses",
    scope="stream",
    why="The sender sends what the receiver, or its own estimate, says the path can carry: pictures become coarse, "
    "small and slow. Often the path has room, and a short time of delay or loss lowered the estimate.",
    fix="Look at what happened before the fall: a burst of loss, growing delay, another sender on the same path, a "
    "limit in the negotiation (b=AS, TMMBR).",
)
def bitrate_collapsed(facts: Facts) -> Iterator[Found]:
    for number, stream in facts.striking:
        estimates = stream.feedback.estimates if stream.feedback else ()
        if not estimates and not video(stream):
            continue
        rates = sent(stream)
        fall = estimated(estimates)
        if fall is not None:
            follows = _follows(rates, fall.time)
            if follows is not None:
                what = f"the receiver's estimate falls from {_bits(fall.before)} to {_bits(fall.after)}"
                what = f"{name_of(stream)}: {what}, and what is sent from {_bits(follows[0])} to {_bits(follows[1])}"
                places = (fall.place,) if fall.place else ()
                yield Found(what, places, stream.call, number, "high", time=fall.time)
        elif not estimates and (fall := _alone(rates)) is not None:
            what = f"{name_of(stream)}: what is sent falls from {_bits(fall.before)} to {_bits(fall.after)}"
            what += f", {fall.time - stream.first:.0f} s into the stream"
            what += f", for {fall.until - fall.time:.0f} s" if fall.until is not None else ""
            what += ", and pictures go on"
            severity: Severity = "warning" if _pressed(stream) else "note"
            yield Found(what, _frame_at(stream, fall.time), stream.call, number, "medium", severity, fall.time)


def _frame_at(stream: Stream, time: float) -> tuple[Place, ...]:
    """The frame that is known nearest to a moment."""
    known = [(each.time, each.place) for each in stream.marks]
    known += [(each.first, each.place) for each in stream.payload_types if each.place is not None]
    known += [(stream.first, stream.first_place), (stream.last, stream.last_place)]
    return (min(known, key=lambda each: abs(each[0] - time))[1],)


def _pressed(stream: Stream) -> bool:
    """Whether something says that the path made the sender send less: its loss, or feedback by which it estimates."""
    reported = stream.rtcp.fraction_lost if stream.rtcp else 0.0
    return max(reported, stream.lost_fraction) >= LOSS_SHARE or bool(stream.numbering and stream.numbering.feedback)


class Rate(Struct, frozen=True):
    """What a stream sent between two moments: bits, packets and pictures per second."""

    start: float
    end: float
    bits: float
    packets: float
    pictures: float


def sent(stream: Stream) -> list[Rate]:
    """The bitrate of a stream over time, of UDP payloads."""
    rates, before = [], (stream.first, 0, 0, 0)
    for moment in stream.timeline:
        seconds = moment.time - before[0]
        if seconds > 0:
            bits, packets = 8 * (moment.octets - before[1]) / seconds, (moment.packets - before[2]) / seconds
            rates.append(Rate(before[0], moment.time, bits, packets, (moment.frames - before[3]) / seconds))
        before = moment.time, moment.octets, moment.packets, moment.frames
    return rates


def estimated(estimates: Sequence[Estimate]) -> Fall | None:
    """The first fall of a receiver's estimate that lasts; what it became is the least of it."""
    peak = 0
    for place, each in enumerate(estimates):
        if each.bitrate >= peak:
            peak = each.bitrate
        elif peak >= MIN_BITRATE and each.bitrate <= COLLAPSE * peak:
            low = [each.bitrate]
            end = each.time
            for later in estimates[place + 1 :]:
                if later.bitrate > STAYS_BELOW * peak:
                    break
                low.append(later.bitrate)
                end = later.time
            if end - each.time >= STAYS_SECONDS:
                return Fall(peak, min(low), each.time, each.place)
    return None


def _follows(rates: Sequence[Rate], time: float) -> tuple[float, float] | None:
    """What was sent before and after an estimate fell, where it fell too."""
    before = [rate.bits for rate in rates if rate.end <= time]
    after = [rate.bits for rate in rates if rate.start >= time]
    if not before or not after or min(after) > STAYS_BELOW * max(before):
        return None
    return max(before), min(after)


def _alone(rates: Sequence[Rate]) -> Fall | None:
    """The first fall of what is sent that lasts, with pictures that go on; `until` is None where the stream ends in it.

    One that ends again must last longer, and leave as many pictures: a scene that stands still for a time has fewer.
    """
    for place in range(MIN_RATES, len(rates)):
        before = median([rate.bits for rate in rates[:place]])
        if before < MIN_BITRATE or rates[place].bits > ALONE_SHARE * before:
            continue
        low = list(takewhile(partial(_is_low, ALONE_SHARE * before), rates[place:]))
        ends, seconds = place + len(low) == len(rates), low[-1].end - low[0].start if low else 0.0
        pictures = MIN_PICTURES_LEFT * median([rate.pictures for rate in rates[:place]])
        keeps = ends or min((rate.pictures for rate in low), default=0.0) >= pictures > 0
        if len(low) >= MIN_RATES and seconds >= (ALONE_SECONDS if ends else RECOVERED_SECONDS) and keeps:
            return Fall(before, median([rate.bits for rate in low]), low[0].start, None, None if ends else low[-1].end)
    return None


def _is_low(most: float, rate: Rate) -> bool:
    return rate.bits <= most and rate.packets >= MIN_PACKETS_PER_SECOND


def _bits(rate: float) -> str:
    return f"{rate / 1e6:.2g} Mbit/s" if rate >= 1e6 else f"{rate / 1e3:,.0f} kbit/s"


@rule(
    "feedback-misdirected", "warning", "RTCP names a source that nobody sends",
    scope="stream",
    why="Who is asked finds no stream of that number, and does nothing: no key frame comes, no packet is sent again, "
    "and no bitrate follows. Mostly a server in between gave the stream another SSRC and passed RTCP on as it was.",
    fix="Let whoever changes the SSRC of RTP change it in RTCP as well, in both directions; else see from where the "
    "receiver has that number: an earlier stream, or a=ssrc of another description.",
)
def feedback_misdirected(facts: Facts) -> Iterator[Found]:
    if facts.unsent:
        from dissectors.findings.delivery.unsent import misdirected

        yield from misdirected(facts)


RULES = (keyframe_requests, feedback_missing, bitrate_collapsed, feedback_misdirected)
