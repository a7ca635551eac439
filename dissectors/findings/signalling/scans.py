"""Rules about who tries many users to find one: scans for extensions, passwords and open relays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from dissectors.findings.rule import AT_ONCE, Facts, Found, counted, rule
from dissectors.findings.traits import FRUITLESS
from dissectors.report import Call, Message
from dissectors.wire.values import Struct, field

MIN_USERS = 20
"""Distinct users that one source tries; fewer may be a keypad and a bad memory."""

MIN_CALLS_PER_SECOND = 2.0
"""INVITEs to new users: an exchange whose trunk refuses everything is slower than that."""

MAX_SUCCESS, MIN_REFUSED = 0.05, 0.5
"""Shares of the attempts: a scan finds little, and what it asks is answered (else one direction was captured)."""

REFUSALS = (401, 403, 404, 405, 407, 484, 604)
"""Who tries a user that is not there, or without the password, hears one of these."""

TOOLS = (
    "friendly-scanner", "sipvicious", "sundayddr", "sip-scan", "sipcli", "smap", "vaxsipuseragent", "pplsip",
    "siparmyknife", "friendly-request",
)
"""What stands in the User-Agent of common scanners, in lower case."""

PLACES = 4


class Attempts(Struct):
    """What one source tried: users, methods, how it was answered, and the first frames of it."""

    users: set[str] = field(default_factory=set)
    methods: Counter[str] = field(default_factory=Counter)
    calls: list[Call] = field(default_factory=list)
    tools: dict[str, None] = field(default_factory=dict)
    refused: int = 0
    accepted: int = 0


@rule(
    "scan-detected", "warning", "Somebody tries one user after the other",
    scope="capture", confirm_seconds=AT_ONCE,
    why="A scanner looks for extensions, for weak passwords, or for a way to call for free. It fills logs and "
    "captures, and one success costs money.",
    fix="Block the address at the firewall (fail2ban, Kamailio's pike, an access list). Check that no attempt was "
    "accepted, and that anonymous calls and unknown users are refused in the same way.",
)
def scan_detected(facts: Facts) -> Iterator[Found]:
    # Of what one source tries, nearly all is in vain.
    if len(facts.having(FRUITLESS)) < (1 - MAX_SUCCESS) * MIN_USERS:
        return
    for source, tried in _attempts(facts).items():
        if not _scans(tried):
            continue
        first, last = tried.calls[0], tried.calls[-1]
        methods = ", ".join(f"{name} {count:,}" for name, count in tried.methods.most_common())
        what = f"{source} tries {counted(len(tried.users), 'user')} ({methods}) in {last.start - first.start:.0f} s"
        what += f"; {tried.refused:,} refused, {tried.accepted:,} accepted"
        if tried.tools:
            what += f"; the User-Agent says {' and '.join(tried.tools)}"
        places = [call.messages[0].place for call in tried.calls[:PLACES]]
        yield Found(what, places, certainty="high" if tried.tools else "medium", time=first.start)


def _attempts(facts: Facts) -> dict[str, Attempts]:
    """What each host began that began enough, in order of time."""
    found: dict[str, Attempts] = {}
    begun = [call for call in facts.calls if call.messages and _tries(call.messages[0])]
    count = Counter([call.messages[0].src for call in begun])
    for call in sorted(begun, key=lambda each: each.start):
        first = call.messages[0]
        if count[first.src] < MIN_USERS:
            continue
        tried = found.setdefault(first.src, Attempts())
        tried.calls.append(call)
        tried.users.add(_user(call, first))
        tried.methods[first.method] += 1
        statuses = {message.status or 0 for message in call.messages}
        accepted = any(200 <= status < 300 for status in statuses)
        tried.accepted += accepted
        tried.refused += not accepted and not statuses.isdisjoint(REFUSALS)
        if first.user_agent:
            agent = first.user_agent.lower()
            tried.tools.update((tool, None) for tool in TOOLS if tool in agent)
    return found


def _tries(message: Message) -> bool:
    """Whether a message may be an attempt to find a user."""
    return message.status is None and message.method in ("INVITE", "REGISTER", "OPTIONS")


def _user(call: Call, first: Message) -> str:
    """Who is tried: whom a REGISTER is for, whom the others are sent to."""
    who = call.caller if first.method == "REGISTER" else call.callee
    return (who or "").partition(":")[2].partition("@")[0]


def _scans(tried: Attempts) -> bool:
    number = len(tried.calls)
    if len(tried.users) < MIN_USERS or tried.accepted > MAX_SUCCESS * number:
        return False
    if tried.tools:
        return True
    seconds = tried.calls[-1].start - tried.calls[0].start
    invites = tried.methods["INVITE"]
    usual = invites > number / 2 and invites < MIN_CALLS_PER_SECOND * seconds
    return tried.refused >= MIN_REFUSED * number and not usual


RULES = (scan_detected,)
