"""Rules about DTLS: handshakes that fail, that are not answered or not finished, and the end of what they began."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from operator import itemgetter

from dissectors.analysis.connectivity.joining import Ends, ends_of
from dissectors.findings.rule import Facts, Found, Incomplete, counted, rule
from dissectors.findings.security.dtls_roles import (
    MAX_LOOKED_AT,
    agreed_anyway,
    between,
    crossed,
    media_of_sides,
    session_of,
    side_of,
)
from dissectors.report import Call, Handshake, Pair, Severity
from dissectors.wire.datagram import endpoint

MIN_WAIT_SECONDS, MAX_HELLOS = 2.0, 4
OLD_VERSIONS = ("DTLS 1.0",)
KEYED_BY_DTLS = "TLS/RTP/SAVP"
"""What all profiles of SDP have whose keys DTLS agrees on (RFC 5764 section 8)."""

BIG_HELLO_OCTETS = 1200
AFTER_CLOSE_SECONDS, AT_ONCE_SECONDS = 2.0, 3.0
"""Media that comes so long after an end was not meant; an end so soon after the beginning was not, either."""


def fragmented(facts: Facts) -> dict[tuple[str, int, str, int], Incomplete]:
    """Handshake messages in IP fragments that did not become whole, by their way; ports are 0 where they are lost."""
    return {
        (each.src, each.sport, each.dst, each.dport): each
        for each in facts.incomplete if each.src and each.protocol in ("DTLS", "")
    }


def lost_between(facts: Facts, each: Handshake) -> list[tuple[str, Incomplete]]:
    """What is lost of a handshake for want of IP fragments, with the end that sent it; the server's first."""
    lost = facts.once(fragmented)
    here, there = (each.src, each.sport), (each.dst, each.dport)
    found = []
    for (src, sport), (dst, dport) in ((there, here), (here, there)) if lost else ():
        known, headless = lost.get((src, sport, dst, dport)), lost.get((src, 0, dst, 0))
        within = headless if headless and headless.time and headless.time >= each.first else None
        found += [(endpoint(src, sport), what) for what in (known or within,) if what is not None]
    return found


def holes(each: Handshake) -> str:
    """Which octets never came of messages in fragments."""
    named = [
        f"bytes {hole.begin} to {hole.end} of {hole.length} of the {hole.sender}'s {hole.message}"
        for hole in each.missing
    ]
    return f"; fragments are missing: {', '.join(named)}" if named else ""


@rule(
    "dtls-failed", "error", "The DTLS handshake failed",
    scope="path",
    why="Without it there are no keys, so no media and no data channel.",
    fix="The alert says why: handshake_failure means nothing in common, bad_certificate means a fingerprint that "
    "does not fit.",
)
def dtls_failed(facts: Facts) -> Iterator[Found]:
    for number, each in enumerate(facts.handshakes):
        if each.outcome == "failed" and number not in facts.once(crossed):
            yield Found(f"{between(each)}: {each.alert}{_reflected(each)}", (each.place,))


def _reflected(each: Handshake) -> str:
    """What is at the other end where a hello comes back from there."""
    return "; its own ClientHello came back, as from an echo" if each.reflected else ""


@rule(
    "dtls-unanswered", "error", "Nothing answered the DTLS handshake",
    scope="path", absence="answer",
    why="The client repeats its hello and gives up: no keys, no media.",
    fix="See whether the other side gets the hello and has what it needs to answer (its own certificate, the SDP of "
    "the client). A hello of more than 1,200 bytes, as post-quantum keys make it, comes in fragments, which some old "
    "servers drop, or is larger than the path carries.",
)
def dtls_unanswered(facts: Facts) -> Iterator[Found]:
    for number, each in enumerate(facts.handshakes):
        if each.outcome != "unanswered" or number in facts.once(crossed) or agreed_anyway(facts, number):
            continue
        # A client that goes on behind its hello was answered where the capture has it not.
        if lost_between(facts, each) or each.client_fingerprint or each.encrypted_ends:
            continue
        if each.hellos > 1:
            what = f"{between(each)}: {counted(each.hellos, 'ClientHello')}{_size(each)}{holes(each)}{_reflected(each)}"
            places = (each.place, *(hole.place for hole in each.missing))
            more, fix = _again(facts, number) or _beside(facts, number) or ("", "")
            yield Found(what + more, places, fix=fix)
        elif facts.end - each.first >= MIN_WAIT_SECONDS:
            # A client that waits for an answer says hello again after a second (RFC 6347 section 4.2.4.1).
            what = f"{between(each)}: one ClientHello{_size(each)}, which was not sent again"
            yield Found(what, (each.place,), severity="note", certainty="low")


def _beside(facts: Facts, number: int) -> tuple[str, str] | None:
    """That another pair of candidates was nominated than the one that a handshake is tried on; and what to do."""
    each, nominated = facts.handshakes[number], facts.once(_nominated)[facts.once(session_of)[number]]
    first = next(iter(nominated.values()), None)
    if first is None or ends_of(each) in nominated or (first.nominated or 0.0) > each.last:
        return None
    return f"; the nominated pair is {endpoint(first.src, first.sport)} to {endpoint(first.dst, first.dport)}", (
        "Let the client send its ClientHello on the pair that was nominated (RFC 8445 section 12.1)."
    )


def _nominated(facts: Facts) -> list[dict[Ends, Pair]]:
    """The pairs of each session that were nominated, by their 5-tuples, in the order in which they were."""
    found = []
    for session in facts.sessions:
        known = [(pair.nominated, pair) for pair in session.pairs if pair.nominated is not None]
        found.append({ends_of(pair): pair for _, pair in sorted(known, key=itemgetter(0))})
    return found


def _again(facts: Facts, number: int) -> tuple[str, str] | None:
    """That a handshake comes after another one of its 5-tuple, and what to do about it."""
    each, before = facts.handshakes[number], None
    for other in facts.sessions[facts.once(session_of)[number]].handshakes[:MAX_LOOKED_AT]:
        one = facts.handshakes[other]
        if one.completed is not None and one.completed < each.first and ends_of(one) == ends_of(each):
            before = one.completed
    if before is None:
        return None
    return f"; a handshake of the same ports was complete {each.first - before:.0f} s before", (
        "A new handshake needs an offer and answer that begin a new association (RFC 8842 section 5.5): see whether "
        "both sides took theirs as such, by a=fingerprint, a=setup and a=tls-id."
    )


def _size(each: Handshake) -> str:
    """What is special about the size of a hello."""
    if each.hello_parts > 1:
        return f" of {each.hello_octets:,} bytes in {each.hello_parts} fragments"
    return f" of {each.hello_octets:,} bytes" if (each.hello_octets or 0) > BIG_HELLO_OCTETS else ""


@rule(
    "dtls-unfinished", "warning", "The DTLS handshake does not come to its end",
    scope="path", absence="answer",
    why="Both sides spoke, but did not agree on keys while the capture lasted.",
    fix="Certificates make the largest datagrams of a call: see whether these are lost or fragmented.",
)
def dtls_unfinished(facts: Facts) -> Iterator[Found]:
    for number, each in enumerate(facts.handshakes):
        if each.outcome not in ("unfinished", "unanswered") or number in facts.once(crossed):
            continue
        if agreed_anyway(facts, number):
            continue
        found = lost_between(facts, each)
        for sender, what in found:
            names = ", ".join(what.messages) or "datagrams whose first fragment is missing"
            said = f"{between(each)}: {sender} sent {names} in IP fragments, {counted(what.count, 'time')}"
            yield Found(f"{said}, and they did not all come", what.places, severity="error", time=what.time)
        if found or each.outcome == "unanswered" or facts.end - each.last < MIN_WAIT_SECONDS:
            continue
        said = f"{between(each)}: {facts.end - each.last:.0f} s without going on{holes(each)}"
        yield Found(said, (*(hole.place for hole in each.missing), each.place), time=each.last)


@rule(
    "dtls-repeated", "note", "The DTLS handshake needed several attempts",
    scope="path",
    why="Each repeat costs a second or more before media can flow.",
    fix="Look for loss at the beginning of the call, or a peer that is not ready yet.",
)
def dtls_repeated(facts: Facts) -> Iterator[Found]:
    for number, each in enumerate(facts.handshakes):
        if each.hellos >= MAX_HELLOS and each.outcome != "unanswered" and number not in facts.once(crossed):
            yield Found(f"{between(each)}: {counted(each.hellos, 'ClientHello')}", (each.place,))


@rule(
    "dtls-old", "note", "DTLS 1.0 was agreed",
    scope="path",
    why="DTLS 1.0 is deprecated (RFC 8996).",
    fix="Update the side that cannot do DTLS 1.2.",
)
def dtls_old(facts: Facts) -> Iterator[Found]:
    for each in facts.handshakes:
        if each.version in OLD_VERSIONS:
            yield Found(f"{between(each)}: {each.version}", (each.place,))


@rule(
    "dtls-without-srtp", "error", "DTLS agreed on no SRTP profile for media",
    scope="path",
    why="use_srtp (RFC 5764) is missing from the ServerHello: both sides have no keys for the media.",
    fix="Compare the profiles that the client offers with what the server supports.",
)
def dtls_without_srtp(facts: Facts) -> Iterator[Found]:
    streams = facts.streams if facts.handshakes else ()
    media = {frozenset(((s.src, s.sport), (s.dst, s.dport))): s for s in streams}
    for number, each in enumerate(facts.handshakes):
        stream = media.get(frozenset(((each.src, each.sport), (each.dst, each.dport))))
        agreed = each.completed is not None and each.encrypted_ends > 1
        if each.outcome != "complete" or not agreed or each.version != "DTLS 1.2" or each.srtp_profile:
            continue
        if stream:
            yield Found(f"{between(each)}: RTP follows", (each.place, stream.first_place))
            continue
        session = facts.sessions[facts.once(session_of)[number]]
        call = None if session.call is None or session.streams else facts.calls[session.call]
        profile = None if call is None or call.streams else _wanted(call)
        if profile is not None:
            offered = ", ".join(each.offered_profiles) or "none"
            what = f"{between(each)}: the SDP wants {profile}, the ClientHello offers {offered}, and none is agreed on"
            yield Found(what, (each.place,))


def _wanted(call: Call) -> str | None:
    """The profile of SRTP with keys by DTLS that both sides' latest SDP has, unless they have data channels, too."""
    latest = {one.side: [line for line in one.media if line.port] for one in call.descriptions}
    profiles = [{line.profile for line in lines if KEYED_BY_DTLS in line.profile} for lines in latest.values()]
    if len(latest) < 2 or not all(profiles):
        return None
    # Data channels may have a handshake of their own, which needs no profile.
    channels = any(line.kind == "application" for lines in latest.values() for line in lines)
    return None if channels else min(profiles[-1])


@rule(
    "dtls-closed", "note", "One side closed DTLS",
    scope="path",
    why="That ends the session: keys and data channels are gone, and a peer that notices it stops sending.",
    fix="Look at the side that closed: somebody hung up there, a timer ended the session, or the program went away. If "
    "the other side goes on sending, it did not notice.",
)
def dtls_closed(facts: Facts) -> Iterator[Found]:
    for number, each in enumerate(facts.handshakes):
        position = facts.once(session_of)[number]
        session = facts.sessions[position]
        if each.closed is None or not (each.srtp_profile or session.checks):
            continue
        call = None if session.call is None else facts.calls[session.call]
        if call is not None and call.ended is not None and call.ended <= each.closed + AFTER_CLOSE_SECONDS:
            continue
        ends = endpoint(each.src, each.sport), endpoint(each.dst, each.dport)
        here, there = ends if each.closed_by == "client" else ends[::-1]
        lasted = each.closed - (each.completed or each.first)
        what = f"DTLS closed by {here} {lasted:.1f} s after the handshake"
        side = int(there not in session.sides[0].endpoints)
        part = bisect_right(facts.once(begun_again)[position], each.first)
        late = facts.once(media_by_part).get((position, side, part), 0.0) - each.closed
        at_once = lasted < AT_ONCE_SECONDS and bool(session.checks) and not session.streams
        severity: Severity | None = "warning" if late >= AFTER_CLOSE_SECONDS or at_once else None
        what += f"; {there} sends media for {late:.0f} s more" if late >= AFTER_CLOSE_SECONDS else ""
        yield Found(what, (each.closed_place or each.place,), severity=severity, time=each.closed)
    yield from _closed_in_part(facts)


def _closed_in_part(facts: Facts) -> Iterator[Found]:
    """Sessions that were closed, whose handshake was not captured."""
    for position, session in enumerate(facts.sessions):
        if session.closed_by is None or session.closed_place is None or session.ended is None or session.handshakes:
            continue
        call = None if session.call is None else facts.calls[session.call]
        if call is not None and call.ended is not None and call.ended <= session.ended + AFTER_CLOSE_SECONDS:
            continue
        side = int(session.closed_by not in session.sides[0].endpoints)
        there = session.sides[1 - side].endpoints[0] if session.sides[1 - side].endpoints else "the other side"
        late = facts.once(last_media).get((position, 1 - side), 0.0) - session.ended
        what = f"DTLS closed by {session.closed_by}; its handshake is not in the capture"
        what += f"; {there} sends media for {late:.0f} s more" if late >= AFTER_CLOSE_SECONDS else ""
        severity: Severity | None = "warning" if late >= AFTER_CLOSE_SECONDS else None
        yield Found(what, (session.closed_place,), certainty="high", severity=severity, time=session.ended)


def begun_again(facts: Facts) -> list[list[float]]:
    """When handshakes began after an earlier one of the same session was closed: what follows is another's media."""
    found: list[list[float]] = []
    for session in facts.sessions:
        times, closed = [], False
        for each in sorted((facts.handshakes[number] for number in session.handshakes), key=lambda one: one.first):
            if closed:
                times.append(each.first)
            closed = closed or each.closed is not None
        found.append(times)
    return found


def media_by_part(facts: Facts) -> dict[tuple[int, int, int], float]:
    """When the last media of each side of each session came, of each part of a session that was closed and begun again.

    A source that goes on in the next part is left out: nobody knows to which its packets belong.
    """
    found: dict[tuple[int, int, int], float] = {}
    for position, (session, times) in enumerate(zip(facts.sessions, facts.once(begun_again), strict=True)):
        for number in session.streams:
            stream = facts.streams[number]
            part = bisect_right(times, stream.first)
            if part == bisect_right(times, stream.last):
                key = position, side_of(session, stream), part
                found[key] = max(found.get(key, 0.0), stream.last)
    return found


def last_media(facts: Facts) -> dict[tuple[int, int], float]:
    """When the last media of each side of each session came."""
    return {
        (position, side): max([stream.last for stream in streams])
        for position, sides in enumerate(facts.once(media_of_sides)) for side, streams in enumerate(sides) if streams
    }


RULES = (
    dtls_failed, dtls_unanswered, dtls_without_srtp, dtls_unfinished, dtls_closed,
    dtls_repeated, dtls_old,
)
