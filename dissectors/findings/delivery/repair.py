"""Rules about what was sent again: losses that were repaired, and those that nobody repaired."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.findings.rule import Facts, Found, counted, name_of, rule
from dissectors.report import Certainty, Repair, Severity, Stream

MIN_UNANSWERED, UNANSWERED_SHARE = 3, 0.2
"""So many packets, and this share of those that NACKs asked for, must not have come for a finding."""

FEC_NAMES = {"red": "RED", "ulpfec": "ULPFEC", "flexfec": "FlexFEC"}
REPAIRING = ("rtx", "red", "ulpfec", "flexfec", "flexfec-03")
"""Codecs of streams that repair another one in a way that may not be read here."""


@rule(
    "loss-repaired", "note", "Lost packets were sent again",
    scope="stream",
    why="A packet that comes again in time is not lost for the viewer: pictures wait for it a few hundred "
    "milliseconds.",
    fix="Nothing, as long as it is fast. Each repair costs a round trip: if there are many, look at the loss.",
)
def loss_repaired(facts: Facts) -> Iterator[Found]:
    for number, stream in facts.striking:
        repair = stream.repair
        if repair is not None and (repair.answered or repair.restored):
            places = (repair.place,) if repair.place else ()
            yield Found(_repaired(stream, repair), places, stream.call, number, time=repair.first_repair)


def unread(repair: Repair | None) -> bool:
    """Whether there is RTX of which cannot be read what it repairs."""
    if repair is None or repair.rtx_read:
        return False
    return bool(repair.rtx_packets) and not repair.by_rtx and not repair.restored


def may_be_repaired(stream: Stream) -> bool:
    """Whether there is as much of such RTX, or of FEC, as was lost."""
    repair = stream.repair
    if repair is None:
        return False
    again = repair.rtx_packets if unread(repair) else 0
    return again + (0 if repair.restored else repair.fec_packets) >= max(1, stream.lost)


def repairing(repair: Repair) -> str:
    """What may have repaired a stream, in words: packets of RTX and of FEC."""
    kinds = [f"{counted(repair.rtx_packets, 'packet')} of RTX"] if unread(repair) else []
    if repair.fec_packets and repair.fec:
        kinds.append(f"{counted(repair.fec_packets, 'packet')} of {FEC_NAMES[repair.fec]}")
    return " and ".join(kinds)


def _repaired(stream: Stream, repair: Repair) -> str:
    """How many were repaired, by what, and how fast."""
    least = "at least " if repair.more else ""
    if repair.answered:
        done, of, since = repair.answered, f"{repair.asked:,} packets that NACKs asked for", "NACK"
    else:
        done, of, since = repair.restored, f"{repair.lost:,} lost packets", "gap"
    by_rtx = (repair.by_rtx or repair.restored) if repair.rtx_ssrc is not None else 0
    ways = [f"{by_rtx:,} by RTX (SSRC 0x{repair.rtx_ssrc:08X})"] if by_rtx else []
    ways += [f"{repair.restored:,} in RED"] if repair.fec == "red" and repair.restored and not by_rtx else []
    ways += [f"{repair.by_number:,} under their own numbers"] if repair.by_number else []
    took = f"{repair.median_ms or 0:,.0f} ms after the {since}, {repair.longest_ms or 0:,.0f} ms at most"
    return f"{name_of(stream)}: {least}{done:,} of {of} came again, {', '.join(ways)}, {took}"


@rule(
    "loss-not-repaired", "warning", "Packets were asked for again, and did not come",
    scope="stream", absence="loss",
    why="The receiver names what it misses (NACK), and nothing answers: pictures freeze or break until the next key "
    "frame.",
    fix="See whether the sender supports a=rtcp-fb nack, whether RTX was negotiated (a=rtpmap rtx with apt), and "
    "whether the NACKs reach it. They must name the SSRC that it sends.",
)
def loss_not_repaired(facts: Facts) -> Iterator[Found]:
    known = {stream.repair.rtx_ssrc for _, stream in facts.striking if stream.repair and stream.repair.rtx_read}
    repaired_otherwise = {
        flow
        for _, stream in facts.striking
        if (stream.codec or "").lower() in REPAIRING and stream.ssrc not in known
        for flow in stream.flows
    }
    for number, stream in facts.striking:
        repair = stream.repair
        if repair is None or stream.encrypted or unread(repair) or repaired_otherwise.intersection(stream.flows):
            continue
        missed = repair.asked - repair.answered
        if missed < MIN_UNANSWERED or missed <= UNANSWERED_SHARE * repair.asked:
            continue
        least = "at least " if repair.more else ""
        what = (
            f"{name_of(stream)}: {least}{missed:,} of {counted(repair.asked, 'packet')} that NACKs asked for did not "
            f"come again"
        )
        if repair.rtx_read and repair.rtx_packets and not repair.by_rtx:
            what += f"; {counted(repair.rtx_packets, 'packet')} of RTX name other numbers"
        places = (repair.place,) if repair.place else ()
        severity: Severity | None = "note" if repair.answered > missed else None
        sure: Certainty = "medium" if repair.answered else "high"
        yield Found(what, places, stream.call, number, sure, severity, repair.unanswered)


RULES = (loss_repaired, loss_not_repaired)
