"""Rules about who sends: sources that change, that are not alone in their name, and that outlive their call."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import pairwise
from operator import itemgetter

from dissectors.analysis.calls.media_lines import OTHER_SIDE
from dissectors.findings.agreements import rtp_lines
from dissectors.findings.kinds import SOUND, by_ssrc
from dissectors.findings.media_traits import ASTRAY, BESIDE, CROWDED, OUTLIVING
from dissectors.findings.moments import marks
from dissectors.findings.rule import Facts, Found, both_ends, counted, name_of, rule
from dissectors.report import Call, Stream
from dissectors.wire.datagram import endpoint

MIN_REUSED = 3
MIN_SECONDS_TOGETHER, MIN_PACKETS_PER_SECOND = 2.0, 10.0
"""For how long two sources of sound send at once where that is told, and how often: comfort noise comes less often."""

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


@rule(
    "sources-at-once", "warning", "Two sources of sound are sent to one port at the same time",
    scope="stream",
    why="One line of sound was agreed on, and nothing said that two sources would share it (RFC 5576). Many phones "
    "play one of them only, or go to and fro between the two; others mix them.",
    fix="See what sends both: an announcement or music that does not stop when the call is answered, a transfer that "
    "leaves the old source running, or a media server that forwards what it is to mix.",
)
def sources_at_once(facts: Facts) -> Iterator[Found]:
    for number, call in facts.talks(CROWDED):
        if len(call.streams) < 2 or not _is_for_one_source(call):
            continue
        ways: dict[tuple[str, int, str, int], list[int]] = {}
        for position in call.streams:
            stream = facts.streams[position]
            if _is_speech(stream):
                ways.setdefault((stream.src, stream.sport, stream.dst, stream.dport), []).append(position)
        for positions in ways.values():
            for one, other in pairwise(sorted(positions, key=lambda each: facts.streams[each].first)):
                first, second = facts.streams[one], facts.streams[other]
                together = _together(first, second)
                if first.ssrc != second.ssrc and together >= MIN_SECONDS_TOGETHER:
                    what = f"{name_of(second)}: SSRC 0x{first.ssrc:08X} goes on beside it for {together:.1f} s"
                    places = (first.first_place, second.first_place)
                    yield Found(what, places, number, other, "high", time=second.first)


def _is_for_one_source(call: Call) -> bool:
    """Whether a call has one line of sound alone, to which one phone answers and which names no two sources."""
    for described in call.descriptions:
        lines = rtp_lines(described)
        if len(lines) > 1 or any(line.kind != SOUND or len(line.ssrcs) > 1 for line in lines):
            return False
    return len({each.to_tag for each in call.descriptions if each.role == "answer"}) == 1


def _together(first: Stream, second: Stream) -> float:
    """For how many seconds both of two streams send, of which the second began later."""
    begin, end = second.first, min(first.last, second.last)
    paused = [
        (max(begin, each.time - (each.milliseconds or 0.0) / 1000), min(end, each.time))
        for stream in (first, second) for each in marks(stream, "pause")
    ]
    return end - begin - sum(max(0.0, until - since) for since, until in paused)


def _is_speech(stream: Stream) -> bool:
    """Whether a stream is of a codec of sound and goes on all the time."""
    if stream.kind != SOUND or stream.codec is None or stream.codec.lower() in BESIDE or stream.repairs is not None:
        return False
    seconds = stream.last - stream.first
    return seconds >= MIN_SECONDS_TOGETHER and stream.packets >= MIN_PACKETS_PER_SECOND * seconds


RULES = (ssrc_changed, ssrc_shared, stream_spans_calls, sequence_reused, sources_at_once)
