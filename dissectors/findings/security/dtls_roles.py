"""Rules about who begins DTLS: nobody, or both (RFC 4145, RFC 5763 section 5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from dissectors.analysis.connectivity.joining import ends_of
from dissectors.findings.kinds import spoken
from dissectors.findings.media_traits import INTRICATE
from dissectors.findings.rule import Facts, Found, counted, rule
from dissectors.report import Call, Certainty, Check, Handshake, Media, Session, Stream
from dissectors.wire.datagram import endpoint

NOBODY_SECONDS, NOBODY_AT_ALL_SECONDS = 5.0, 10.0
"""For so long a pair works before it is told that nobody uses it; and where nothing but STUN was captured at all."""

MIN_TRIES = 3
"""Checks that must fail before a side is taken to have no pair."""

MAX_LOOKED_AT = 64
"""So many handshakes of a session are asked whether one was complete."""

OVERTAKING_SECONDS = 1.0
"""Media that ends so shortly before the last message of a handshake goes on beside it."""

MIN_MEDIA_PACKETS = 50
"""So many packets in each direction show that keys were agreed on."""

STUN_ALONE = {"STUN", "KEEPALIVE", "SIP"}
"""What a pair carries before it is used, and what may share its ports."""

WAITING = {"passive", "actpass", "holdconn"}


def between(handshake: Handshake) -> str:
    """The two ends of a handshake, the client first."""
    return f"{endpoint(handshake.src, handshake.sport)} to {endpoint(handshake.dst, handshake.dport)}"


def session_of(facts: Facts) -> dict[int, int]:
    """The session of each handshake, both by their positions."""
    return {number: position for position, session in enumerate(facts.sessions) for number in session.handshakes}


def side_of(session: Session, stream: Stream) -> int:
    """The side of a session that sends a stream, as a position in its sides."""
    return int(endpoint(stream.src, stream.sport) not in session.sides[0].endpoints)


def media_of_sides(facts: Facts) -> list[tuple[list[Stream], list[Stream]]]:
    """The streams of both sides of each session."""
    found: list[tuple[list[Stream], list[Stream]]] = []
    for session in facts.sessions:
        sides: tuple[list[Stream], list[Stream]] = [], []
        for number in session.streams:
            stream = facts.streams[number]
            sides[side_of(session, stream)].append(stream)
        found.append(sides)
    return found


def flowing(facts: Facts) -> dict[tuple[str, int, str, int], tuple[int, float]]:
    """How many packets of media came on each way, and when the last of them did."""
    found: dict[tuple[str, int, str, int], tuple[int, float]] = {}
    for stream in facts.streams:
        here = stream.src, stream.sport, stream.dst, stream.dport
        packets, last = found.get(here, (0, 0.0))
        found[here] = packets + stream.packets, max(last, stream.last)
    return found


def in_the_clear(facts: Facts) -> Counter[tuple[str, str]]:
    """How many packets of media that are not encrypted one host sent to another."""
    found: Counter[tuple[str, str]] = Counter()
    for stream in facts.streams:
        if not stream.encrypted:
            found[stream.src, stream.dst] += stream.packets
    return found


def needs_no_keys(facts: Facts, session: Session, one: str, two: str) -> bool:
    """Whether media flow both ways in the clear between two hosts, and no SDP says that a session is for others.

    Media may have ports of their own, as in a capture whose protocols were given a port each.
    """
    media = facts.once(in_the_clear)
    return session.call is None and min(media[one, two], media[two, one]) >= MIN_MEDIA_PACKETS


def keyed_without_checks(facts: Facts) -> set[frozenset[str]]:
    """The hosts with handshakes between them on pairs that no check was for."""
    alone = (session.handshakes for session in facts.sessions if session.handshakes and not session.checks)
    found = (facts.handshakes[number] for numbers in alone for number in numbers)
    return {frozenset((each.src, each.dst)) for each in found}


def agreed_anyway(facts: Facts, number: int) -> bool:
    """Whether a session found keys by another handshake, or media goes on both ways on this one's pair, or needs none.

    Media that ends with a handshake had other keys before.
    """
    handshake, session = facts.handshakes[number], facts.sessions[facts.once(session_of)[number]]
    others = session.handshakes[:MAX_LOOKED_AT]
    # Who goes on encrypted in another one was answered there, whether or not that was captured.
    agreed = [
        each for other, each in zip(others, map(facts.handshakes.__getitem__, others), strict=True)
        if each.outcome == "complete" or each.encrypted_ends and other != number
    ]
    if any(each.last >= handshake.first for each in agreed):
        return True
    media = facts.once(flowing)
    here, there = (handshake.src, handshake.sport), (handshake.dst, handshake.dport)
    (sent, sent_until), (got, got_until) = (media.get(each, (0, 0.0)) for each in ((*here, *there), (*there, *here)))
    if min(sent, got) >= MIN_MEDIA_PACKETS and min(sent_until, got_until) >= handshake.last - OVERTAKING_SECONDS:
        return True
    return needs_no_keys(facts, session, handshake.src, handshake.dst)


def setups(call: Call) -> dict[str, str]:
    """What each side's latest SDP with a fingerprint says in a=setup."""
    found: dict[str, str] = {}
    for described in call.descriptions:
        lines: list[Media] = [line for line in described.media if line.fingerprint or line.setup]
        if lines and described.side:
            found[described.side] = lines[0].setup or "not said"
    return found


def setups_in_words(call: Call | None) -> str:
    """The same in words."""
    sides = setups(call) if call is not None else {}
    if not sides:
        return "its SDP is not in the capture"
    return "a=setup is " + " and ".join(f"{setup} ({side})" for side, setup in sides.items())


def beginner_in_words(call: Call | None) -> str:
    """Who has to send the ClientHello: the active side, or the one whose peer is passive (RFC 5763 section 5)."""
    sides = setups(call) if call is not None else {}
    active = [side for side, setup in sides.items() if setup == "active"]
    passive = [side for side, setup in sides.items() if setup == "passive"]
    if not active and len(passive) == 1 and len(sides) > 1:
        active = [side for side, setup in sides.items() if setup == "actpass"]
    if len(active) == 1:
        return f", so that the {active[0]} must begin"
    return ", so that each side waits for the other" if len(sides) > 1 and WAITING.issuperset(sides.values()) else ""


@rule(
    "dtls-missing", "error", "Nobody begins the DTLS handshake",
    scope="path", absence="answer",
    why="Without a ClientHello there are no keys, so no media and no data channel.",
    fix="Look at a=setup of both sides: an offer says actpass, and its answer active or passive, never actpass. The "
    "active side begins as soon as a pair works.",
)
def dtls_missing(facts: Facts) -> Iterator[Found]:
    encrypted = any(seen.name in ("DTLS", "RTP") for seen in facts.capture.protocols)
    for session in facts.sessions:
        call = None if session.call is None else facts.calls[session.call]
        if session.handshakes or session.streams or call is not None and not _by_dtls(call):
            continue
        checks = [facts.checks[number] for number in session.checks]
        others = facts.once(_between)
        if any(others.get(ends_of(check), set()) - STUN_ALONE for check in checks):
            continue
        working = [check for check in checks if check.succeeded is not None]
        chosen = min(working, key=lambda each: (not each.nominated, each.first), default=None)
        if chosen is None or chosen.succeeded is None or _undecided(checks, chosen):
            continue
        since = chosen.succeeded.first if chosen.nominated_at is None else chosen.nominated_at
        lasted = max(check.succeeded.last for check in checks if check.succeeded) - since
        if lasted < (NOBODY_SECONDS if encrypted or call is not None else NOBODY_AT_ALL_SECONDS):
            continue
        hosts = frozenset((chosen.src, chosen.dst))
        if call is None and hosts in facts.once(keyed_without_checks):
            continue
        if needs_no_keys(facts, session, chosen.src, chosen.dst):
            continue
        pair = f"{endpoint(chosen.src, chosen.sport)} to {endpoint(chosen.dst, chosen.dport)}"
        what = f"{pair}: ICE has a pair for {lasted:.0f} s and no ClientHello follows; {setups_in_words(call)}"
        what += beginner_in_words(call)
        place = chosen.nominated_place or chosen.place
        certainty: Certainty = "certain" if call is not None else "high" if encrypted else "medium"
        places = [place, *(described.place for described in call.descriptions[:2])] if call is not None else [place]
        yield Found(what, places, certainty=certainty, time=since)
    yield from _waiting_by_sdp(facts)


def _between(facts: Facts) -> dict[object, set[str]]:
    """The protocols between two ends, whichever way."""
    found: dict[object, set[str]] = {}
    for _, flow, names in spoken(facts):
        found.setdefault(ends_of(flow), set()).update(names)
    return found


def _undecided(checks: list[Check], chosen: Check) -> bool:
    """Whether a side has no pair yet: it is refused for its role, its checks are not answered, or it nominates none."""
    refused = any((check.refused_with or "").startswith("487") for check in checks)
    leading = [check for check in checks if check.role == "controlling" and check.succeeded]
    conflicting = any(error.startswith("487") for check in leading for error in check.errors)
    if leading and not conflicting and not any(check.nominated for check in checks):
        return True
    back = (chosen.dst, chosen.dport, chosen.src, chosen.sport, chosen.inside)
    return refused or any(
        check.succeeded is None and check.silent >= MIN_TRIES
        for check in checks if (check.src, check.sport, check.dst, check.dport, check.inside) == back
    )


def _by_dtls(call: Call) -> bool:
    return any(line.fingerprint or line.setup for described in call.descriptions for line in described.media)


def _waiting_by_sdp(facts: Facts) -> Iterator[Found]:
    """Calls whose SDP lets both sides wait, where ICE was not captured or not used."""
    known = {session.call for session in facts.sessions}
    hosts = {host for each in facts.handshakes for host in (each.src, each.dst)}
    for number, call in facts.talks(INTRICATE):
        sides = setups(call)
        if number in known or call.streams or len(sides) < 2 or not WAITING.issuperset(sides.values()):
            continue
        end = facts.end_of(call)
        announced = {line.address for described in call.descriptions for line in described.media}
        if end - (call.answered or end) >= NOBODY_SECONDS and not announced & hosts:
            what = f"{call.caller} to {call.callee}: no ClientHello and no media; {setups_in_words(call)}"
            what += beginner_in_words(call)
            places = [described.place for described in call.descriptions[:2]]
            yield Found(what, places, certainty="high", time=call.answered)


@rule(
    "dtls-both-active", "error", "Both sides begin the DTLS handshake",
    scope="path",
    why="Each side sends a ClientHello and drops the other one's, because it is a client itself: no keys, no media.",
    fix="Look at a=setup of the answer: active on both sides, or an answer that was ignored. To an offer of actpass, "
    "the answer chooses one role, and the side that offered takes the other.",
)
def dtls_both_active(facts: Facts) -> Iterator[Found]:
    for first, other in facts.once(crossing).values():
        number = facts.sessions[facts.once(session_of)[first]].call
        call = None if number is None else facts.calls[number]
        one = facts.handshakes[first]
        hellos = one.server_hellos or facts.handshakes[other].hellos
        what = f"{between(one)}: {counted(one.hellos, 'ClientHello')} one way and {hellos} the other way"
        what += f", then {one.alert}" if one.alert else ""
        what += f"; {setups_in_words(call)}" if call is not None else ""
        yield Found(what, (one.place, facts.handshakes[other].place))


def crossing(facts: Facts) -> dict[int, tuple[int, int]]:
    """The handshakes that both sides began and none answered, on one pair or on two of a session; by their position."""
    found: dict[int, tuple[int, int]] = {}
    for number, each in enumerate(facts.handshakes):
        # A client that gets a hello where it waits for an answer may end it with an alert.
        alone = each.outcome == "failed" and each.version is None
        if each.hellos and each.server_hellos and (alone or each.outcome in ("unanswered", "unfinished")):
            if not agreed_anyway(facts, number):
                found[number] = number, number
    for session in facts.sessions:
        begun: dict[bool, int] = {}
        for number in session.handshakes[:MAX_LOOKED_AT]:
            each = facts.handshakes[number]
            if each.outcome == "unanswered" and not each.server_hellos:
                begun.setdefault(endpoint(each.src, each.sport) in session.sides[0].endpoints, number)
        if len(begun) == 2 and not agreed_anyway(facts, begun[True]):
            found[begun[True]] = begun[True], begun[False]
    return found


def crossed(facts: Facts) -> set[int]:
    """All of these handshakes."""
    return {number for pair in facts.once(crossing).values() for number in pair}


RULES = (dtls_missing, dtls_both_active)
