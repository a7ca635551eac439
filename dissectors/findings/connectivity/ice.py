"""Rules about ICE: pairs that work, credentials and roles that do not fit (RFC 8445)."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter

from dissectors.analysis.connectivity.joining import CHECK, fragments
from dissectors.findings.hosts import neighbours, private
from dissectors.findings.kinds import spoken
from dissectors.findings.media_traits import INTRICATE
from dissectors.findings.rule import Facts, Found, counted, rule
from dissectors.findings.security.dtls_roles import STUN_ALONE, keyed_without_checks
from dissectors.report import Call, Check, Flow, Place, Stream, Username
from dissectors.wire.datagram import endpoint, host_of
from dissectors.wire.values import Struct

Way = tuple[str, int, str, int, str]

MIN_TRIES, SETTLED_SECONDS, MIN_REFUSED = 3, 5.0, 3
"""Requests that must fail, retransmissions among them; seconds for nominating; refusals in a row."""

AFTER_CHECKS = ("DTLS", "RTP", "RTCP")
CONSENT_SECONDS = 2.0
"""Consent is asked for every five seconds (RFC 7675 section 5.1), by browsers twice as often; checks come faster."""

TURN_CARRIES = "A TURN server carries media where no direct path works."
PEER = "peer "
"""How what is carried by a relay begins to say for whom."""

CONFLICT = "487"
MAX_FRAGMENTS_TOLD_APART = 64
"""Where a call announces more fragments, nobody knows which of them is right."""

_last = attrgetter("last")


def ends(check: Check) -> str:
    """Who asked whom."""
    return f"{endpoint(check.src, check.sport)} to {endpoint(check.dst, check.dport)}"


def way(each: Check | Flow | Stream) -> Way:
    """From where to where, and what carries it."""
    return each.src, each.sport, each.dst, each.dport, each.inside


def back(each: Check | Flow | Stream) -> Way:
    """The same from the other end."""
    return each.dst, each.dport, each.src, each.sport, each.inside


def agreements(facts: Facts) -> dict[tuple[str, ...], list[Check]]:
    """Connectivity checks by the two user fragments, which both directions share (RFC 8445 section 7.2.2)."""
    found: dict[tuple[str, ...], list[Check]] = {}
    for check in facts.checks:
        if check.kind == CHECK and check.requests:
            found.setdefault(tuple(sorted((check.username or "").split(":"))), []).append(check)
    return found


def _target(check: Check) -> str:
    """Who is asked, behind a relay if there is one."""
    return check.inside.removeprefix(PEER) if check.inside.startswith(PEER) else endpoint(check.dst, check.dport)


def by_way(facts: Facts) -> dict[Way, Check]:
    """Connectivity checks by their way."""
    return {way(check): check for check in facts.checks if check.kind == CHECK and check.requests}


class Mismatch(Struct, frozen=True):
    """A check, the user name under which it fails, the fragment that it calls its peer, and those that are right."""

    check: Check
    named: Username
    called: str
    right: str


def mismatches(facts: Facts) -> dict[int, list[Mismatch]]:
    """The checks of each session, by its position, whose peer calls itself otherwise than they call it."""
    found: dict[int, list[Mismatch]] = {}
    for number, session in enumerate(facts.sessions):
        for position in session.checks:
            check = facts.checks[position]
            named = max(check.usernames, key=_last, default=None)
            if named is None or named.succeeded or max(named.requests, check.silent) < MIN_TRIES:
                continue
            if named.last > session.last:
                continue
            pair, other = fragments(named.username), facts.once(by_way).get(back(check))
            if pair is None:
                continue
            if other is not None and other.username == check.username:
                # Old agents write both in one order, whoever sends.
                continue
            announced = facts.each(_announced)[session.call] if session.call is not None else set()
            sent = [fragments(each.username) for each in other.usernames] if other else []
            right = {each[1] for each in sent if each} or (announced - {pair[1]} if pair[1] in announced else set())
            if right and pair[0] not in right:
                found.setdefault(number, []).append(Mismatch(check, named, pair[0], ", ".join(sorted(right))))
    return found


def _announced(call: Call) -> set[str]:
    """The fragments of both sides by the SDP, where both are known and few enough."""
    said = {(one.side, line.ufrag) for one in call.descriptions for line in one.media if line.ufrag}
    found = {fragment for _, fragment in said}
    return found if len({side for side, _ in said}) > 1 and len(found) <= MAX_FRAGMENTS_TOLD_APART else set()


def _mismatched(facts: Facts) -> set[Place]:
    """The first frames of all checks of sessions in which credentials do not fit."""
    numbers = facts.once(mismatches)
    return {facts.checks[position].place for number in numbers for position in facts.sessions[number].checks}


@rule(
    "ice-credentials-mismatch", "error", "ICE checks use another user name fragment than the peer has",
    scope="path",
    why="A side that gets a check with a fragment that is not its own drops it, or answers 401: no pair can work. "
    "The path is not the reason.",
    fix="Look for an old or foreign offer or answer: an ICE restart that one side missed, an answer of another branch, "
    "candidates that were added to the wrong session, a proxy that changes a=ice-ufrag.",
)
def ice_credentials_mismatch(facts: Facts) -> Iterator[Found]:
    for wrong in facts.once(mismatches).values():
        alike: dict[tuple[str, str], list[tuple[Check, Username]]] = {}
        for each in wrong:
            alike.setdefault((each.called, each.right), []).append((each.check, each.named))
        for (told, right), found in alike.items():
            check, named = found[0]
            times = sum(max(each.requests, one.silent if one.username == each.username else 0) for one, each in found)
            pairs = f" on {len(found)} pairs" if len(found) > 1 else ""
            result = f"refused with {check.refused_with}" if check.refused_in_a_row else "none answered"
            what = f"{ends(check)}: {counted(times, 'check')}{pairs} under {told}, the peer is {right}; {result}"
            yield Found(what, [each.last_place for _, each in found], time=named.last)


@rule(
    "ice-failed", "error", "No connectivity check was answered",
    scope="path", absence="answer",
    why="The two sides cannot reach each other on any pair of candidates: there will be no media.",
    fix="Look at the candidates of both sides, and at the NATs and firewalls between them.",
)
def ice_failed(facts: Facts) -> Iterator[Found]:
    yield from _both_lite(facts)
    yield from _no_common_family(facts)
    silent = [checks for checks in facts.once(agreements).values() if not any([check.answered for check in checks])]
    if not silent:
        return
    # Who goes on to keys or media has found a pair, whether or not the answers were captured (RFC 8445 section 12.1).
    went_on = {way(flow) for flow in facts.recognised if any(seen.name in AFTER_CHECKS for seen in flow.protocols)}
    excused = facts.once(_mismatched)
    for checks in silent:
        asked = sum(check.silent for check in checks)
        if asked < MIN_TRIES or any(way(check) in went_on or check.place in excused for check in checks):
            continue
        if any(frozenset((check.src, check.dst)) in facts.once(keyed_without_checks) for check in checks):
            continue
        # One pair is asked from both ends.
        pairs = len({min(way(check), back(check)) for check in checks})
        what = f"{asked} checks on {counted(pairs, 'pair')}, none answered: {ends(checks[0])}"
        known = misprinted(checks) or _elsewhere(checks)
        known = known or _private_relay(facts, checks) or _private_candidate(facts, checks)
        reason, fix = known or ("", TURN_CARRIES)
        yield Found(what + reason, [check.place for check in checks], fix=fix)


def misprinted(checks: list[Check]) -> tuple[str, str] | None:
    """That a FINGERPRINT is wrong, with which requests are dropped (RFC 8489 section 6.3); and what to do."""
    if not any(check.fingerprint_wrong for check in checks):
        return None
    return "; the FINGERPRINT of the first one is wrong, and who gets it drops it", (
        "Let the client compute FINGERPRINT as RFC 8489 section 14.7 says: the CRC-32 of all octets before it, XORed "
        "with 0x5354554E."
    )


def _elsewhere(checks: list[Check]) -> tuple[str, str] | None:
    """That answers come from elsewhere, which ICE does not take (RFC 8445 section 7.2.5.2.1); and what to do."""
    for check in checks:
        if check.answered_elsewhere >= MIN_TRIES:
            times, asked = check.answered_elsewhere, endpoint(check.dst, check.dport)
            return f"; {times} answers come from {check.elsewhere} instead of {asked}, and ICE discards them", (
                f"Let {check.dst} answer itself: a host with several addresses must bind a socket to each, or answer "
                "from the one that was asked."
            )
    return None


def _private_relay(facts: Facts, checks: list[Check]) -> tuple[str, str] | None:
    """The relay that was asked through, where its address is private and that of its server is not; and what to do."""
    relays = facts.once(_private_relays)
    for check in checks:
        relay = relays.get((check.src, check.sport, check.dst, check.dport))
        if relay is not None and check.inside.startswith(PEER) and not private(host_of(_target(check))):
            server = endpoint(check.dst, check.dport)
            return f"; the TURN server {server} gave the relay {relay}, whose address is private", (
                "Let the TURN server give relays at its public address (external-ip of coturn)."
            )
    return None


def _private_relays(facts: Facts) -> dict[tuple[str, int, str, int], str]:
    """Relays at private addresses that servers at public ones gave, by who asked whom."""
    return {
        (check.src, check.sport, check.dst, check.dport): check.relayed for check in facts.checks
        if check.relayed and private(host_of(check.relayed)) and not private(check.dst)
    }


def _private_candidate(facts: Facts, checks: list[Check]) -> tuple[str, str] | None:
    """A side that announces private addresses alone, from a public one, where nothing else is asked; and what to do."""
    hidden = facts.once(_hidden) if all(private(host_of(_target(check))) for check in checks) else {}
    for check in checks:
        side, signals = hidden.get(_target(check), ("", ""))
        if side and not neighbours(check.src, check.dst):
            return f"; the {side} announces private addresses alone and signals from {signals}", (
                f"Let the {side} announce its public address as a candidate and in c=."
            )
    return None


def _hidden(facts: Facts) -> dict[str, tuple[str, str]]:
    """Sides whose candidates are all private although they signal from a public address, by their candidates."""
    found: dict[str, tuple[str, str]] = {}
    for _, call in facts.having(INTRICATE):
        for described in call.descriptions:
            announced = [each for line in described.media for each in line.endpoints]
            if announced and all(private(host_of(each)) for each in announced):
                sent = next((each for each in call.messages if each.place == described.place), None)
                if sent is not None and not private(sent.src):
                    found.update(dict.fromkeys(announced, (described.side, sent.src)))
    return found


def _no_common_family(facts: Facts) -> Iterator[Found]:
    """Calls whose sides have no candidates of one family, so that there is no pair (RFC 8445 section 6.1.2.2)."""
    asked = {session.call for session in facts.sessions if session.checks}
    for number, call in facts.talks(INTRICATE):
        families: dict[str, set[str]] = {}
        for one in call.descriptions:
            for line in one.media:
                known = families.setdefault(one.side, set())
                known.update(map(_family, line.endpoints))
                known.update(["unlisted"] if line.candidates > len(line.endpoints) else ())
        lasted = facts.end_of(call) - (call.answered or 0.0)
        if sorted(map(sorted, families.values())) != [["IPv4"], ["IPv6"]] or lasted < SETTLED_SECONDS:
            continue
        if call.streams or number in asked:
            continue
        sides = ", all of the ".join(f"{side} are {family}" for side, (family,) in families.items())
        what = f"{call.caller} to {call.callee}: all candidates of the {sides}, so that there is no pair to check"
        places = [described.place for described in call.descriptions[:2]]
        fix = "Give one side candidates of the other's family, or a TURN relay of it."
        yield Found(what, places, certainty="high", time=call.answered, fix=fix)


def _family(end: str) -> str:
    """The family of the address of a candidate, or that it is a name."""
    host = host_of(end)
    return "IPv6" if ":" in host else "IPv4" if host.replace(".", "").isdigit() else "a name"


def _both_lite(facts: Facts) -> Iterator[Found]:
    """Calls in which both sides only answer checks, so that nobody sends any, and nothing flows."""
    asked = {session.call for session in facts.sessions if session.checks}
    for number, call in facts.talks(INTRICATE):
        lite = {one.side: any(line.ice_lite for line in one.media) for one in call.descriptions if one.media}
        lasted = facts.end_of(call) - (call.answered or 0.0)
        if len(lite) < 2 or not all(lite.values()) or call.streams or number in asked or lasted < SETTLED_SECONDS:
            continue
        what = f"{call.caller} to {call.callee}: both sides announce a=ice-lite, and neither sends checks"
        places = [described.place for described in call.descriptions[:2]]
        fix = "Make one of them a full agent."
        yield Found(what, places, certainty="high", time=call.answered, fix=fix)


@rule(
    "ice-one-way", "warning", "Connectivity checks get through in one direction only",
    scope="path", absence="answer",
    why="The checks of one side are answered, those of the other side on the same pair are not. A side drops checks "
    "with a password that is not its own (RFC 8489 section 9.1.3), or does not get them.",
    fix="Compare a=ice-pwd and a=ice-ufrag as the side that does not answer wrote them with what the other one got: a "
    "proxy may have changed them. Look at the firewall or NAT in front of it only if it repeats checks that are "
    "answered: then the answers do not get there, either.",
)
def ice_one_way(facts: Facts) -> Iterator[Found]:
    pairs, excused = facts.once(by_way), facts.once(_mismatched)
    for check in pairs.values():
        other = pairs.get(back(check))
        silent = not check.answered and check.silent >= MIN_TRIES and check.place not in excused
        if other is not None and other.answered and silent:
            yield Found(f"{ends(check)}: {check.silent} checks, none answered", (check.place, other.place))


@rule(
    "ice-role-conflict", "note", "Both sides took the same ICE role",
    scope="path",
    why="487 makes one of them change its role (RFC 8445 section 7.3.1.1); this costs a round trip. If neither "
    "changes, they agree on no pair, and there will be no media.",
    fix="Nothing, if it happens once; otherwise look at the side that gets 487 and does not change its role.",
)
def ice_role_conflict(facts: Facts) -> Iterator[Found]:
    pairs = facts.once(by_way)
    told: set[Way] = set()
    for check in facts.checks:
        errors = [error for error in check.errors if error.startswith(CONFLICT)] if check.errors else ()
        if not errors:
            continue
        error = errors[0]
        if _stuck(check):
            other = pairs.get(back(check))
            if other is None or not _stuck(other):
                what = f"{ends(check)}: {check.refused_in_a_row} times {error} in a row, and it stays {check.role}"
                yield Found(what, (check.refused_place or check.place,), severity="error", time=check.refused_since)
            elif way(other) not in told:
                told.add(way(check))
                yield _both_refuse(check, other)
        else:
            outcome = next(each for each in check.outcomes if each.result == error)
            yield Found(f"{ends(check)}: 487 Role Conflict", (check.place,), time=outcome.first)
    yield from _same_roles(facts)


def _stuck(check: Check) -> bool:
    return (check.refused_with or "").startswith(CONFLICT) and check.refused_in_a_row >= MIN_REFUSED


def _both_refuse(check: Check, other: Check) -> Found:
    """Each side refuses the other's role: who changes it when the other one does gets no further than who keeps it."""
    what = f"{ends(check)}: each side answers the other with {check.refused_with}, {check.refused_in_a_row} and "
    what += f"{other.refused_in_a_row} times in a row; "
    if min(check.role_changes, other.role_changes) >= MIN_REFUSED:
        what += f"both change their role, {check.role_changes} and {other.role_changes} times, and it stays the same"
    else:
        what += f"the one stays {check.role}, the other {other.role}"
    places = [check.refused_place or check.place, other.refused_place or other.place]
    return Found(what, places, severity="error", time=check.refused_since)


def _same_roles(facts: Facts) -> Iterator[Found]:
    """Both sides of a session in one role for long, which nobody objects to: none nominates, or none obeys."""
    for session in facts.sessions:
        roles = {side.role for side in session.sides}
        if len(roles) > 1 or None in roles or any([pair.used is not None for pair in session.pairs]):
            continue
        checks = [facts.checks[position] for position in session.checks]
        if any(map(_conflicts, checks)):
            continue
        lasted = min(_lasted(checks, side.endpoints) for side in session.sides)
        if lasted >= SETTLED_SECONDS and not any(check.nominated for check in checks):
            role = session.sides[0].role
            what = f"{ends(checks[0])}: both sides are {role} for {lasted:.0f} s, and no pair is nominated"
            yield Found(what, [check.place for check in checks[:2]], severity="error", certainty="high")


def _conflicts(check: Check) -> bool:
    return any(error.startswith(CONFLICT) for error in check.errors)


def _lasted(checks: list[Check], here: tuple[str, ...]) -> float:
    """For how long the side at these endpoints sent checks."""
    own = [check for check in checks if endpoint(check.src, check.sport) in here]
    return max((check.last for check in own), default=0.0) - min((check.first for check in own), default=0.0)


@rule(
    "ice-refused", "error", "A connectivity check was refused",
    scope="path",
    why="400 and 401 mean that user fragment or password are not the ones in the SDP: the pair cannot work, and no "
    "other pair of this side does.",
    fix="Look for an answer of another call or branch, or a proxy that changes a=ice-ufrag or a=ice-pwd.",
)
def ice_refused(facts: Facts) -> Iterator[Found]:
    for check in facts.checks:
        errors = [error for error in check.errors if error[:3] in ("400", "401", "403")] if check.errors else ()
        if check.kind != CHECK or not errors or check.succeeded is not None or check.place in facts.once(_mismatched):
            continue
        # One pair that works is enough.
        if facts.once(_working).get(check.place, -1.0) < check.first:
            yield Found(f"{ends(check)}: {errors[0]}", (check.place,))


def _working(facts: Facts) -> dict[Place, float]:
    """When a check of the same side of the same session succeeded last, for each check by its first frame."""
    found: dict[Place, float] = {}
    for session in facts.sessions:
        here, latest = set(session.sides[0].endpoints), {True: -1.0, False: -1.0}
        known = map(facts.checks.__getitem__, session.checks)
        checks = [(endpoint(check.src, check.sport) in here, check) for check in known]
        for side, check in checks:
            if check.kind == CHECK and check.succeeded is not None:
                latest[side] = max(latest[side], check.succeeded.last)
        found.update((check.place, latest[side]) for side, check in checks)
    return found


@rule(
    "ice-not-nominated", "error", "No pair of candidates was nominated",
    scope="path", absence="answer",
    why="Checks succeed, but the controlling side never chooses a pair (USE-CANDIDATE), so ICE does not end, and "
    "neither DTLS nor media begin.",
    fix="Look at the side that is controlling; an ICE-lite peer needs the other one to nominate.",
)
def ice_not_nominated(facts: Facts) -> Iterator[Found]:
    for checks in facts.once(agreements).values():
        leading = [check for check in checks if check.role == "controlling"]
        if any([check.nominated for check in leading]) or not any([check.succeeded for check in leading]):
            continue
        lasted = max(check.last for check in checks) - min(check.first for check in checks)
        if lasted <= SETTLED_SECONDS or any(map(_conflicts, leading)):
            continue
        # Who only asks now and then whether its peer still consents has nominated before (RFC 7675 section 5.1).
        if sum(check.requests for check in leading) * CONSENT_SECONDS <= lasted:
            continue
        used = facts.once(_in_use)
        if not any(way(check) in used or back(check) in used for check in checks):
            what = f"{ends(leading[0])}: {lasted:.0f} s of checks, and none nominates"
            yield Found(what, [check.place for check in leading])


def _in_use(facts: Facts) -> set[Way]:
    """Who uses a pair has chosen it, whether or not the capture began in time."""
    return {way(flow) for _, flow, names in spoken(facts) if not names <= STUN_ALONE}


RULES = (
    ice_credentials_mismatch, ice_failed, ice_refused, ice_one_way, ice_not_nominated, ice_role_conflict,
)
