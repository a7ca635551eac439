"""Rules about NAT and STUN: which servers answer, and how an endpoint is seen."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.findings.connectivity.ice import ends, misprinted
from dissectors.findings.connectivity.relays import way
from dissectors.findings.connectivity.turn import BEGINNING
from dissectors.findings.hosts import private
from dissectors.findings.rule import Facts, Found, counted, rule
from dissectors.findings.traits import DESCRIBED
from dissectors.report import Check
from dissectors.wire.datagram import endpoint, host_of

BINDING = "binding"
MIN_TRIES = 3
"""Requests that must fail, retransmissions among them."""


@rule(
    "stun-unanswered", "warning", "STUN requests get no answer",
    scope="path", absence="answer",
    why="Without an answer, an endpoint does not learn its public address, and NAT bindings are not kept open.",
    fix="See whether address and port of the server are right, and whether the firewall lets UDP out.",
)
def stun_unanswered(facts: Facts) -> Iterator[Found]:
    sent = {way(flow) for flow in facts.recognised}
    heard = {(check.src, check.sport) for check in facts.checks if check.answered}
    for check in facts.checks:
        if check.kind == BINDING and check.silent >= MIN_TRIES and not check.answered:
            wrong, fix = misprinted([check]) or ("", "")
            what = f"{ends(check)}: {counted(check.silent, 'request')}, no answer{wrong}"
            if (check.dst, check.dport, check.src, check.sport) in sent:
                # It is reached and speaks something else: some services have a STUN of their own.
                yield Found(f"{what}, but something else comes back", (check.place,), severity="note")
            elif (check.src, check.sport) in heard:
                # It learns its address elsewhere, or tries where a peer may be.
                yield Found(f"{what}, while others answer this port", (check.place,), severity="note")
            else:
                yield Found(what, (check.place,), fix=fix)


@rule(
    "stun-error", "note", "A STUN request was refused",
    scope="path",
    why="The server understood the request but does not do what it asks.",
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
    why="Others see it under another address than its own; packets to its own address do not reach it.",
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
    why="A peer does not see the port that the STUN server sees, so the announced address does not work: two NATs of "
    "this kind cannot reach each other directly.",
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
    why="STUN told the endpoint its public address, but its SDP does not have it: peers outside cannot reach it.",
    fix="Let the endpoint put the mapped address into c= and m=, or offer it as a candidate.",
)
def mapped_not_announced(facts: Facts) -> Iterator[Found]:
    # What a host learnt first is what it knew soonest.
    mapped = {
        check.src: check for check in reversed(facts.checks) if check.mapped and host_of(check.mapped) != check.src
    }
    for number, call in facts.having(DESCRIBED) if mapped else ():
        for described in call.descriptions:
            for line in described.media:
                check = mapped.get(line.address or "")
                if check is None or check.succeeded is None or not private(line.address):
                    continue
                # A peer learns the public one from checks: it is peer-reflexive (RFC 8445 section 7.3.1.3).
                if check.succeeded.first > described.time or number in facts.once(_connected):
                    continue
                public = host_of(check.mapped or "")
                if not any(host_of(each) == public for each in line.endpoints):
                    what = f"{line.address} is announced; STUN said {check.mapped}"
                    yield Found(what, (described.place, check.place), number, certainty="high")


def _connected(facts: Facts) -> set[int | None]:
    """The calls, by their positions, in which a connectivity check succeeded."""
    return {
        session.call for session in facts.sessions if any([pair.checked is not None for pair in session.pairs])
    }


RULES = (stun_unanswered, nat_symmetric, mapped_not_announced, stun_error, nat_found)
