"""How streams belong together: what repairs another one, layers of one picture, and one stream on several ways."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from dissectors.mux.counters import MAX_DROPOUT, MAX_MISORDER, Counters
from dissectors.mux.pictures import PICTURES_CLOCK
from dissectors.report import LipSync, SenderClock, Stream
from dissectors.wire.values import replace

MAX_BESIDE, MAX_ROOTS = 32, 8
"""So many streams of a flow, and so many of one SSRC, are compared with each other one."""

SAME_CLOCK_SECONDS = 3
"""How far the timestamps of what is sent again, which are those of what was sent first, may be behind."""

MIN_SHARED, MIN_SHARED_PACKETS = 0.5, 8
"""What share of the shorter stream's numbers the longer one must have too, and how many."""

LATE_NS = 1_000_000_000

MAX_MOVES, MOVED_SECONDS, MAX_MOVE_SECONDS = 64, 1.0, 30.0
"""So many streams of one SSRC are looked at; how long one is heard on both ways, and on neither, while it moves."""


def related(streams: Mapping[int, Stream], counted: Mapping[int, Counters]) -> dict[int, Stream]:
    """The streams that belong to others of these, each with those; `counted` are their counters, both by position."""
    changes: dict[int, dict[str, object]] = defaultdict(dict)
    on: dict[int, list[int]] = defaultdict(list)
    named: dict[int, list[int]] = defaultdict(list)
    for position, stream in streams.items():
        if len(on[stream.flows[0]]) < MAX_BESIDE:
            on[stream.flows[0]].append(position)
        named[stream.ssrc].append(position)
    for beside in on.values():
        if len(beside) > 1:
            for position, source in _repairing(beside, streams, counted):
                changes[position] |= {"repairs": streams[source].ssrc, "video": None}
            for layers in _layers(beside, streams):
                for position in layers:
                    changes[position]["simulcast"] = tuple(streams[each].ssrc for each in layers)
    for position, beside_it in _with_sound(streams):
        changes[position]["lip_sync"] = beside_it
    for alike in named.values():
        if len(alike) > 1:
            for first, ways in _ways(alike, streams, counted):
                changes[first]["ways"] = tuple(ways)
                for position in ways:
                    changes[position]["way_of"] = first
            for before, position in _moves(alike, streams, counted):
                changes[position]["continues"] = before
    return {position: replace(streams[position], **changed) for position, changed in changes.items()}


def _repairing(
    beside: Sequence[int], streams: Mapping[int, Stream], counted: Mapping[int, Counters]
) -> Iterator[tuple[int, int]]:
    """Which stream of a flow repairs which other one: as is known of its source, or by their timestamps."""
    known = {repair.rtx_ssrc: n for n in beside if (repair := streams[n].repair) is not None and repair.rtx_ssrc}
    for position in beside:
        source = known.get(streams[position].ssrc)
        if source is None:
            source = next((n for n in beside if n != position and _sends_again(counted[position], counted[n])), None)
        if source is not None:
            yield position, source


def _sends_again(one: Counters, source: Counters) -> bool:
    """Whether a stream has the timestamps of another one, in other payload types and with fewer packets.

    Timestamps begin at random, so that it is no accident; what repairs one that is encrypted shows nothing else.
    """
    if source.pictures is None or one.packets >= source.packets or one.sizes.keys() & source.sizes.keys():
        return False
    if one.pictures is None and one.packets < MIN_SHARED_PACKETS or one.last < source.first or one.first > source.last:
        return False
    expected = source.timestamp + (one.last - source.last) * PICTURES_CLOCK // 1_000_000_000
    behind = (expected - one.timestamp + 0x80000000 & 0xFFFFFFFF) - 0x80000000
    return abs(behind) < SAME_CLOCK_SECONDS * PICTURES_CLOCK


def _layers(beside: Sequence[int], streams: Mapping[int, Stream]) -> Iterator[list[int]]:
    """The streams of one media line that have identifiers of their own (RFC 8853)."""
    lines: dict[str | None, dict[str, int]] = defaultdict(dict)
    for position in beside:
        if (rid := streams[position].rid) is not None:
            lines[streams[position].mid].setdefault(rid, position)
    yield from ([*layers.values()] for layers in lines.values() if len(layers) > 1)


def _with_sound(streams: Mapping[int, Stream]) -> Iterator[tuple[int, LipSync]]:
    """Pictures with the one sound of the same sender, where both have reports."""
    sounds: dict[tuple[str, str, int | None], list[Stream]] = defaultdict(list)
    pictures = [n for n, each in streams.items() if each.video is not None and each.sender_clock is not None]
    for stream in streams.values() if pictures else ():
        if stream.sender_clock is not None and stream.clock not in (None, PICTURES_CLOCK):
            sounds[stream.src, stream.dst, stream.call].append(stream)
    for position in pictures:
        picture = streams[position]
        beside = sounds.get((picture.src, picture.dst, picture.call), ())
        if len(beside) == 1 and picture.sender_clock is not None and beside[0].sender_clock is not None:
            yield position, _apart(picture.sender_clock, beside[0].ssrc, beside[0].sender_clock)


def _apart(picture: SenderClock, audio: int, sound: SenderClock) -> LipSync:
    """How much later the picture of a moment comes: by each stream, how long after its wall clock's time it came."""
    offset = (picture.media_ms - picture.wallclock_ms) - (sound.media_ms - sound.wallclock_ms)
    return LipSync(audio, offset, min(picture.reports, sound.reports), picture.spread_ms + sound.spread_ms)


def _ways(
    alike: Sequence[int], streams: Mapping[int, Stream], counted: Mapping[int, Counters]
) -> Iterator[tuple[int, list[int]]]:
    """The streams of one SSRC that are the same one on other ways, by the first of them."""
    roots: dict[int, list[int]] = {}
    for position in alike:
        for first in roots:
            if _same(counted[first], counted[position]) and not _back(streams[first], streams[position]):
                roots[first].append(position)
                break
        else:
            if len(roots) < MAX_ROOTS:
                roots[position] = []
    yield from ((first, ways) for first, ways in roots.items() if ways)


def _moves(
    alike: Sequence[int], streams: Mapping[int, Stream], counted: Mapping[int, Counters]
) -> Iterator[tuple[int, int]]:
    """Streams that go on where another one of their SSRC ended, on other ports, each with that one."""
    ended: list[int] = []
    for position in alike[:MAX_MOVES]:
        two = counted[position]
        before = next((each for each in reversed(ended) if _goes_on(counted[each], two)), None)
        if before is not None and not _back(streams[before], streams[position]):
            ended.remove(before)
            yield before, position
        ended.append(position)


def _goes_on(one: Counters, two: Counters) -> bool:
    """Whether numbers and timestamps of a stream begin behind another one's, when that has ended."""
    seconds = (two.first - one.last) / 1e9
    if not -MOVED_SECONDS <= seconds <= MAX_MOVE_SECONDS or not one.sizes.keys() & two.sizes.keys():
        return False
    # A stream that ends and one that begins may overlap by some packets that one path holds up.
    step = (two.base - one.highest + 0x8000 & 0xFFFF) - 0x8000
    pace = one.pace or two.pace
    expected = one.timestamp + (two.last - one.last) * pace / 1e9
    apart = abs((two.timestamp - expected + 0x80000000) % (1 << 32) - 0x80000000)
    return -MAX_MISORDER < step < MAX_DROPOUT and (not pace or apart < SAME_CLOCK_SECONDS * pace)


def _back(one: Stream, two: Stream) -> bool:
    """Whether a stream goes back to where another one comes from: an echo is no way of it."""
    return (one.src, one.sport) == (two.dst, two.dport)


def _same(one: Counters, two: Counters) -> bool:
    """Whether both have the same numbers, at about the same time, with the same payload types."""
    if one.restarts or two.restarts or not one.sizes.keys() & two.sizes.keys():
        return False
    if two.first > one.last + LATE_NS or one.first > two.last + LATE_NS:
        return False
    begins = (two.base - one.base + 0x8000 & 0xFFFF) - 0x8000
    shared = min(one.highest - one.base, begins + two.highest - two.base) - max(0, begins) + 1
    shorter = min(one.highest - one.base, two.highest - two.base) + 1
    if shared < MIN_SHARED_PACKETS or shared < MIN_SHARED * shorter:
        return False
    # The one with the same last number has the same timestamp there; else the clocks must agree.
    if one.highest & 0xFFFF == two.highest & 0xFFFF:
        return one.timestamp == two.timestamp
    pace = one.pace or two.pace
    expected = one.timestamp + (two.last - one.last) * pace / 1e9
    return not pace or abs((two.timestamp - expected + 0x80000000) % (1 << 32) - 0x80000000) < SAME_CLOCK_SECONDS * pace
