"""Rules about NAT, STUN, ICE and TURN: who could be reached, and as what."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.findings.addresses import private
from dissectors.findings.rule import Facts, Found, counted, rule
from dissectors.report import Check, Flow
from dissectors.wire.datagram import endpoint, host_of

CHECK, BINDING = "connectivity check", "binding"
MIN_TRIES, CONSENT_SECONDS, MIN_CONSENT_TRIES, SETTLED_SECONDS = 3, 30.0, 5, 5.0
"""Requests that must fail, retransmissions among them; seconds and requests after which consent has expired
(RFC 7675); seconds for nominating.
"""

AFTER_CHECKS = ("DTLS", "RTP", "RTCP")
BEGINNING = ("401", "438")


def ends(check: Check) -> str:
    """Who asked whom."""
    return f"{endpoint(check.src, check.sport)} to {endpoint(check.dst, check.dport)}"


def way(each: Check | Flow) -> tuple[str, int, str, int]:
    """From where to where."""
    return each.src, each.sport, each.dst, each.dport


def agreements(facts: Facts) -> dict[tuple[str, ...], list[Check]]:
    """Connectivity checks by the two user fragments, which both directions share (RFC 8445 section 7.2.2)."""
    found: dict[tuple[str, ...], list[Check]] = {}
    for check in facts.checks:
        if check.kind == CHECK and check.requests:
            found.setdefault(tuple(sorted((check.username or "").split(":"))), []).append(check)
    return found


@rule(
    "ice-failed", "error", "No connectivity check was answered",
    scope="path",
    why="The two sides cannot reach one another on any pair of candidates: there will be no media.",
    fix="Look at NAT and firewall of both; a TURN server lets media through where no hole can be punched.",
)
def ice_failed(facts: Facts) -> Iterator[Found]:
    silent = [checks for checks in agreements(facts).values() if not any(check.answered for check in checks)]
    if not silent:
        return
    # Who goes on to keys or media has found a pair, whether or not the answers were captured (RFC 8445 section 12.1).
    went_on = {way(flow) for flow in facts.flows if any(seen.name in AFTER_CHECKS for seen in flow.protocols)}
    for checks in silent:
        asked = sum(check.silent for check in checks)
        if asked >= MIN_TRIES and not any(way(check) in went_on for check in checks):
            what = f"{asked} checks on {len(checks)} pair{'s' * (len(checks) > 1)}, none answered: {ends(checks[0])}"
            yield Found(what, [check.place for check in checks])


@rule(
    "ice-one-way", "warning", "Connectivity checks get through in one direction only",
    scope="path",
    why="One side's checks are answered and the other's, on the same pair, are not: media will flow one way at most.",
    fix="Look at the firewall or NAT in front of the side that does not answer.",
)
def ice_one_way(facts: Facts) -> Iterator[Found]:
    pairs = {(c.src, c.sport, c.dst, c.dport): c for c in facts.checks if c.kind == CHECK and c.requests}
    for check in pairs.values():
        back = pairs.get((check.dst, check.dport, check.src, check.sport))
        if back is not None and back.answered and not check.answered and check.silent >= MIN_TRIES:
            yield Found(f"{ends(check)}: {check.silent} checks, none answered", (check.place, back.place))


@rule(
    "ice-role-conflict", "note", "Both sides took the same ICE role",
    scope="path",
    why="487 makes one of them change its role (RFC 8445 section 7.3.1.1); it costs a round trip.",
    fix="Nothing, if it happens once; otherwise one side does not change its role.",
)
def ice_role_conflict(facts: Facts) -> Iterator[Found]:
    for check in facts.checks:
        if any(error.startswith("487") for error in check.errors):
            yield Found(f"{ends(check)}: 487 Role Conflict", (check.place,))


@rule(
    "ice-refused", "error", "A connectivity check was refused",
    scope="path",
    why="400 and 401 mean that user fragment or password are not those of the SDP: no pair can work.",
    fix="Look for an answer of another call or branch, or a proxy that changes a=ice-ufrag or a=ice-pwd.",
)
def ice_refused(facts: Facts) -> Iterator[Found]:
    for check in facts.checks:
        errors = [error for error in check.errors if error[:3] in ("400", "401", "403")]
        if check.kind == CHECK and errors and check.mapped is None:
            yield Found(f"{ends(check)}: {errors[0]}", (check.place,))


@rule(
    "ice-not-nominated", "warning", "No pair of candidates was nominated",
    scope="path",
    why="Checks succeed and the controlling side never chooses a pair, so that ICE does not end.",
    fix="Look at the side that is controlling; an ICE-lite peer needs the other one to nominate.",
)
def ice_not_nominated(facts: Facts) -> Iterator[Found]:
    for checks in agreements(facts).values():
        leading = [check for check in checks if check.role == "controlling"]
        lasted = max(check.last for check in checks) - min(check.first for check in checks)
        answered, nominated = any(c.answered for c in leading), any(c.nominated for c in leading)
        if answered and not nominated and lasted > SETTLED_SECONDS:
            yield Found(f"{ends(leading[0])}: {lasted:.0f} s of checks", [check.place for check in leading])


@rule(
    "consent-lost", "error", "A path that worked stopped answering",
    scope="path",
    why="Without an answer for 30 seconds a sender must stop (RFC 7675): the call goes silent.",
    fix="Look at what changed then: a NAT binding that expired, a network that was left, a peer that went away.",
)
def consent_lost(facts: Facts) -> Iterator[Found]:
    for check in facts.checks:
        answered = check.last_answer
        if check.kind != CHECK or answered is None or check.silent < MIN_CONSENT_TRIES:
            continue
        if check.last - answered >= CONSENT_SECONDS:
            what = f"{ends(check)}: {check.silent} checks unanswered for {check.last - answered:.0f} s"
            yield Found(what, (check.place,))


@rule(
    "stun-unanswered", "warning", "STUN requests get no answer",
    scope="path",
    why="Without it an endpoint does not learn its public address, and NAT bindings are not kept open.",
    fix="See whether the server's address and port are right and the firewall lets UDP out.",
)
def stun_unanswered(facts: Facts) -> Iterator[Found]:
    sent = {way(flow) for flow in facts.flows}
    for check in facts.checks:
        if check.kind == BINDING and check.silent >= MIN_TRIES and not check.answered:
            what = f"{ends(check)}: {counted(check.silent, 'request')}, no answer"
            if (check.dst, check.dport, check.src, check.sport) in sent:
                # It is reached and speaks something else: some services have a STUN of their own.
                yield Found(f"{what}, but something else comes back", (check.place,), severity="note")
            else:
                yield Found(what, (check.place,))


@rule(
    "stun-error", "note", "A STUN request was refused",
    scope="path",
    why="The server understood the request and does not do what it asks.",
    fix="The code says why: 400 malformed, 420 an attribute that it does not know, 500 its own error.",
)
def stun_error(facts: Facts) -> Iterator[Found]:
    for check in facts.checks:
        errors = [error for error in check.errors if error[:3] not in BEGINNING]
        if check.kind == BINDING and errors:
            yield Found(f"{ends(check)}: {', '.join(errors)}", (check.place,))


@rule(
    "nat-found", "note", "An endpoint is behind a NAT",
    scope="path",
    why="It is seen under another address than its own; who sends to its own address does not reach it.",
    fix="Nothing, if ICE or symmetric RTP is used.",
)
def nat_found(facts: Facts) -> Iterator[Found]:
    told: set[tuple[str, int, str]] = set()
    for check in facts.checks:
        here = endpoint(check.src, check.sport)
        if check.mapped and check.mapped != here and (check.src, check.sport, check.mapped) not in told:
            told.add((check.src, check.sport, check.mapped))
            yield Found(f"{here} is seen as {check.mapped}", (check.place,))


@rule(
    "nat-symmetric", "warning", "A NAT gives each destination another port",
    scope="path",
    why="What a STUN server sees is not what a peer will see, so the announced address does not work: holes cannot be "
    "punched to another NAT of this kind.",
    fix="Use a TURN relay, or change the NAT to endpoint-independent mapping (RFC 4787).",
)
def nat_symmetric(facts: Facts) -> Iterator[Found]:
    seen: dict[tuple[str, int], dict[str, Check]] = {}
    for check in facts.checks:
        if check.mapped and check.mapped != endpoint(check.src, check.sport):
            seen.setdefault((check.src, check.sport), {})[check.mapped] = check
    for (src, sport), mapped in seen.items():
        if len(mapped) > 1 and len({(each.dst, each.dport) for each in mapped.values()}) > 1:
            what = f"{endpoint(src, sport)} is seen as {' and '.join(list(mapped)[:4])}"
            yield Found(what, [check.place for check in mapped.values()], certainty="high")


@rule(
    "mapped-not-announced", "warning", "The SDP announces a private address although the public one was known",
    why="STUN told the endpoint how it is seen, and its SDP does not say so: peers outside cannot reach it.",
    fix="Let the endpoint put the mapped address into c= and m=, or offer it as a candidate.",
)
def mapped_not_announced(facts: Facts) -> Iterator[Found]:
    mapped = {check.src: check for check in facts.checks if check.mapped and host_of(check.mapped) != check.src}
    for number, call in enumerate(facts.calls if mapped else ()):
        for described in call.descriptions:
            for line in described.media:
                check = mapped.get(line.address or "")
                if check is None or not private(line.address) or check.last > call.messages[-1].time:
                    continue
                public = host_of(check.mapped or "")
                if not any(host_of(each) == public for each in line.endpoints):
                    what = f"{line.address} is announced; STUN said {check.mapped}"
                    yield Found(what, (described.place, check.place), number, certainty="high")


RULES = (
    ice_failed, ice_refused, consent_lost, ice_one_way, ice_not_nominated, stun_unanswered,
    nat_symmetric, mapped_not_announced, ice_role_conflict, stun_error, nat_found,
)
