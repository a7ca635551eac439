"""Rules about hold: who holds whom, and a hold that does not end when it should (RFC 6337 section 5.3)."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.analysis.calls.media_lines import OTHER_SIDE, is_nowhere
from dissectors.findings.agreements import (
    FOREVER,
    Agreement,
    agreements,
    may_send,
    rtp_lines,
    to_send,
    wants_rtp,
)
from dissectors.findings.kinds import SOUND
from dissectors.findings.media_traits import INTRICATE
from dissectors.findings.rule import Facts, Found, rule
from dissectors.findings.traits import REDESCRIBED
from dissectors.protocols.verto import HOLD, UNHOLD
from dissectors.report import Call, Description, Media, Stream

MIN_SECONDS = 5.0
"""Who is left silent for less than this is not told of."""

HOLDING = ("sendonly", "inactive")
SILENT = {"recvonly", "inactive"}
"""By these the side that says it does not speak."""

AROUND_HOLD_SECONDS = 1.0
"""Senders stop a little before they say so, and begin again a little after."""


def held(facts: Facts, stream: Stream, begin: float, end: float) -> bool:
    """Whether either side held the media of a stream's kind at some time between two moments of its call."""
    if stream.call is None:
        return False
    spans = facts.each(_held)[stream.call]
    return any(
        first - AROUND_HOLD_SECONDS <= end and begin <= last + AROUND_HOLD_SECONDS
        for kind, first, last in spans
        if stream.kind in (kind, None)
    )


def _held(call: Call) -> list[tuple[str, float, float]]:
    return [*_spans(call)]


def _spans(call: Call) -> Iterator[tuple[str, float, float]]:
    """Which kind of media was held, from when until when, by what either side announced."""
    since: dict[tuple[str, str], float] = {}
    for described in call.descriptions:
        for line in rtp_lines(described):
            of = (described.side, line.kind)
            if line.direction != "sendrecv" or is_nowhere(line):
                since.setdefault(of, described.time)
            elif of in since:
                yield line.kind, since.pop(of), described.time
    for message in call.messages:
        if message.method == "UPDATE" and message.summary == HOLD:
            since.setdefault((message.side, SOUND), message.time)
        elif message.method == "UPDATE" and message.summary == UNHOLD and (message.side, SOUND) in since:
            yield SOUND, since.pop((message.side, SOUND)), message.time
    yield from ((kind, begin, FOREVER) for (_, kind), begin in since.items())


@rule(
    "call-held", "note", "The call was put on hold",
    why="While a side holds (sendonly, inactive, or the address 0.0.0.0), silence in one direction is intended. A side "
    "that answers recvonly or inactive at the beginning does not speak: its peer hears nothing.",
    fix="Nothing. Check that the call was taken off hold again.",
)
def call_held(facts: Facts) -> Iterator[Found]:
    for number, call in facts.talks(INTRICATE):
        for described in call.descriptions[1:]:
            lines = rtp_lines(described) if described.role == "offer" else []
            words = {line.direction for line in lines} - {"sendrecv", "recvonly"}
            words |= {line.address for line in lines if line.address and is_nowhere(line)}
            if words and (described.state == "agreed" or _is_unseen(call, described)):
                what = f"the {described.side} offers {', '.join(sorted(words))}"
                yield Found(what, (described.place,), number)
        yield from _silent_from_the_answer(facts, number, call)
        for message in call.messages if call.signalling != "SIP" else ():
            if message.method == "UPDATE" and message.summary == HOLD:
                yield Found(f"the {message.side} asks for it by verto.modify", (message.place,), number)


def _is_unseen(call: Call, offer: Description) -> bool:
    """Whether nobody knows what became of an offer, for no answer of the other side was captured."""
    answering = {each.side for each in call.descriptions if each.role == "answer"}
    return offer.state == "open" and OTHER_SIDE.get(offer.side) not in answering


def _silent_from_the_answer(facts: Facts, number: int, call: Call) -> Iterator[Found]:
    """The first answer, if it lets nobody speak, or not the side that gives it, although the offer does, and lasts."""
    words = [line.direction for each in call.descriptions if each.role == "answer" for line in each.media]
    agreed = [] if SILENT.isdisjoint(words) else agreements(facts)[number]
    for each in agreed:
        if each.answer.exchange != agreed[0].answer.exchange or each.answer.time < (call.answered or 0.0):
            continue
        lines = [(ours, theirs) for ours, theirs in each.lines(each.offer.side) if ours.kind == SOUND]
        theirs = {line.direction for _, line in lines}
        lasts = min(each.end, facts.end_of(call)) - each.begin > MIN_SECONDS
        if lasts and theirs and theirs <= SILENT and {ours.direction for ours, _ in lines} == {"sendrecv"}:
            yield Found(f"the {each.answer.side} answers {', '.join(sorted(theirs))}", (each.answer.place,), number)


@rule(
    "hold-not-released", "warning", "A call was taken off hold and one side stays silent",
    absence="state",
    why="The description that ends the hold, or the answer to it, still does not let one side speak: its peer hears "
    "nothing for the rest of the call.",
    fix="The side that said recvonly, sendonly or inactive must say sendrecv when the hold ends. Some phones repeat "
    "the direction of the hold in their answer.",
)
def hold_not_released(facts: Facts) -> Iterator[Found]:
    for number, call in facts.talks(REDESCRIBED):
        agreed = agreements(facts)[number]
        if len(agreed) < 3 or len({each.answer.exchange for each in agreed}) < 3:
            continue
        for each in agreed:
            found = _silenced(agreed, each)
            end = min(each.end, facts.end_of(call))
            if found and end - each.begin >= MIN_SECONDS:
                silent, word = found
                what = f"{word}: the {silent} may not speak for the {end - each.begin:.1f} s that follow"
                yield Found(what, (each.offer.place, each.answer.place), number, time=each.begin)


def _silenced(agreed: list[Agreement], resumed: Agreement) -> tuple[str, str] | None:
    """Who is left silent by an agreement that ends a hold, and by which words; None if nobody is."""
    holder = resumed.offer.side
    before = [each for each in agreed if each.dialog == resumed.dialog and each.end == resumed.begin]
    held = next((line for each in before if each.offer.side == holder and (line := _sound(each.offer.media))), None)
    lines = next(((own, theirs) for own, theirs in resumed.lines(holder) if own.kind == SOUND), None)
    if held is None or lines is None or not _holds(held):
        return None
    own, theirs = lines
    peer = OTHER_SIDE[holder]
    could = to_send([each for each in agreed if each.begin < resumed.begin], holder, SOUND)
    if own.direction == "recvonly" and could and not may_send(own, theirs):
        return holder, f"the {holder} takes the call off hold with recvonly"
    released = own.direction == "sendrecv" and not is_nowhere(own)
    nowhere = theirs.direction == "sendrecv" and is_nowhere(theirs)
    if released and (nowhere or theirs.direction != "sendrecv") and not _holds_itself(agreed, resumed, peer):
        silent = holder if nowhere or theirs.direction == "sendonly" else peer
        answered = theirs.address if nowhere else theirs.direction
        return silent, f"the {holder} takes the call off hold, and the {peer} answers {answered}"
    return None


def _sound(lines: tuple[Media, ...]) -> Media | None:
    return next((line for line in lines if line.kind == SOUND and wants_rtp(line)), None)


def _holds(line: Media) -> bool:
    return line.direction in HOLDING or is_nowhere(line)


def _holds_itself(agreed: list[Agreement], resumed: Agreement, side: str) -> bool:
    """Whether a side holds the call, too, by what it offered last."""
    offered = [each for each in agreed if each.offer.side == side and each.begin < resumed.begin]
    line = _sound(offered[-1].offer.media) if offered else None
    return line is not None and _holds(line)


RULES = (call_held, hold_not_released)
