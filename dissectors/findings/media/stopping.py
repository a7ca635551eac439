"""Rules about media that stop: before the call ends, or for good at a hold."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.analysis.calls.media_lines import OTHER_SIDE
from dissectors.findings.agreements import ANYWHERE, Agreement, Span, agreements, length, wants_rtp, within
from dissectors.findings.connectivity import sessions
from dissectors.findings.kinds import SOUND_KINDS
from dissectors.findings.media.pauses import ends_in_noise, pauses
from dissectors.findings.media.silence import (
    MAX_STRAY_PACKETS,
    MAX_STREAMS_TOLD_APART,
    MIN_RTP_PACKETS,
    by_destination,
    packets,
    sound,
    spans_of,
    ways,
)
from dissectors.findings.media_traits import STOPPED
from dissectors.findings.rule import Facts, Found, rule
from dissectors.report import Call, Media, Stream

ENDED_EARLY_SECONDS = 5.0


@rule(
    "media-ended-early", "warning", "One side stopped sending long before the end",
    absence="state",
    why="From then on its peer heard nothing, although the call went on.",
    fix="Look at what changed at that moment: address (Wi-Fi to mobile), NAT binding, re-INVITE, a crashed sender.",
)
def media_ended_early(facts: Facts) -> Iterator[Found]:
    yield from sessions.ended_early(facts)
    for number, call, side, last, rest, _ in facts.once(_stopped):
        if call.begun_before and _only_early(call, last, rest):
            continue  # The answer that is here is not the first one.
        if _only_early(call, last, rest):
            before = (call.answered or 0.0) - last.last
            what = (
                f"the {side} sent early media only: its last RTP comes {before:.1f} s before the answer, and none in "
                f"the {length(rest):.1f} s after it"
            )
            yield Found(what, (last.last_place,), number)
        elif rest[0][0] <= last.last and rest[0][1] - rest[0][0] > ENDED_EARLY_SECONDS:
            what = f"the {side} sends no RTP after this, although it may speak for {length(rest):.1f} s more"
            yield Found(what, (last.last_place,), number)


@rule(
    "media-not-resumed", "warning", "One side never sent again after hold",
    absence="state",
    why="The hold was over, so this side could speak again, but its peer hears nothing.",
    fix="See whether the silent side got and understood the re-INVITE that ended the hold.",
)
def media_not_resumed(facts: Facts) -> Iterator[Found]:
    for number, call, side, last, rest, agreed in facts.once(_stopped):
        if _only_early(call, last, rest):
            continue
        if rest[0][0] <= last.last:
            rest = rest[1:] if rest[0][1] - rest[0][0] <= ENDED_EARLY_SECONDS else []
        if length(rest) > ENDED_EARLY_SECONDS:
            begin = rest[0][0]
            place = next((each.answer.place for each in agreed if each.begin == begin), last.last_place)
            what = (
                f"the {side} may send again as of {begin - call.start:.1f} s into the call, "
                f"and did not for {length(rest):.1f} s; its last RTP came {begin - last.last:.1f} s before that"
            )
            yield Found(what, (place, last.last_place), number, time=begin)


Stopped = tuple[int, Call, str, Stream, list[Span], list[Agreement]]
"""A call by its number, a side of it, the last stream of that side, and when it still might have sent after it."""


def _only_early(call: Call, last: Stream, rest: list[Span]) -> bool:
    """Whether a side was to go on as of the answer, and its last RTP came before it."""
    return call.answered is not None and last.last < call.answered and rest[0][0] <= call.answered


def _stopped(facts: Facts) -> list[Stopped]:
    """The sides of calls that stopped sending long before they had to."""
    found: list[Stopped] = []
    for number, call in facts.talks(STOPPED):
        if call.ended is None or not call.streams:
            continue
        late = call.ended - ENDED_EARLY_SECONDS
        if all(stream.last > late for stream in facts.of(call)):
            continue
        agreed = agreements(facts)[number]
        if _moved_away(facts, agreed):
            continue
        for side in OTHER_SIDE:
            # A side that fell silent after a few datagrams has stopped all the same.
            streams, others = (sound(facts, call, agreed, each) for each in (side, OTHER_SIDE[side]))
            if packets(streams) <= MAX_STRAY_PACKETS and packets(others) >= MIN_RTP_PACKETS:
                continue  # One way, from the beginning.
            last = max(streams, key=lambda stream: stream.last, default=None)
            if last is None or call.ended - last.last <= ENDED_EARLY_SECONDS or pauses(last) or ends_in_noise(last):
                continue
            rest = within(spans_of(facts, call, agreed, side), last.last, call.ended)
            if length(rest) > ENDED_EARLY_SECONDS and not _in_another_call(facts, number, agreed, side, last):
                found.append((number, call, side, last, rest, agreed))
    return found


def _in_another_call(facts: Facts, number: int, agreed: list[Agreement], side: str, last: Stream) -> bool:
    """Whether a side's media goes on as another call's: legs of one call may agree on the same media, directly."""
    arriving = by_destination(facts)
    ends = {
        (theirs.address, theirs.port)
        for each in agreed if each.end > last.last for _, theirs in each.lines(side) if wants_rtp(theirs)
    }
    return any(
        each.call not in (None, number) and each.last > last.last and each.packets >= MIN_RTP_PACKETS
        and each.kind in SOUND_KINDS and each.first < facts.end_of(facts.calls[number])
        for end in ends for each in arriving.get(end, ())[:MAX_STREAMS_TOLD_APART]
    )


def _moved_away(facts: Facts, agreed: list[Agreement]) -> bool:
    """Whether media were moved during the call to two hosts between which nothing is in the capture."""
    seen = ways(facts).pairs
    first: set[tuple[str | None, str | None]] = set()
    for each in agreed:
        lines = [two for two in each.lines("caller") if all(map(_is_somewhere, two))]
        hosts = {(own.address, theirs.address) for own, theirs in lines}
        if each.answer.exchange != agreed[0].answer.exchange:
            if not all([pair in seen or pair[::-1] in seen for pair in hosts - first]):
                return True
        first |= hosts
    return False


def _is_somewhere(line: Media) -> bool:
    return wants_rtp(line) and line.address not in ANYWHERE


RULES = (media_ended_early, media_not_resumed)
