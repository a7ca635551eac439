"""Rules about how long the frames of a stream are, and how evenly they come."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.analysis.calls.media_lines import OTHER_SIDE
from dissectors.findings.agreements import agreements, in_force
from dissectors.findings.kinds import video
from dissectors.findings.media_traits import PACED, TOLERATED_MS, keeps_pace
from dissectors.findings.moments import into, mark, marks
from dissectors.findings.negotiation.payload_types import at
from dissectors.findings.rule import Facts, Found, name_of, rule
from dissectors.report import Media, Place, Severity, Stream
from dissectors.wire.values import Struct, replace

MIN_SECONDS, MIN_PACKETS = 1.0, 50
LONGEST_FRAME_MS = 120.0
"""What comes farther apart is comfort noise."""

MIN_TOGETHER_SHARE, MIN_FRAME_MS = 0.3, 10.0
"""What share of the datagrams must come right behind the one before, and how long their frames must be."""


class Frames(Struct, frozen=True):
    """Frames of so many milliseconds, from when until when, where they began, and whether the stream has no others."""

    milliseconds: float
    begin: float
    end: float
    place: Place
    only: bool


def frames(stream: Stream) -> list[Frames]:
    """The lengths of frames that a stream had one after the other; comfort noise has none."""
    changes = [each for each in marks(stream, "rhythm") if each.milliseconds]
    ends = [*[each.time for each in changes[1:]], stream.last]
    found = [
        Frames(each.milliseconds or 0.0, each.time, end, each.place, False)
        for each, end in zip(changes, ends, strict=False)
    ]
    if not changes and stream.timing and stream.timing.frame_ms:
        found = [Frames(stream.timing.frame_ms, stream.first, stream.last, stream.first_place, True)]
    if found and found[0].begin - stream.first < MIN_SECONDS:
        found[0] = replace(found[0], begin=stream.first, place=stream.first_place)
    return [each for each in found if each.milliseconds <= LONGEST_FRAME_MS and each.end - each.begin >= MIN_SECONDS]


@rule(
    "ptime-differs", "warning", "Frames are of another length than was agreed",
    scope="stream",
    why="The receiver asked for so many milliseconds of sound in each packet (RFC 8866 section 6.4). Most receivers "
    "accept any length. Gateways, old phones and recorders that expect one length play chopped, or at the wrong "
    "speed.",
    fix="Let the sender follow ptime and maxptime of its peer, or announce what it sends. Transcoders and trunks "
    "often have a fixed length that can be set.",
)
def ptime_differs(facts: Facts) -> Iterator[Found]:
    asking = [
        number for _, call in facts.having(PACED) for number in call.streams
        if any(line.ptime or line.maxptime for described in call.descriptions for line in described.media)
    ]
    for number in sorted(asking):
        stream = facts.streams[number]
        timing = stream.timing
        if stream.call is None or timing is None or timing.real_time is not True or video(stream):
            continue
        if stream.packets < MIN_PACKETS:
            continue
        for each in frames(stream):
            agreed = _agreed(facts, stream, (each.begin + each.end) / 2)
            if agreed is None:
                continue
            severity = _weighs(each.milliseconds, *agreed)
            if severity is not None:
                when = "all the time" if each.only else f"for {each.end - each.begin:.0f} s"
                since = "" if each.only else f" from {into(stream, each.begin)}"
                sent = f"{each.milliseconds:.4g} ms packets {when}{since}"
                what = f"{name_of(stream)}: {sent}, {_words(*agreed)}"
                yield Found(what, (each.place,), stream.call, number, "high", severity, each.begin)


Lines = tuple[Media, Media]
"""The media line of a receiver, and that of the sender."""


def _agreed(facts: Facts, stream: Stream, time: float) -> Lines | None:
    """The lines that were in force for a stream; those that name its port, where some do."""
    side = OTHER_SIDE.get(stream.sender or "")
    if stream.call is None or side is None:
        return None
    found = [
        lines
        for agreement in in_force(agreements(facts)[stream.call], time)
        for lines in agreement.lines(side)
        if lines[0].kind == (stream.kind or "audio")
    ]
    here = [lines for lines in found if at(stream, lines[0])]
    return next(iter(here or found), None)


def _weighs(milliseconds: float, own: Media, theirs: Media) -> Severity | None:
    """How bad it is that frames are so long: None where nobody asked for another length."""
    if keeps_pace(milliseconds, own):
        return None
    if not own.ptime or own.maxptime and milliseconds > own.maxptime + TOLERATED_MS:
        return "warning"
    # A sender that says what it sends has told its peer; one that said the same as its peer does not keep to it.
    if theirs.ptime and abs(milliseconds - theirs.ptime) <= TOLERATED_MS:
        return "note"
    return "warning" if milliseconds > own.ptime and theirs.ptime == own.ptime else "note"


def _words(own: Media, theirs: Media) -> str:
    """What the receiver asked for; what its peer says, too, is agreed."""
    asked = [(name, value) for name, value in (("ptime", own.ptime), ("maxptime", own.maxptime)) if value]
    words = " and ".join(f"{name} {value:.4g}" for name, value in asked)
    agreed = own.ptime is not None and theirs.ptime == own.ptime
    return f"{words} agreed" if agreed else f"the receiver asks for {words}"


@rule(
    "packets-bunched", "note", "Several packets come at once, then none for a while",
    scope="stream",
    why="The sender, or something on the way, collects packets and sends them together. The receiver's buffer must "
    "be as long as the pause between, or it drops what comes late.",
    fix="Look at the timer of the sender, at Wi-Fi with power saving, and at the clock of the capture: some count time "
    "in steps of 10 or 16 ms.",
)
def packets_bunched(facts: Facts) -> Iterator[Found]:
    for number, stream in facts.striking:
        timing = stream.timing
        if timing is None or not timing.real_time or video(stream) or stream.packets < 2 * MIN_PACKETS:
            continue
        if (timing.frame_ms or 0.0) >= MIN_FRAME_MS and timing.together >= MIN_TOGETHER_SHARE * stream.packets:
            share = timing.together / stream.packets
            at_once = f"about {1 / max(0.01, 1 - share):.1f} at once"
            what = f"{name_of(stream)}: {share:.0%} come right behind the one before, {at_once}"
            worst = mark(stream, "irregular")
            place = stream.first_place if worst is None else worst.place
            yield Found(what, (place,), stream.call, number, time=None if worst is None else worst.time)


RULES = (ptime_differs, packets_bunched)
