"""Rules about TURN: relays that were not given, or that ended while they were used."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.analysis.connectivity.joining import CHECK
from dissectors.findings.connectivity.ice import misprinted
from dissectors.findings.hosts import private
from dissectors.findings.rule import Facts, Found, counted, rule
from dissectors.report import Check, Grant, Outcome, Place, Severity
from dissectors.wire.datagram import endpoint, host_of

MIN_TRIES = 3
"""Requests that must fail, retransmissions among them."""

MIN_STALE, MIN_STALE_ALIKE = 2, 3
"""How often 438 must come for a relay, from whatever port; and for another request, from one port."""

REPAIR_SECONDS = 10.0
"""Within so many seconds a client repeats a request with the nonce that it was told."""

MARGIN_SECONDS = 5.0
"""A relay that is given so much earlier is one of the same attempt."""

SHOWN_PEERS = 6
BEGINNING = ("401", "438")
"""How a request begins: the client learns realm and nonce."""

ELSEWHERE, NO_ANSWER = "300", "no answer"
FULL = ("486", "508")
"""A quota that is used up, and a server that has no port left."""

RELAYING = ("createpermission", "channelbind", "refresh", "connect")


def by_client(facts: Facts) -> dict[tuple[str, str, int], list[Check]]:
    """What asked for relays, by the client's host and the server: a client may take a new port for each attempt."""
    found: dict[tuple[str, str, int], list[Check]] = {}
    for check in facts.checks:
        if check.kind == "allocate":
            found.setdefault((check.src, check.dst, check.dport), []).append(check)
    return found


def last_success(checks: list[Check]) -> float:
    """When the last of them succeeded, 0 if none did."""
    return max((each.succeeded.last for each in checks if each.succeeded), default=0.0)


def between(checks: list[Check]) -> str:
    """Who asked whom, and from how many ports."""
    first, ports = checks[0], len({each.sport for each in checks})
    here = endpoint(first.src, first.sport) if ports == 1 else f"{first.src} from {ports:,} ports"
    return f"{here} to {endpoint(first.dst, first.dport)}"


@rule(
    "turn-nonce-stale", "error", "The TURN server calls every nonce stale",
    scope="path",
    why="438 comes with a new nonce, and the request must be sent again with it, from the same port: many servers bind "
    "a nonce to the address and port that they gave it to. So there is no relay.",
    fix="Let the client ask again with the NONCE of the 438, from the same port; see whether a NAT or a load balancer "
    "changes the port, or sends it to another server, between the two requests.",
)
def turn_nonce_stale(facts: Facts) -> Iterator[Found]:
    for checks in facts.once(by_client).values():
        since = last_success(checks)
        stale = [each for each in checks if _refused_with(each, "438") and (each.refused_since or 0.0) > since]
        times = sum(each.refused_in_a_row for each in stale)
        if times >= MIN_STALE:
            error = stale[0].refused_with
            what = f"{between(stale)}: {counted(times, 'allocation')} with credentials, {error} each time"
            moment = min(each.refused_since or 0.0 for each in stale)
            yield Found(what, [each.refused_place or each.place for each in stale], time=moment)
    for check in facts.checks:
        if check.kind in RELAYING and _refused_with(check, "438") and check.refused_in_a_row >= MIN_STALE_ALIKE:
            what = f"{between([check])}: {check.kind}, {check.refused_in_a_row} times {check.refused_with} in a row"
            yield Found(what, (check.refused_place or check.place,), time=check.refused_since)


def _refused_with(check: Check, code: str) -> bool:
    return bool(check.refused_in_a_row) and (check.refused_with or "").startswith(code)


@rule(
    "turn-allocation-failed", "error", "The TURN server gave no relay",
    scope="path", absence="answer",
    why="If no direct path works, there will be no media.",
    fix="401 twice: wrong credentials; 403: not allowed; 437: there is a relay for this port already, so take another "
    "one; 440: it has no address of that family; 442: it relays only UDP, or not what was asked for; 486: the quota is "
    "used up; 508: the server has no port left.",
)
def turn_allocation_failed(facts: Facts) -> Iterator[Found]:
    found = facts.once(by_client)
    given: dict[str, float] = {}
    for (src, _, _), checks in found.items():
        if since := last_success(checks):
            given[src] = max(given.get(src, 0.0), since)
    for checks in found.values():
        since = last_success(checks)
        alike: dict[str, list[Check]] = {}
        unauthorised = [each for each in checks if each.relayed is None and _outcome(each, "401")]
        for check in checks:
            if check.relayed is None and (reason := _reason(check, check.last < since)):
                alike.setdefault(reason, []).append(check)
        for reason, refused in alike.items():
            tried = sum(max(each.requests - _challenged(each), each.silent) for each in refused)
            places = [_place(each, reason) for each in refused]
            moment = min(_moment(each, reason) for each in refused)
            # Clients ask several servers, and for both families of addresses: one relay is enough.
            elsewhere = given.get(refused[0].src, float("-inf")) >= moment - MARGIN_SECONDS
            what = f"{between(refused)}: {counted(tried, 'request')}, {reason}"
            what += "; it got a relay by another request" if elsewhere else ""
            wrong, fix = reason == NO_ANSWER and misprinted(refused) or ("", "")
            # A quota that is used up, or a server that is full, refuses the next one as well.
            beside: Severity = "warning" if reason[:3] in FULL else "note"
            yield Found(what + wrong, places, severity=beside if elsewhere else None, time=moment, fix=fix)
        if not alike and unauthorised and (reason := _unauthorised(unauthorised, since, facts.end)):
            places = [_place(each, "401") for each in unauthorised]
            moment = min(_moment(each, "401") for each in unauthorised)
            yield Found(f"{between(unauthorised)}: {reason}", places, time=moment)


def _reason(check: Check, later_success: bool) -> str:
    """Why a port got no relay, unless that is what authorisation begins with, or a later port got one."""
    serious = [error for error in check.errors if error[:3] not in (*BEGINNING, ELSEWHERE)]
    if serious and not (later_success and serious[0].startswith("437")):
        return ", ".join(serious)
    # Some services answer without an error and without an address of the relay, and it works.
    unanswered = max(check.requests, check.silent) >= MIN_TRIES and not check.answered
    return NO_ANSWER if unanswered and not later_success else ""


def _challenged(check: Check) -> int:
    """How many of its requests were answered as authorisation begins."""
    return sum([each.count for each in check.outcomes if each.result[:3] in BEGINNING])


def _unauthorised(checks: list[Check], since: float, end: float) -> str:
    """How credentials were refused, or that none were sent; nothing where it may still go on."""
    outcomes = [each for check in checks if (each := _outcome(check, "401")) and each.last > since]
    times, refused = sum(each.count for each in outcomes), sum(each.with_credentials for each in outcomes)
    if refused:
        return f"{counted(refused, 'request')} with credentials, {outcomes[0].result} each time"
    tried = sum(each.with_credentials for check in checks for each in check.outcomes)
    asks = any(check.username for check in checks)
    if times >= MIN_STALE and not tried and not asks and end - max(each.last for each in outcomes) >= MARGIN_SECONDS:
        return f"{counted(times, 'request')}, {outcomes[0].result} each time; no credentials were sent"
    return ""


def _outcome(check: Check, code: str) -> Outcome | None:
    return next((each for each in check.outcomes if each.result.startswith(code)), None)


def _place(check: Check, reason: str) -> Place:
    """The answer that gives the reason, else the request."""
    outcome = _outcome(check, reason[:3])
    return outcome.last_place if outcome else check.place


def _moment(check: Check, reason: str) -> float:
    outcome = _outcome(check, reason[:3])
    return outcome.first if outcome else check.first


@rule(
    "turn-refused", "warning", "The TURN server refused a permission, a channel or a refresh",
    scope="path",
    why="Without a permission the relay drops what the peer sends; without a refresh the allocation ends.",
    fix="403: the peer's address is not allowed (often a private one, which is harmless where another one is); 437: "
    "the allocation is gone.",
)
def turn_refused(facts: Facts) -> Iterator[Found]:
    connected = {check.src for check in facts.checks if check.kind == CHECK and check.succeeded}
    for check in facts.checks:
        if check.kind not in RELAYING:
            continue
        others = check.src in connected or any(peer.granted is not None for peer in check.peers)
        refused = [peer for peer in check.peers if peer.refused and peer.error]
        for error in dict.fromkeys(str(peer.error) for peer in refused):
            peers = [peer for peer in refused if peer.error == error]
            if _stays(check, error, facts.end):
                what = f"{between([check])}: {check.kind} for {_listed(peers)}, {error}"
                # Servers refuse peers of private networks on purpose, and clients ask for all candidates.
                harmless = others and all(private(host_of(peer.peer) or peer.peer) for peer in peers)
                severity: Severity = "note" if harmless else "warning"
                yield Found(what, [peer.place for peer in peers], severity=severity, time=check.refused_since)
        error = check.refused_with or ""
        if check.refused_in_a_row and not refused and check.kind != "refresh" and _stays(check, error, facts.end):
            yield _refusal(check, error)
        elif check.refused_in_a_row and check.kind == "refresh" and error[:3] not in BEGINNING:
            yield _refusal(check, error)


def _refusal(check: Check, error: str) -> Found:
    what = f"{between([check])}: {check.kind}, {error}"
    return Found(what, (check.refused_place or check.place,), time=check.refused_since)


def _stays(check: Check, error: str, end: float) -> bool:
    """Whether a refusal is the last word: 401 and 438 ask for another request."""
    return error[:3] not in BEGINNING or end - (check.refused_until or end) >= REPAIR_SECONDS


def _listed(peers: list[Grant]) -> str:
    names = [peer.peer for peer in peers[:SHOWN_PEERS]]
    return ", ".join(names) + (f" and {len(peers) - SHOWN_PEERS} more" if len(peers) > SHOWN_PEERS else "")


RULES = (turn_nonce_stale, turn_allocation_failed, turn_refused)
