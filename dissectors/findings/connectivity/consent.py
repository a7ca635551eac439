"""Rules about consent: a path that stopped answering, and one on which nobody asks any more (RFC 7675)."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter

from dissectors.analysis.connectivity.joining import CHECK
from dissectors.findings.connectivity.ice import CONFLICT, Way, back, by_way, ends, way
from dissectors.findings.rule import Facts, Found, rule
from dissectors.report import Check, Outage, Pair, Session, Stream
from dissectors.wire.datagram import endpoint

CONSENT_SECONDS = 30.0
IMPATIENT = ((5, 8.0), (3, 15.0))
"""After 30 seconds consent has expired (RFC 7675); common stacks give up after so many checks in 8 or 15 seconds."""

MIN_CONSENT_TRIES, MIN_REFUSED, REFUSED_SECONDS = 5, 3, 4.0
MARGIN_SECONDS, ENDING_SECONDS = 2.0, 5.0
"""Media that comes so much later went on; what fails so soon before or after a session is closed is its end."""

STOPPED_SECONDS = (5.0, 45.0)
"""How long after the last check a side stops for want of consent."""

_last = attrgetter("last")


@rule(
    "consent-lost", "error", "A path that worked stopped answering",
    scope="path", absence="answer",
    why="Without an answer for 30 seconds a sender must stop (RFC 7675), and common stacks give up after 8 or 15: the "
    "call goes silent. A refusal ends it at once.",
    fix="Look at what changed then: a NAT binding that expired, a network that was left, a peer that went away. If "
    "checks are refused with 401, one side missed an ICE restart or a new session.",
)
def consent_lost(facts: Facts) -> Iterator[Found]:
    for session in facts.sessions:
        for position in session.checks:
            check = facts.checks[position]
            if check.kind != CHECK or check.last_answer is None:
                continue
            for outage in check.outages:
                if session.first <= outage.since < session.last and _tried_long(outage) and _used(facts, check, outage):
                    yield _recovered(session, check, outage)
            if check.last > session.last:
                # What became of it is that of a later session on the same 5-tuple.
                continue
            if not check.silent and not check.refused_in_a_row:
                continue
            media = _media_until(facts, check)
            found = _refused(check) or _silent(check, media)
            if found is not None and not _over(session, check, found.time or 0.0, media):
                yield found


def _media_until(facts: Facts, check: Check) -> float:
    """When the last media came on the path of a check."""
    streams = facts.once(streams_by_way)
    both = *streams.get(way(check), ()), *streams.get(back(check), ())
    return max([stream.last for stream in both], default=0.0)


def _refused(check: Check) -> Found | None:
    """Checks that succeeded, and are refused since."""
    before, times = check.succeeded, check.refused_in_a_row
    lasted = (check.refused_until or 0.0) - (check.refused_since or 0.0)
    long = times >= MIN_REFUSED or times > 1 and lasted >= REFUSED_SECONDS
    if before is None or not long or (check.refused_with or "").startswith(CONFLICT):
        return None
    what = f"{ends(check)}: {times} checks in a row got {check.refused_with}, after {before.count} that succeeded"
    return Found(what, (before.last_place, check.refused_place or check.place), time=check.refused_since)


def _silent(check: Check, media: float) -> Found | None:
    """Checks that were answered, and are not since."""
    answered, tries, since = check.last_answer, check.silent, check.silent_since
    if answered is None or since is None:
        return None
    lasted = check.last - answered
    goes_on = media >= since + MARGIN_SECONDS
    impatient = goes_on and any(tries >= least and lasted >= seconds for least, seconds in IMPATIENT)
    if not impatient and (tries < MIN_CONSENT_TRIES or lasted < CONSENT_SECONDS):
        return None
    what = f"{ends(check)}: {tries} checks unanswered for {lasted:.0f} s" + (", media went on" if goes_on else "")
    return Found(what, (check.succeeded.last_place if check.succeeded else check.place,), time=since)


def _tried_long(outage: Outage) -> bool:
    seconds = outage.until - outage.since
    return any(outage.requests >= least and seconds >= long for least, long in IMPATIENT) or outage.error is not None


def _used(facts: Facts, check: Check, outage: Outage) -> bool:
    """Whether media on this path began before an outage and goes on after it."""
    streams = facts.once(streams_by_way)
    return any(
        stream.first <= outage.since and stream.last >= outage.until
        for there in (way(check), back(check)) for stream in streams.get(there, ())
    )


def _recovered(session: Session, check: Check, outage: Outage) -> Found:
    """Checks that succeeded, did not for a time, and do again."""
    failed = "unanswered" if outage.error is None else f"in a row got {outage.error}"
    what = (
        f"{ends(check)}: {outage.requests} checks {failed} for {outage.until - outage.since:.0f} s, from "
        f"{outage.since - session.first:.1f} s until {outage.until - session.first:.1f} s into the session; "
        "then they succeed again"
    )
    return Found(what, (outage.place, outage.until_place), severity="warning", time=outage.since)


def _over(session: Session, check: Check, moment: float, media: float) -> bool:
    """Whether a session was closed about then, or has gone on over another of the two pairs that were used last."""
    if session.ended is not None and session.ended <= moment + ENDING_SECONDS:
        return True
    used = [pair for pair in session.pairs if pair.used is not None]
    used = sorted(used, key=lambda pair: pair.last, reverse=True)[:2]
    others = [pair for pair in used if not _same(pair, check)]
    return media < moment + MARGIN_SECONDS and any(pair.last > check.last - ENDING_SECONDS for pair in others)


def _same(pair: Pair, check: Check) -> bool:
    one = pair.src, pair.sport, pair.dst, pair.dport, pair.inside
    return one in (way(check), back(check))


@rule(
    "consent-missing", "warning", "No checks keep the peer's consent, and it stops sending",
    scope="path", absence="state",
    why="A sender needs an answered check every few seconds, and must stop after 30 seconds without one (RFC 7675). "
    "A peer that only answers checks (ICE lite, media servers) stops as well if none come.",
    fix="Look why the full ICE agent sends no checks after the first ones: an old library, or a timer that stopped.",
)
def consent_missing(facts: Facts) -> Iterator[Found]:
    if not facts.sessions:
        return
    checks, streams = facts.once(by_way), facts.once(streams_by_way)
    for session in facts.sessions:
        for pair in session.pairs:
            there = (pair.src, pair.sport, pair.dst, pair.dport, pair.inside)
            again = (pair.dst, pair.dport, pair.src, pair.sport, pair.inside)
            ours, theirs = streams.get(there), streams.get(again)
            if ours is None or theirs is None:
                continue
            # One side stops before the other does.
            if max(ours, key=_last).last > max(theirs, key=_last).last:
                ours, theirs = theirs, ours
            asked = [each for each in (checks.get(there), checks.get(again)) if each is not None]
            found = _stopped(session, asked, ours, theirs)
            if found is not None:
                yield found


def streams_by_way(facts: Facts) -> dict[Way, list[Stream]]:
    """Streams by their way."""
    found: dict[Way, list[Stream]] = {}
    for stream in facts.streams:
        found.setdefault(way(stream), []).append(stream)
    return found


def _stopped(session: Session, asked: list[Check], stops: list[Stream], goes_on: list[Stream]) -> Found | None:
    """A side that stops sending so long after the last check, although the other goes on."""
    last = max(stops, key=_last)
    if not asked or max(goes_on, key=_last).last < last.last + ENDING_SECONDS:
        return None
    begin, end = STOPPED_SECONDS
    after = last.last - max(check.last for check in asked)
    if not begin <= after <= end or any(stream.end is not None for stream in stops):
        return None
    if session.ended is not None and session.ended <= last.last + ENDING_SECONDS:
        return None
    here = endpoint(last.src, last.sport)
    what = f"{here} stops sending {after:.0f} s after the last check, and its peer goes on; no check came meanwhile"
    places = last.last_place, max(asked, key=lambda each: each.last).place
    return Found(what, places, certainty="high", time=last.last)


RULES = (consent_lost, consent_missing)
