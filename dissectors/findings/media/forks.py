"""Rules about the media of forks: which of the phones that rang is the one that sends (RFC 3261 section 13.2.2.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dissectors.findings.agreements import ANYWHERE, wants_rtp
from dissectors.findings.media_traits import INTRICATE
from dissectors.findings.rule import Facts, Found, counted, name_of, rule
from dissectors.findings.traits import REDESCRIBED
from dissectors.report import Call, Description, Place
from dissectors.wire.datagram import Endpoint, endpoint
from dissectors.wire.values import Struct

MIN_SECONDS, GRACE_SECONDS = 2.0, 2.0
"""What of a fork comes so long after the answer did not merely cross it, and so much of it is heard."""

HOP_SECONDS = 1.0
"""A response passes a proxy within this time."""


@rule(
    "fork-still-sends", "warning", "A phone that was not the one to answer goes on sending",
    scope="stream",
    why="The call was forked, and another phone was accepted. The caller hears both at once, or the wrong one.",
    fix="The proxy must cancel the other branches when one of them answers. See whether it does, and whether that "
    "phone, or the announcement, stops when the CANCEL comes.",
)
def fork_still_sends(facts: Facts) -> Iterator[Found]:
    for number, call in facts.talks(INTRICATE):
        lost = _lost(call) if len(call.streams) > 1 else {}
        for position in call.streams if lost else ():
            stream = facts.streams[position]
            said = lost.get((stream.src, stream.sport))
            if said is None or stream.sender != "callee" or call.answered is None:
                continue
            end = stream.last if call.ended is None else min(stream.last, call.ended)
            after = end - max(stream.first, call.answered)
            if after > GRACE_SECONDS + MIN_SECONDS and stream.first < call.answered:
                what = f"{name_of(stream)}: goes on for {after:.1f} s after another phone was accepted"
                yield Found(what, (said.place, stream.last_place), number, position, "high", time=call.answered)
            elif after > MIN_SECONDS and stream.first >= call.answered:
                what = f"{name_of(stream)}: sends {counted(stream.packets, 'packet')} although another was accepted"
                yield Found(what, (said.place, stream.first_place), number, position, "high", time=stream.first)


def misdirected(facts: Facts) -> Iterator[Found]:
    """The streams that go on to where a provisional answer said, although the call was accepted elsewhere."""
    for number, call in facts.talks(REDESCRIBED):
        left = _left(call) if call.streams else {}
        for position in call.streams if left else ():
            stream = facts.streams[position]
            accepted = left.get((stream.dst, stream.dport)) if len(stream.flows) == 1 else None
            end = stream.last if call.ended is None else min(stream.last, call.ended)
            if accepted is None or stream.sender != "caller" or end - accepted.time < GRACE_SECONDS:
                continue
            what = (
                f"{name_of(stream)}: goes on to port {stream.dport} for "
                f"{end - max(accepted.time, stream.first):.1f} s after the call was accepted at {accepted.ends}"
            )
            places = (accepted.said.place, stream.last_place)
            yield Found(what, places, number, position, "high", time=accepted.time)


class Accepted(Struct, frozen=True):
    """The answer that was accepted, when, and where it wants media."""

    said: Description
    time: float
    ends: str


def _left(call: Call) -> dict[Endpoint, Accepted]:
    """Where provisional answers to the first INVITE wanted media, and the accepted one does not."""
    first = next((each.exchange for each in call.descriptions), None)
    answers = [each for each in call.descriptions if each.role == "answer" and each.exchange == first]
    if len(answers) < 2:
        return {}
    times: dict[str | None, float] = {}
    for message in call.messages:
        if message.method == "INVITE" and 200 <= (message.status or 0) < 300:
            times.setdefault(message.to_tag, message.time)
    taken = next((each for each in reversed(answers) if each.to_tag in times and ends_of(each)), None)
    if taken is None:
        return {}
    accepted = Accepted(taken, times[taken.to_tag], " or ".join(sorted(endpoint(*end) for end in ends_of(taken))))
    # What was said on another hop, by another fork that was accepted, or in another exchange, is as good.
    statuses = {message.place: message.status for message in call.messages}
    left = [
        each for each in answers
        if each.answers == taken.answers and each is not taken and each.time < accepted.time
        and (each.to_tag == taken.to_tag or each.to_tag not in times) and not _is_of_another_hop(each, taken, statuses)
    ]
    kept = {end for each in call.descriptions if each not in left for end in ends_of(each)}
    return {end: accepted for each in left for end in ends_of(each) - kept}


def _is_of_another_hop(one: Description, other: Description, statuses: Mapping[Place, int | None]) -> bool:
    """Whether two answers are one response, into which a proxy wrote its relay's address on the way."""
    return (
        one.to_tag == other.to_tag
        and statuses.get(one.place) == statuses.get(other.place)
        and abs(one.time - other.time) < HOP_SECONDS
    )


def ends_of(described: Description) -> set[tuple[str, int]]:
    """Where RTP is to go by a description."""
    return {
        (line.address, line.port) for line in described.media
        if wants_rtp(line) and line.address and line.address not in ANYWHERE and not line.candidates
    }


def _lost(call: Call) -> dict[Endpoint, Description]:
    """Where phones receive that answered the first INVITE provisionally and were not the one that was accepted."""
    accepted = {
        message.to_tag for message in call.messages if message.method == "INVITE" and 200 <= (message.status or 0) < 300
    }
    first = next((each.exchange for each in call.descriptions), None)
    lost: dict[Endpoint, Description] = {}
    kept: set[Endpoint] = set()
    if all(each.role != "answer" or each.to_tag in accepted for each in call.descriptions):
        return lost
    for each in call.descriptions:
        ends = ends_of(each)
        if each.role == "answer" and each.exchange == first and each.to_tag not in accepted:
            lost.update({end: each for end in ends})
        else:
            kept |= ends
    return {end: each for end, each in lost.items() if end not in kept} if accepted else {}


RULES = (fork_still_sends,)
