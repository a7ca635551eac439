"""Rules about senders that number their packets wrongly, so that nothing is lost although numbers are missing."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.findings.moments import mark, place_of, time_of
from dissectors.findings.rule import Facts, Found, name_of, rule
from dissectors.report import Severity, Stream

MIN_UNNUMBERED, LOSS_SHARE, HEARD_SHARE = 10, 0.005, 0.01
"""How many frames, and what share of all, are missing where that is told, and where it is heard."""

MAX_OFF_SHARE = 0.05
"""By what share the numbers that one stream leaves out may differ from the packets of the other that has them."""


def shared_counts(facts: Facts) -> dict[int, int]:
    """The streams, by position, whose missing numbers are those of another stream of their sender, which one.

    That other one is known to leave out numbers, as many as the stream has packets.
    """
    alone = [(number, stream) for number, stream in facts.striking if stream.miscounted]
    return {
        number: other
        for number, stream in (facts.striking if alone else ())
        for other, miscounted in alone
        if number != other and stream.lost and _count_together(stream, miscounted)
    }


def _count_together(one: Stream, other: Stream) -> bool:
    """Whether two streams take their numbers from one count."""
    if (one.src, one.dst) != (other.src, other.dst) or min(one.last, other.last) <= max(one.first, other.first):
        return False
    pairs = ((one.lost, other.packets), (other.lost, one.packets))
    return all(abs(lost - packets) <= MAX_OFF_SHARE * packets for lost, packets in pairs)


@rule(
    "sequence-skipped", "warning", "A sender leaves out sequence numbers",
    scope="stream",
    why="Each packet has the next number (RFC 3550 section 5.1). A receiver takes those left out for lost packets: it "
    "conceals frames that never were, reports loss that is none, and the sender may lower its quality.",
    fix="Look at what counts the packets of the sender: each source needs a count of its own.",
)
def sequence_skipped(facts: Facts) -> Iterator[Found]:
    together = facts.once(shared_counts)
    partners = {other: number for number, other in together.items()}
    for number, stream in facts.striking:
        partner = together.get(number, partners.get(number))
        if stream.miscounted or number in together:
            count = stream.miscounted or stream.lost
            what = f"{name_of(stream)}: {count:,} numbers beside {stream.packets:,} packets are left out"
            what += ", and timestamps have no room for more packets" if stream.miscounted else ""
            if partner is not None:
                what += f"; SSRC 0x{facts.streams[partner].ssrc:08X} of the same sender has as many packets"
            at = mark(stream, "loss")
            yield Found(what, place_of(at, stream), stream.call, number, certainty="high", time=time_of(at))


@rule(
    "loss-hidden", "note", "Frames are missing, and no sequence number is",
    scope="stream",
    why="Numbers follow one another, and timestamps leave room for one frame or two. Nobody is silent for so short, "
    "and a talkspurt would begin with the marker (RFC 3551 section 4.1). Speech suffers as from loss, and no receiver "
    "reports any.",
    fix="Look in front of the relay or media server that sends this: what was lost on the way to it has no number "
    "here. If there is none, look for a sender that is too busy to send each frame.",
)
def loss_hidden(facts: Facts) -> Iterator[Found]:
    for number, stream in facts.striking:
        timing = stream.timing
        if timing is None or timing.unnumbered < MIN_UNNUMBERED or not timing.real_time:
            continue
        whole = timing.unnumbered + stream.packets + stream.lost
        share = timing.unnumbered / whole
        if share >= LOSS_SHARE:
            what = f"{name_of(stream)}: {timing.unnumbered:,} of {whole:,} frames ({share:.1%}) are missing"
            what += ", one or two at a time"
            severity: Severity = "warning" if share >= HEARD_SHARE else "note"
            yield Found(what, (stream.first_place,), stream.call, number, "high", severity)


RULES = (sequence_skipped, loss_hidden)
