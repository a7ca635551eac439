"""Streams of one SSRC that are not one stream: the rules of `sources` and `clocks` ask here where there are any."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from dissectors.findings.kinds import by_ssrc
from dissectors.findings.rule import Facts, Found
from dissectors.report import Certainty, Stream
from dissectors.wire.datagram import endpoint

MIN_TOGETHER_SECONDS, MIN_RIVAL_PACKETS = 2.0, 50
"""So long two streams must overlap, and so many packets each must have, to be two sources and not one that moved."""

MAX_ECHO_DIFFERENCE = 0.1
"""How far the octets of an echo are from those that it gives back."""


def shared_in_sessions(facts: Facts) -> Iterator[list[Stream]]:
    """Two senders of one SSRC without a call: both sides of a session, or ends in several ones with one other end."""
    namesakes = facts.once(by_ssrc)
    belongs = _in_sessions(facts) if namesakes and facts.sessions else {}
    for alike in namesakes.values() if belongs else ():
        for here, there in pairwise(alike):
            one, other = facts.streams[here], facts.streams[there]
            if here in belongs and belongs[here] == belongs.get(there) and _answers(one, other):
                yield [one, other]
                break
    for together in facts.once(rivals) if belongs else ():
        if len({belongs.get(number) for number in together}) == len(together):
            yield [facts.streams[number] for number in together]


def _answers(one: Stream, other: Stream) -> bool:
    """Whether a stream without a call goes back on the way of another one, and is no echo of it."""
    there, back = (one.src, one.sport, one.dst, one.dport), (other.dst, other.dport, other.src, other.sport)
    alike = abs(one.octets - other.octets) <= MAX_ECHO_DIFFERENCE * max(one.octets, other.octets)
    return one.call is None and there == back and not alike and min(one.packets, other.packets) >= MIN_RIVAL_PACKETS


def _in_sessions(facts: Facts) -> dict[int, int]:
    """The sessions that belong to no call, by the positions of their streams."""
    return {n: position for position, each in enumerate(facts.sessions) if each.call is None for n in each.streams}


def rivals(facts: Facts) -> list[list[int]]:
    """Streams of one SSRC that come to one endpoint from several at one time, each with numbers of its own.

    What is the same stream on other ways, moves, or began anew meanwhile is none.
    """
    found = []
    for alike in facts.once(by_ssrc).values():
        to: dict[tuple[str, int], list[int]] = {}
        for number in alike:
            stream = facts.streams[number]
            if stream.way_of is None and not stream.restarts and stream.packets >= MIN_RIVAL_PACKETS:
                to.setdefault((stream.dst, stream.dport), []).append(number)
        found += [together for each in to.values() if len(together := _together(facts, each)) > 1]
    return found


def _together(facts: Facts, numbers: list[int]) -> list[int]:
    """Those of other ends than the first one that overlap with it."""
    first, ends = facts.streams[numbers[0]], set()
    kept = []
    for number in numbers:
        stream = facts.streams[number]
        end = stream.src, stream.sport, stream.inside
        lasts = min(first.last, stream.last) - max(first.first, stream.first) >= MIN_TOGETHER_SECONDS
        if lasts and end not in ends:
            ends.add(end)
            kept.append(number)
    return kept


def two_ends(facts: Facts) -> Iterator[Found]:
    """Several ends that send to one under one SSRC, but those of several sessions: each of these has its own keys."""
    together = facts.once(rivals)
    belongs = _in_sessions(facts) if together and facts.sessions else {}
    for numbers in together:
        streams = [facts.streams[number] for number in numbers]
        within, calls = {belongs.get(number) for number in numbers}, {stream.call for stream in streams} - {None}
        if (len(within) > 1 and numbers[0] in belongs) or len(calls) > 1:
            continue
        first = streams[0]
        sources = " and ".join(endpoint(stream.src, stream.sport) + _carrier(stream) for stream in streams)
        what = f"SSRC 0x{first.ssrc:08X} comes to {endpoint(first.dst, first.dport)} from {sources} at one time, each "
        sure: Certainty = "high" if belongs or calls else "medium"
        time = max(stream.first for stream in streams)
        places = [stream.first_place for stream in streams]
        yield Found(what + "with numbers and timestamps of its own", places, first.call, numbers[0], sure, time=time)


def _carrier(stream: Stream) -> str:
    return f" ({stream.inside})" if stream.inside else ""
