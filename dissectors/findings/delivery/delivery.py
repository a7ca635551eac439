"""Rules about how well streams arrived: loss and where it happened, order, jitter, drift, quality."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from operator import attrgetter
from typing import Literal

from dissectors.analysis.streams.quality import heard_missing
from dissectors.findings.copies import DOUBLED_SHARE
from dissectors.findings.delivery.counting import shared_counts
from dissectors.findings.delivery.repair import may_be_repaired, repairing
from dissectors.findings.kinds import video
from dissectors.findings.media.holes import stalled
from dissectors.findings.media.sources import spanning
from dissectors.findings.moments import into, mark, marks, place_of, time_of
from dissectors.findings.rule import UNANSWERED_SECONDS, Facts, Found, Look, counted, name_of, rule
from dissectors.report import Mark, MarkKind, RtcpView, Severity, Stream

MIN_RTP_PACKETS = 50
LOSS_SHARE, HEAVY_LOSS_SHARE = 0.005, 0.05
BURST_PACKETS, DUPLICATES_SHARE, REORDERED_SHARE = 5, 0.01, 0.001
JITTER_MS, ROUND_TRIP_MS = 30.0, 300.0
POOR_MOS, BAD_MOS = 3.6, 3.1
LONG_DELAY_MS = 177.3
"""Where delay begins to be heard (ITU-T G.107, simplified)."""

MIN_REPORTS, MAX_REPEATED_ENDS = 2, 2
MIN_REPORTED_SECONDS, NEARLY_ALL = 4.0, 0.95
"""How long a receiver gets nothing that is believed to get nothing, and what share of the packets is nearly all."""

_time = attrgetter("time")


@rule(
    "stream-loss", "warning", "Datagrams of a stream are lost",
    scope="stream", absence="loss",
    why="From about 1 % loss speech suffers, from 5 % it is hard to follow; pictures break or freeze. What is lost of "
    "RTX is a note: it only repairs another stream, and can be asked for again.",
    fix="Compare with the receiver's RTCP: loss that it does not report happened at the capture point.",
)
def stream_loss(facts: Facts) -> Iterator[Found]:
    for number, stream in facts.striking:
        if not stream.lost or number in facts.once(shared_counts):
            continue
        lost, sent = stream.rated_loss
        left = heard_missing(lost, stream.repair)
        share = left / sent if sent else 0.0
        if share >= LOSS_SHARE:
            what = f"{name_of(stream)}: {lost:,} of {sent:,} lost ({lost / sent:.1%})"
            what += f", {lost - left:,} of them repaired in time" if left < lost else ""
            gaps = stream.lost - stream.miscounted - lost
            what += f", beside {gaps:,} in long gaps" if gaps > 0 else ""
            at = _worst(stream, "loss")
            severity = _loss_weighs(sent, share)
            hole = stalled(facts, number)
            if hole is not None:
                what += f"; {hole.missing:,} of them in {hole.end - hole.start:.1f} s in which nothing else came either"
                rest = max(0, left - hole.missing) / max(1, sent - hole.missing)
                severity = _loss_weighs(sent, rest) if rest >= LOSS_SHARE else "note"
            if stream.repairs is not None:
                what += f"; they repair SSRC 0x{stream.repairs:08X} (RTX)"
                severity = "note"
            elif number in facts.once(_arrived):
                what += "; the receiver got more of them"
                severity = "note"
            elif may_be_repaired(stream) and stream.repair:
                what += f"; {repairing(stream.repair)} may have repaired them"
                severity = "note"
            yield Found(what, place_of(at, stream), stream.call, number, severity=severity, time=time_of(at))


def _loss_weighs(sent: int, share: float) -> Severity:
    """How bad a loss is: of a few datagrams it says little."""
    if sent < MIN_RTP_PACKETS:
        return "note"
    return "error" if share >= HEAVY_LOSS_SHARE else "warning"


def _worst(stream: Stream, *kinds: MarkKind) -> Mark | None:
    """The first moment of these kinds, but for long gaps."""
    if not stream.gaps:
        return mark(stream, *kinds)
    unseen = {gap.place for gap in stream.gaps}
    return next((each for each in stream.marks if each.kind in kinds and each.place not in unseen), None)


def again(stream: Stream) -> int:
    """How many datagrams came late or twice because the receiver asked for them, and not by the network's doing."""
    return stream.repair.by_number if stream.repair else 0


@rule(
    "loss-bursts", "warning", "Losses come many in a row",
    scope="stream", absence="burst",
    why="Concealment hides one or two lost frames; people hear a longer run as a gap.",
    fix="Look for moments when the path stalls: Wi-Fi roaming, a full queue, a route that changes.",
)
def loss_bursts(facts: Facts) -> Iterator[Found]:
    for number, stream in facts.striking:
        quality = stream.quality
        if quality is None or quality.longest_loss_run < BURST_PACKETS:
            continue
        if stream.miscounted or number in facts.once(shared_counts):
            continue
        repair = stream.repair
        # What was repaired leaves no hole; of what was not looked at, nothing is known.
        mended = repair is not None and not repair.more and repair.longest_left < BURST_PACKETS
        gap = any(each.counted and each.missing == quality.longest_loss_run for each in stream.gaps)
        # What came late after all filled the run: it was an order, and no loss.
        filled = stream.lost < quality.longest_loss_run
        if not mended and not gap and not filled:
            runs = counted(quality.loss_runs, "run")
            what = f"{name_of(stream)}: {stream.lost:,} lost in {runs}, {quality.longest_loss_run:,} in the longest"
            hole = stalled(facts, number)
            seen = number in facts.once(_arrived) or hole is not None and hole.missing == quality.longest_loss_run
            spared = seen or stream.repairs is not None or may_be_repaired(stream)
            severity: Severity = "note" if spared else "warning"
            at = mark(stream, "loss")
            what += f", {into(stream, at.time)}" if at and at.units == quality.longest_loss_run else ""
            yield Found(what, place_of(at, stream), stream.call, number, severity=severity, time=time_of(at))


Where = Literal["before", "behind", "in"]
"""Where datagrams were lost: before the capture point, behind it, or in the capture itself."""


def verdict(theirs: int, ours: int, packets: int) -> Where | None:
    """Where loss happened, given what the receiver counts and what is missing here; None where little was lost."""
    much = max(5.0, 0.01 * packets)
    if theirs - ours > max(much, 0.2 * ours):
        return "behind"
    if ours - theirs > max(much, 0.2 * ours):
        return "in"
    return "before" if ours > much and abs(theirs - ours) <= max(5.0, 0.2 * ours) else None


def compared(stream: Stream) -> tuple[int, int] | None:
    """What was lost between the receiver's first report and its last, by its count and by ours; None where it said
    too little. What it lost before its first report may have been lost before the capture began.
    """
    view = stream.rtcp
    if view is None or view.reports < MIN_REPORTS or stream.restarts or stream.packets < MIN_RTP_PACKETS:
        return None
    ours = _lost_until(stream, view.last) - _lost_until(stream, view.first)
    theirs = view.cumulative_lost - view.lost_at_first
    # A duplicate counts as received (RFC 3550 section 6.4.1), and one that is here may or may not have reached it.
    return min(max(ours, theirs), theirs + stream.duplicates), ours


def _lost_until(stream: Stream, time: float) -> int:
    """What was missing here until a moment, as near as the timeline goes."""
    if time >= stream.last:
        return stream.lost
    before = bisect_right(stream.timeline, time, key=_time)
    return stream.timeline[before - 1].lost if before else 0


def _verdicts(facts: Facts) -> list[tuple[Where, int, str]]:
    """Where streams lost datagrams, by their positions, with both counts in words."""
    told: list[tuple[Where, int, str]] = []
    for number, stream in facts.striking:
        both = None if stream.miscounted or number in facts.once(shared_counts) else compared(stream)
        where = verdict(*both, stream.packets) if both else None
        if both and stream.rtcp and _got_nothing(stream.rtcp):
            what = f"{name_of(stream)}: all {stream.rtcp.reports} reports of the receiver say that it got no packet"
            told.append(("behind", number, what))
        elif both and where and not (where == "in" and _counts_repairs(stream, *both)):
            theirs, ours = both
            what = f"{name_of(stream)}: {ours:,} lost here, {theirs:,} by the receiver's count"
            what += ": all that was sent meanwhile" if where == "behind" and _lost_all(stream, theirs) else ""
            told.append((where, number, what))
    return told


def _got_nothing(view: RtcpView) -> bool:
    """Whether a receiver reports again and again, and names no number: it got no packet."""
    nothing = not (view.highest_sequence or view.jitter or view.fraction_lost)
    return nothing and view.cumulative_lost == view.lost_at_first and view.last - view.first >= MIN_REPORTED_SECONDS


def _lost_all(stream: Stream, theirs: int) -> bool:
    """Whether a receiver counts as lost nearly all that was sent between its first report and its last."""
    view = stream.rtcp
    share = (view.last - view.first) / max(1e-3, stream.last - stream.first) if view else 1.0
    return theirs >= NEARLY_ALL * share * stream.packets


def _arrived(facts: Facts) -> set[int]:
    """The streams whose receiver got what is missing here."""
    return {number for where, number, _ in facts.once(_verdicts) if where == "in"}


def _counts_repairs(stream: Stream, theirs: int, ours: int) -> bool:
    """Whether a receiver seems to count what was repaired as received: it misses no fewer than were not repaired."""
    repair = stream.repair
    if repair is None or not repair.lost:
        return False
    left = ours * (1 - repair.restored / repair.lost)
    return theirs >= left - max(5.0, 0.2 * ours)


def located(where: Where) -> Look:
    """Looks for streams of which this is the verdict."""

    def look(facts: Facts) -> Iterator[Found]:
        for each, number, what in facts.once(_verdicts):
            if each == where:
                stream = facts.streams[number]
                at = mark(stream, "loss")
                yield Found(what, place_of(at, stream), stream.call, number, certainty="high", time=time_of(at))

    return look


LOCATED = (
    rule(
        "loss-in-capture", "warning", "The receiver got what is missing here",
        scope="stream",
        why="The receiver reports fewer lost packets than are missing here: the capture dropped them, not the "
        "network.",
        fix="Capture with a larger buffer (tcpdump -B 4096), with a narrower filter, or where the whole path is "
        "seen.",
    )(located("in")),
    rule(
        "loss-behind-capture", "warning", "Datagrams are lost behind the capture point",
        scope="stream",
        why="They are in this capture, and the receiver reports them lost.",
        fix="Look between where this was captured and the receiver.",
    )(located("behind")),
    rule(
        "loss-before-capture", "note", "The loss happened before the capture point",
        scope="stream",
        why="The receiver reports as many lost as are missing here: they never reached this point of the path.",
        fix="Look between the sender and where this was captured.",
    )(located("before")),
)


@rule(
    "stream-reordered", "note", "Datagrams came in another order than they were sent",
    scope="stream",
    why="Late packets are lost to a jitter buffer that is too short.",
    fix="Look for load balancing per packet on the path.",
)
def stream_reordered(facts: Facts) -> Iterator[Found]:
    for number, stream in facts.striking:
        late = stream.reordered - again(stream)
        if late > REORDERED_SHARE * stream.packets and mark(stream, "alternation") is None:
            what = f"{name_of(stream)}: {counted(late, 'packet')} came late"
            at = mark(stream, "late")
            yield Found(what, place_of(at, stream), stream.call, number, time=time_of(at))


@rule(
    "stream-duplicates", "note", "Datagrams came twice",
    scope="stream",
    why="Listeners do not notice duplicates. They mean a loop, a bond of two links, or a capture that sees both.",
    fix="See whether all datagrams come twice (then it is the capture) or some (then it is the network).",
)
def stream_duplicates(facts: Facts) -> Iterator[Found]:
    for number, stream in facts.striking:
        if not stream.duplicates:
            continue
        # Some senders repeat the end of a telephone event under the same sequence number.
        twice = stream.duplicates - MAX_REPEATED_ENDS * len(stream.digits) - again(stream)
        # What has only the number of another one is no duplicate of it.
        twice -= stream.reused
        sent = stream.sent_twice > stream.duplicates / 2
        if DUPLICATES_SHARE * stream.packets < twice and (sent or twice < DOUBLED_SHARE * stream.packets):
            what = f"{name_of(stream)}: {twice:,} of {counted(stream.packets, 'packet')} came twice"
            what += ", each in an IP packet of its own: they were sent twice" if sent else ""
            at = mark(stream, "twice")
            yield Found(what, place_of(at, stream), stream.call, number, time=time_of(at))


@rule(
    "stream-jitter", "warning", "Datagrams arrive irregularly",
    scope="stream",
    why="A jitter buffer of usual size (40 to 60 ms) begins to drop packets because they are late.",
    fix="Look for a queue without priority for voice, for Wi-Fi, or for a sender without enough processor time.",
)
def stream_jitter(facts: Facts) -> Iterator[Found]:
    for number, stream in facts.striking:
        real = stream.timing is None or stream.timing.real_time is not False
        if (stream.jitter_ms or 0) >= JITTER_MS and real and stream.packets >= MIN_RTP_PACKETS and not video(stream):
            told = f"{stream.jitter_ms:,.0f} ms of jitter, {stream.maximum_jitter_ms:,.0f} ms at most"
            at = mark(stream, "irregular")
            yield Found(f"{name_of(stream)}: {told}", place_of(at, stream), stream.call, number, time=time_of(at))


@rule(
    "sequence-restart", "note", "Sequence numbers began anew, or jumped far",
    scope="stream",
    why="The sender restarted with the same SSRC. With SRTP, receivers may refuse everything from then on.",
    fix="Look at what restarted it; a new stream should take a new SSRC.",
)
def sequence_restart(facts: Facts) -> Iterator[Found]:
    several = spanning(facts)
    for number, stream in facts.striking:
        if stream.restarts and number not in several and mark(stream, "alternation") is None:
            what = f"{name_of(stream)}: sequence numbers went on elsewhere {counted(stream.restarts, 'time')}"
            breaks = marks(stream, "restart")
            places = [each.place for each in breaks] or place_of(None, stream)
            first = breaks[0] if breaks else None
            what += f", first {into(stream, first.time)}" if first else ""
            yield Found(what, places, stream.call, number, time=time_of(first))


@rule(
    "quality-poor", "warning", "This stream will have sounded badly",
    scope="stream", absence="loss",
    why="Below a score of 3.6 many listeners are dissatisfied, below 3.1 nearly all (ITU-T G.107 annex B).",
    fix="See the findings about loss and round trip: one of them is the reason. If there is neither, it is the "
    "codec.",
)
def quality_poor(facts: Facts) -> Iterator[Found]:
    for number, stream in facts.striking:
        quality = stream.quality
        if quality and quality.mos is not None and quality.mos < POOR_MOS and stream.packets >= MIN_RTP_PACKETS:
            severity: Severity = "error" if quality.mos < BAD_MOS else "warning"
            if not stream.lost and quality.delay_ms < LONG_DELAY_MS:
                severity = "note"  # Nothing went wrong on the way: the codec costs as much.
            what = f"{name_of(stream)}: MOS {quality.mos:.2f} ({quality.basis})"
            if number in facts.once(_arrived):
                severity = "note"
                what += "; the receiver lost less than the capture, and heard better"
            hole = stalled(facts, number)
            if hole is not None and hole.missing > stream.lost / 2:
                severity = "note"
                what += "; most of the loss is of a time in which nothing else came either"
            at = _worst(stream, "loss", "irregular")
            places = place_of(at, stream)
            yield Found(what, places, stream.call, number, certainty="medium", severity=severity, time=time_of(at))


@rule(
    "round-trip-long", "warning", "It takes long from one side to the other and back",
    scope="stream",
    why="From about 300 ms for both ways, people begin to speak at the same time.",
    fix="Look at the path that media takes: a relay on another continent, a satellite, a queue that is too long.",
)
def round_trip_long(facts: Facts) -> Iterator[Found]:
    for number, stream in facts.striking:
        round_trip = stream.rtcp.round_trip_ms if stream.rtcp else None
        if round_trip is not None and round_trip >= ROUND_TRIP_MS:
            heard = stream.rtcp.last if stream.rtcp else None
            what = f"{name_of(stream)}: {round_trip:,.0f} ms"
            yield Found(what, (stream.first_place,), stream.call, number, time=heard)


@rule(
    "rtcp-missing", "note", "Nobody sends RTCP",
    scope="capture", confirm_seconds=UNANSWERED_SECONDS, absence="state",
    why="Without reports neither side knows what the other loses, and nobody can measure the round trip.",
    fix="See whether a firewall stops the odd port; a=rtcp-mux avoids that.",
)
def rtcp_missing(facts: Facts) -> Iterator[Found]:
    long = [stream for stream in facts.streams if stream.last - stream.first >= 20]
    if long and not any(seen.name == "RTCP" for seen in facts.capture.protocols):
        yield Found(f"{counted(len(long), 'stream')} of 20 s and more, no RTCP", [long[0].first_place])


RULES = (
    quality_poor, stream_loss, loss_bursts, *LOCATED, stream_jitter, round_trip_long, stream_reordered,
    stream_duplicates, sequence_restart, rtcp_missing,
)
