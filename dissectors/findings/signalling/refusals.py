"""Rules about final responses that refuse a call: a row for each usual cause (RFC 3261 section 21)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dissectors.analysis.calls.outcomes import CHALLENGES, UNREACHABLE
from dissectors.findings.rule import AT_ONCE, CONFIRM_SECONDS, Facts, Found, Rule
from dissectors.findings.signalling.targets import contact_of, target
from dissectors.findings.statuses import explained, setting
from dissectors.findings.traits import FAILED
from dissectors.findings.transactions import hop_of
from dissectors.protocols.sip_headers import number as number_of
from dissectors.protocols.sip_reason import reasons
from dissectors.report import Call, Message, Severity
from dissectors.wire.values import Struct


class Refusal(Struct, frozen=True):
    """Which statuses have this cause, and what to say of it."""

    id: str
    severity: Severity
    statuses: frozenset[int]
    title: str
    why: str
    fix: str
    confirm_seconds: float = AT_ONCE


TABLE = (
    Refusal(
        "call-unauthorised", "error", frozenset((401, 403, 407)), "The caller has no permission for this call",
        "The server asked who is calling and got no answer that it accepts, or does not let this caller call there.",
        "401 and 407: user name, password or realm are wrong. 403: look at what the account may call, and from where.",
    ),
    Refusal(
        "call-not-found", "warning", frozenset((404, 410, 484, 485, 604)), "Nobody is known under that address",
        "The server does not know the number or name as it was sent.",
        "Compare the request URI with the dial plan: prefixes, a plus sign, the domain after the @.",
    ),
    Refusal(
        "call-unreachable", "warning", frozenset(UNREACHABLE), "The callee cannot be reached now",
        "The callee is known, but does not answer: nobody picked up a phone that rang; or none rang, since it is not "
        "registered, switched off, or behind a NAT that closed.",
        "If it rang, ask the callee. If not, see when the callee registered last, and whether requests of the server "
        "still reach its address.",
    ),
    Refusal(
        "call-busy", "note", frozenset((486, 600)), "The callee is busy",
        "The phone refused because it is in a call or set to do not disturb.",
        "Nothing, unless the callee says otherwise.",
    ),
    Refusal(
        "call-declined", "note", frozenset((603, 607, 608)), "The callee declined the call",
        "Somebody, or a filter against unwanted calls, refused it.",
        "Ask the callee; 607 and 608 come from filters.",
    ),
    Refusal(
        "call-not-acceptable", "error", frozenset((415, 488, 606)), "Both sides found no codec or transport in common",
        "The other side cannot do what the offer asks for: codecs, SRTP, media, or a compressed body.",
        "Compare the codecs and the profile of the offer with what the callee supports. 415: it cannot read the body, "
        "for example because the body is compressed.",
    ),
    Refusal(
        "call-too-big", "error", frozenset((413, 513)), "The message was too large for the server",
        "A server refused the INVITE for its size.",
        "Make it smaller: fewer codecs and candidates, compact headers, a compressed body.",
        CONFIRM_SECONDS,
    ),
    Refusal(
        "call-looped", "error", frozenset((482, 483)), "The call ran in a circle",
        "Proxies passed the request to one another until its hops were used up.",
        "Look at the Via headers for the proxies that repeat, and correct their routing.",
        CONFIRM_SECONDS,
    ),
    Refusal(
        "call-redirected", "note", frozenset(range(300, 400)), "The caller was told to call somewhere else",
        "The answer names in its Contact where to call instead.",
        "See whether the caller follows; many phones do not.",
        CONFIRM_SECONDS,
    ),
    Refusal(
        "call-server-failed", "error", frozenset(range(500, 600)) - {513}, "A server failed",
        "The request reached a server that could not handle it: overload, a gateway without free lines, an error.",
        "Look at the server's own log for this Call-ID; 503 may carry Retry-After.",
    ),
)

CAUSES = {1: 404, 17: 486, 21: 603, 28: 484}
"""Where a gateway says 480 for everything: the status that a cause of Q.850 in Reason has (RFC 3398 section 7.2.6)."""

GENERIC = 480

MIN_WAIT_SECONDS = 2.0
"""Seconds after a challenge by which a phone would have followed it."""

MIN_HOPS = 20
"""A Max-Forwards that began lower than this began too low: 70 is recommended (RFC 3261 section 8.1.1.6)."""

TOO_FEW_HOPS, LOW_HOPS = 483, 0
"""The status where hops are used up, and what stands for it where they were too few at the beginning."""

NAMED = frozenset().union(*(row.statuses for row in TABLE))


def refused(wanted: Callable[[int], bool]) -> Callable[[Facts], Iterator[Found]]:
    """Look for calls that ended with a status of these."""

    def look(facts: Facts) -> Iterator[Found]:
        for each in facts.once(_refusals):
            if wanted(each.meant):
                yield _refused(facts, each.number, each.call, each.status)

    return look


class RefusedCall(Struct, frozen=True):
    """A call that was refused, its position, the status of its refusal, and the one that was meant."""

    call: Call
    number: int
    status: int
    meant: int


def _refusals(facts: Facts) -> list[RefusedCall]:
    return [
        RefusedCall(call, number, call.status, _meant(call, call.status)) for number, call in facts.having(FAILED)
        if call.outcome in ("rejected", "unreachable") and call.status is not None
    ]


def _meant(call: Call, status: int) -> int:
    """The status of a refusal, or that of its cause where this says more."""
    if status == TOO_FEW_HOPS and _began_low(call):
        return LOW_HOPS
    if status != GENERIC:
        return status
    final = next((each for each in reversed(call.messages) if each.method == "INVITE" and each.status == status), None)
    said = reasons(final.header("Reason") or "") if final is not None else ()
    return next((CAUSES[each.cause] for each in said if each.protocol == "Q.850" and each.cause in CAUSES), status)


def _began_low(call: Call) -> bool:
    """Whether the INVITE came with so low a Max-Forwards that no circle is needed, and went no way twice."""
    asked = [each for each in call.messages if each.method == "INVITE" and each.status is None and not each.copy]
    sent = [(*hop_of(each), each.cseq) for each in asked if not each.retransmission]
    left, ways = number_of(asked[0].header("Max-Forwards") or "") if asked else None, len({*sent})
    if left is None or ways < len(sent):
        return False
    passed = sum(name.lower() in ("via", "v") for name in asked[0].headers) - 1
    return left + passed < MIN_HOPS


def _refused(facts: Facts, number: int, call: Call, status: int) -> Found:
    """The INVITE and the response that refused it, with what explains it."""
    invites = [message for message in call.messages if message.method == "INVITE"]
    final = next((message for message in reversed(invites) if message.status == status), None)
    if final is None:
        return Found(f"the INVITE was answered {status}", (call.messages[0].place,), number)
    alike = [one for one in invites if one.status is None and one.cseq == final.cseq] or invites[:1]
    asked = next((one for one in alike if one.branch == final.branch), alike[0])
    credentials = sum(message.credentials and not (message.retransmission or message.copy) for message in invites)
    given_up = status in CHALLENGES and not credentials and facts.end - final.time >= MIN_WAIT_SECONDS
    none = ", and no credentials were sent" if given_up else ""
    none = ", although it carried credentials" if status in CHALLENGES and asked.credentials else none
    rang = ""
    if status in UNREACHABLE and call.ringing is not None and final.time > call.ringing:
        rang = f", after it had rung for {final.time - call.ringing:.1f} s"
    fix = "" if rang else setting(final)
    if status in CHALLENGES and asked.credentials and any(_tried(one, asked) for one in alike):
        none += f", under CSeq {asked.cseq} as the one without them"
        fix = f"{SAME_NUMBER} {fix}".rstrip()
    if status == TOO_FEW_HOPS and _began_low(call):
        none, fix = f"; it came with Max-Forwards {asked.header('Max-Forwards')}", MORE_HOPS
    what = f"the INVITE was answered {explained(final)}{none}{rang}"
    severity: Severity | None = None
    again = sum(one.status == status and not (one.retransmission or one.copy) for one in invites)
    if again > 1 and _itself(asked, final):
        what, severity, fix = f"{what}, {again} times: that is the Request-URI itself", "warning", ITSELF
    return Found(what, (asked.place, final.place), number, fix=fix, severity=severity)


def _tried(one: Message, asked: Message) -> bool:
    """Whether a request went the same way before without credentials."""
    return one.time < asked.time and not one.credentials and hop_of(one) == hop_of(asked)


def _itself(asked: Message, final: Message) -> bool:
    """Whether a redirection names the address that was called."""
    if not 300 <= (final.status or 0) < 400:
        return False
    contact = contact_of(final) or ""
    to, called = target(contact), target(asked.uri or "")
    # With maddr it names another server (RFC 3261 section 19.1.1).
    return to is not None and to == called and "maddr=" not in contact.lower()


SAME_NUMBER = "A request with credentials is a new one, with a CSeq higher by one (RFC 3261 section 22.2)."
MORE_HOPS = (
    "Max-Forwards should begin at 70 (RFC 3261 section 8.1.1.6): see which phone or server lets it begin so low, or "
    "how many hops it passed before."
)
ITSELF = "Who follows comes back to the same server: correct where that server forwards this address to."

REFUSALS = (
    *(
        Rule(
            row.id, row.severity, row.title, row.why, row.fix, refused(row.statuses.__contains__),
            confirm_seconds=row.confirm_seconds,
        )
        for row in TABLE
    ),
    Rule(
        "call-rejected",
        "warning",
        "The call was refused",
        "The call was refused before it was answered.",
        "The status says why: 4xx is about the request, 6xx is for every phone of the callee. 422: Min-SE says how "
        "long the session timer must be at least. 420 and 421: an extension is not known, or is missing.",
        refused(lambda status: status not in NAMED),
        confirm_seconds=AT_ONCE,
    ),
)
