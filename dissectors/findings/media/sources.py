"""Rules about who sends: sources that change, that are not alone in their name, and that outlive their call."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from operator import itemgetter

from dissectors.analysis.calls.media_lines import OTHER_SIDE
from dissectors.findings.agreements import rtp_lines
from dissectors.findings.kinds import by_ssrc
from dissectors.findings.media_traits import ASTRAY, CROWDED, OUTLIVING
from dissectors.findings.rule import Facts, Found, both_ends, counted, name_of, rule
from dissectors.report import Call, Stream
from dissectors.wire.datagram import endpoint

MIN_REUSED = 3
MAX_LATER_CALLS = 16
"""So many later calls of one stream are told."""


def spanning(facts: Facts) -> dict[int, list[int]]:
    """The streams that went on into later calls at the same endpoints, with the positions of those calls."""
    return facts.once(_spanning)


def _spanning(facts: Facts) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    outlived = [
        (number, stream, call.ended) for _, call in facts.having(OUTLIVING) if call.ended is not None
        for number in call.streams if (stream := facts.streams[number]).last > call.ended
    ]
    if not outlived:
        return found
    at = _by_endpoint(facts, min(ended for _, _, ended in outlived), max(stream.last for _, stream, _ in outlived))
    for number, stream, ended in sorted(outlived, key=itemgetter(0)):
        for end in ((stream.dst, stream.dport), (stream.src, stream.sport)):
            starts, calls = at.get(end, ([], []))
            later = calls[bisect_left(starts, ended) : bisect_right(starts, stream.last)][:MAX_LATER_CALLS]
            if later:
                found[number] = later
                break
    return found


def _by_endpoint(
    facts: Facts, since: float, until: float
) -> dict[tuple[str | None, int], tuple[list[float], list[int]]]:
    """When the answered calls began that announced an endpoint, and their positions, in order of time.

    They are those that began in this time.
    """
    at: dict[tuple[str | None, int], tuple[list[float], list[int]]] = {}
    begun = [(number, call) for number, call in facts.talks() if since <= call.start <= until]
    for number, call in sorted(begun, key=lambda talk: talk[1].start):
        for end in _announced(call):
            starts, calls = at.setdefault(end, ([], []))
            starts.append(call.start)
            calls.append(number)
    return at


def _announced(call: Call) -> set[tuple[str | None, int]]:
    return {(line.address, line.port) for described in call.descriptions for line in rtp_lines(described)}


@rule(
    "stream-spans-calls", "note", "One stream goes through several calls",
    scope="stream",
    why="The sender kept its SSRC and its port when the next call began, so nothing separates the two. Loss, jitter "
    "and times of the stream belong to all these calls together; the report shows it with the first one.",
    fix="Let the sender take a new SSRC for each call (RFC 3550 section 8.1). To judge the calls one by one, cut the "
    "capture (editcap -A and -B).",
)
def stream_spans_calls(facts: Facts) -> Iterator[Found]:
    for number, later in spanning(facts).items():
        stream = facts.streams[number]
        for call in later:
            what = f"{name_of(stream)}: began in an earlier call and goes on in this one"
            yield Found(what, both_ends(stream), call, number, certainty="high")


@rule(
    "ssrc-changed", "note", "The source of a stream changed within a call",
    scope="stream",
    why="A sender that starts again resets the receiver's jitter buffer: people hear a click, or another voice.",
    fix="This is normal after a transfer, an announcement or a re-INVITE. If there was none, look at what restarted "
    "the sender.",
)
def ssrc_changed(facts: Facts) -> Iterator[Found]:
    for number, call in facts.having(ASTRAY, CROWDED):
        if len(call.streams) < 2:
            continue
        latest: dict[tuple[str, int, str, int, str | None], Stream] = {}
        for after in call.streams:
            two = facts.streams[after]
            way = (two.src, two.sport, two.dst, two.dport, two.kind)
            one, latest[way] = latest.get(way), two
            if one is not None and one.ssrc != two.ssrc and 0 <= two.first - one.last < 5:
                what = f"{one.src} to {one.dst}: SSRC 0x{one.ssrc:08X} becomes 0x{two.ssrc:08X}"
                yield Found(what, (one.last_place, two.first_place), number, after)


@rule(
    "ssrc-shared", "note", "Two senders use the same SSRC",
    why="Each source in one session needs an SSRC of its own (RFC 3550 section 8.2). Receivers and recorders may mix "
    "the two up, and each sender may think that its own media comes back in a loop.",
    fix="Let the endpoints choose their SSRC at random; test tools often do not.",
)
def ssrc_shared(facts: Facts) -> Iterator[Found]:
    for number, call in facts.having(CROWDED):
        streams = facts.of(call)
        if len({stream.ssrc for stream in streams}) == len(streams):
            continue
        users: dict[int, dict[str, Stream]] = {}
        for stream in streams:
            # A relay passes the SSRC on, and a side that moves keeps it: only both sides at once share one.
            users.setdefault(stream.ssrc, {}).setdefault(stream.sender or "", stream)
        for sides in users.values():
            if set(OTHER_SIDE) <= set(sides):
                yield _shared([sides[side] for side in OTHER_SIDE], number)
    namesakes = facts.once(by_ssrc)
    if namesakes and facts.sessions:
        from dissectors.findings.media.namesakes import shared_in_sessions

        for streams in shared_in_sessions(facts):
            yield _shared(streams, None)


def _shared(streams: list[Stream], call: int | None) -> Found:
    """Two senders of one SSRC."""
    sources = " and ".join(sorted({endpoint(stream.src, stream.sport) for stream in streams}))
    return Found(f"SSRC 0x{streams[0].ssrc:08X} is sent by {sources}", [s.first_place for s in streams], call)


@rule(
    "sequence-reused", "warning", "A sequence number is used for two packets",
    scope="stream",
    why="A receiver drops the second packet as a repetition. With SRTP, the same number encrypts two packets with "
    "one key stream: whoever has both packets can read them.",
    fix="Look at what makes the numbers: two sources behind one SSRC, a sender that restores an old state, or a "
    "mixer that adds packets of its own without new numbers.",
)
def sequence_reused(facts: Facts) -> Iterator[Found]:
    for number, stream in facts.striking:
        if stream.reused < MIN_REUSED or any(mark.kind == "alternation" for mark in stream.marks):
            continue
        what = f"{name_of(stream)}: {counted(stream.reused, 'packet')} with the number of the one before and another "
        places = (stream.reused_place,) if stream.reused_place else ()
        yield Found(what + "timestamp", places, stream.call, number, "high")


RULES = (ssrc_changed, ssrc_shared, stream_spans_calls, sequence_reused)
