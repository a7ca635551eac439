"""What rules about media find in sessions without SIP; the rules of `media` ask it beside their calls.

Nobody has said there who sends what: a side that only receives looks like one that cannot send.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from dissectors.analysis.connectivity.sides import MAX_ENDPOINTS
from dissectors.findings.rule import Facts, Found
from dissectors.findings.security.dtls import last_media
from dissectors.findings.security.dtls_roles import media_of_sides
from dissectors.report import Session, Stream
from dissectors.wire.datagram import endpoint

MIN_PACKETS, MIN_SECONDS = 50, 5.0
"""So much media makes a side one that sends."""

LATE_SECONDS, EARLY_SECONDS, NOTHING_SECONDS = 5.0, 5.0, 8.0
DATA_SECONDS = 3.0
"""DTLS that goes on for so long after the handshake carries data."""

SILENCE = 0.02


def sends(own: list[Stream]) -> bool:
    """Whether a side whose streams these are sends for long enough."""
    packets = sum([stream.packets for stream in own])
    return packets >= MIN_PACKETS and max([s.last for s in own]) - min([s.first for s in own]) >= MIN_SECONDS


def without_call(facts: Facts) -> Iterator[tuple[int, Session]]:
    """The sessions that belong to no call, with their positions; but for those with more endpoints than sides list."""
    for number, session in enumerate(facts.sessions):
        if session.call is None and max(len(side.endpoints) for side in session.sides) < MAX_ENDPOINTS:
            yield number, session


def ready(facts: Facts, session: Session) -> float | None:
    """When media could begin: when DTLS was complete, else when a pair was found."""
    done = [facts.handshakes[number].completed for number in session.handshakes]
    complete = [each for each in done if each is not None]
    if session.handshakes:
        return min(complete, default=None)
    return min((pair.checked for pair in session.pairs if pair.checked is not None), default=None)


def nothing(facts: Facts) -> Iterator[Found]:
    """Sessions in which ICE and DTLS succeeded, and nothing follows."""
    for _, session in without_call(facts):
        shaken = [facts.handshakes[number] for number in session.handshakes]
        secured = [each for each in shaken if each.completed is not None and each.srtp_profile]
        if session.streams or not secured or not session.checks:
            continue
        first = secured[0]
        since = first.completed or first.first
        until = session.last if session.ended is None else session.ended
        if until - since >= NOTHING_SECONDS and max(each.last for each in shaken) - since < DATA_SECONDS:
            ends = f"{endpoint(first.src, first.sport)} and {endpoint(first.dst, first.dport)}"
            what = f"{ends}: ICE and DTLS succeeded, and no media follows for {until - since:.0f} s"
            yield Found(what, (first.place,), certainty="low", severity="note", time=first.completed)


def one_way(facts: Facts) -> Iterator[Found]:
    """Sessions in which one side alone sends."""
    for number, session in without_call(facts):
        one, two = facts.once(media_of_sides)[number]
        for own, others in ((one, two), (two, one)):
            if not others and sends(own) and _heard(facts, session):
                first = min(own, key=lambda stream: stream.first)
                ends = f"{endpoint(first.src, first.sport)} to {endpoint(first.dst, first.dport)}"
                what = f"RTP goes from {ends} only; a peer that only receives looks the same"
                yield Found(what, (first.first_place,), certainty="medium", severity="note", time=first.first)


def _heard(facts: Facts, session: Session) -> bool:
    """Whether both sides were captured: checks were answered, or both went through the handshake."""
    answered = any(pair.answered for pair in session.pairs)
    return answered or any(facts.handshakes[number].encrypted_ends > 1 for number in session.handshakes)


def late(facts: Facts) -> Iterator[Found]:
    """Sides that begin to send long after they could."""
    for number, session in without_call(facts):
        since = ready(facts, session)
        for own in facts.once(media_of_sides)[number] if since is not None else ():
            first = min(own, key=lambda stream: stream.first, default=None)
            if first is not None and since is not None and first.first - since > LATE_SECONDS:
                done = "DTLS was complete" if session.handshakes else "a pair was found"
                here = endpoint(first.src, first.sport)
                what = f"the first RTP of {here} comes {first.first - since:.1f} s after {done}"
                yield Found(what, (first.first_place,), certainty="medium", severity="note", time=first.first)


def ended_early(facts: Facts) -> Iterator[Found]:
    """Sides that stop although the other goes on."""
    until = facts.once(last_media)
    for number, session in without_call(facts):
        for side, own in enumerate(facts.once(media_of_sides)[number]):
            last, other = until.get((number, side)), until.get((number, 1 - side))
            if last is None or other is None or other - last <= EARLY_SECONDS or not sends(own):
                continue
            stream = max(own, key=lambda each: each.last)
            paused = stream.timing is not None and (stream.timing.silence or 0.0) > SILENCE
            closed = session.ended is not None and session.ended <= last + EARLY_SECONDS
            if stream.end is None and not paused and not closed and not _left_alone(facts, number, side, last):
                here = endpoint(stream.src, stream.sport)
                what = f"the last RTP of {here} comes {other - last:.1f} s before its peer's"
                yield Found(what, (stream.last_place,), certainty="medium", time=last)


def _left_alone(facts: Facts, number: int, side: int, last: float) -> bool:
    """Whether a side that serves several sessions stops when another one ends: it has nothing to pass on any more."""
    known = facts.once(_ends_at)
    for here in facts.sessions[number].sides[side].endpoints:
        ends = known.get(here, [])
        at = bisect_left(ends, (last - EARLY_SECONDS, 0))
        if any(other != number and end <= last + EARLY_SECONDS for end, other in ends[at:at + 2]):
            return True
    return False


def _ends_at(facts: Facts) -> dict[str, list[tuple[float, int]]]:
    """When the other side of the sessions at each endpoint sent its last media, in order of time."""
    until, found = facts.once(last_media), dict[str, list[tuple[float, int]]]()
    for number, session in enumerate(facts.sessions):
        for side in (0, 1):
            end = until.get((number, 1 - side))
            for here in session.sides[side].endpoints if end is not None else ():
                found.setdefault(here, []).append((end or 0.0, number))
    for ends in found.values():
        ends.sort()
    return found
