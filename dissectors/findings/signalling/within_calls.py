"""Rules about requests within a call, and about CANCEL: refused, crossed, without an answer (RFC 3261 12.2, 9, 14)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dissectors.analysis.calls.outcomes import CHALLENGES, TERMINATED
from dissectors.findings.rule import UNANSWERED_SECONDS, Facts, Found, rule
from dissectors.findings.signalling.exchanges import MIN_WAIT_SECONDS, unheard
from dissectors.findings.signalling.provisional import misfits
from dissectors.findings.statuses import explained, setting
from dissectors.findings.traits import REFUSED, UNANSWERED
from dissectors.findings.transactions import Transaction, transactions
from dissectors.report import Call, Certainty, Message, Severity
from dissectors.wire.values import Struct, field

TIMER_B_SECONDS = 32.0
"""Seconds until the transaction of an INVITE gives up (RFC 3261 section 17.1.1.2)."""

CARRYING = ("INFO", "MESSAGE")
"""Methods that are about what their body is."""

CHANGING = ("INVITE", "UPDATE")
"""Methods that change a call, and that can cross."""

MAX_PENDING_SECONDS = 6.0
"""Who may try again after a 491 has done so by then."""

PENDING, GONE, TOO_SHORT, OUT_OF_ORDER = 491, 481, 422, 500

UNKNOWN_METHOD = (405, 501)

RISING = "In a dialog the CSeq of each side rises with every request (RFC 3261 section 12.2.2)."
SWAPPED = (
    "The side that was called has its own tag in From and that of the caller in To (RFC 3261 section 12.2.1.1): see "
    "what builds its requests."
)

MEANINGS = {
    400: "400: the other side cannot read the request.",
    403: "403: the other side, or a server on the way, does not allow it.",
    404: "404: the target of the dialog is not known there: compare the Request-URI with the Contact of the other "
    "side, and Route with its Record-Route.",
    405: "405: the other side does not do this method; Allow names those that it does.",
    408: "408: a server on the way got no answer from the other side: look at that hop.",
    415: "415: the other side does not read this kind of body; Accept names those that it does.",
    420: "420: the other side does not know an extension that Require names.",
    422: "422: the session timer is shorter than Min-SE: ask for a longer one.",
    481: "481: the other side knows no such dialog or transaction: compare the tags of From and To; or it ended the "
    "call without a BYE, by a restart or a timer.",
    488: "488: the other side accepts nothing of this offer (codecs, T.38, SRTP, hold); the call continues as before.",
    489: "489: the other side does not know this Event.",
    500: "500: the other side failed, or still had another request to answer; Retry-After says when to ask again.",
    501: "501: the other side does not do this method.",
    503: "503: the other side, or a gateway on the way, is overloaded or down.",
    603: "603: the other side, or its user, declined.",
    606: "606: the other side accepts nothing of this offer; the call continues as before.",
}


def named(each: Transaction) -> str:
    """`UPDATE of the caller`, `re-INVITE of the callee`, `INFO (application/dtmf-relay) of the caller`."""
    first = each.requests[0]
    method = "re-INVITE" if each.method == "INVITE" and first.to_tag is not None else each.method
    about = first.body.content_type if first.body and each.method in CARRYING else first.header("Event")
    return f"{method}{f' ({about})' if about else ''}{f' of the {each.side}' if each.side else ''}"


def within(each: Transaction) -> bool:
    """Whether a request belongs to a dialog: it has both tags."""
    return each.requests[0].to_tag is not None and each.method not in ("ACK", "CANCEL")


def calls(facts: Facts, trait: str) -> Iterator[tuple[int, Call, list[Transaction]]]:
    """The calls that have something, with their transactions."""
    for number, call in facts.having(trait):
        if call.kind == "call":
            yield number, call, transactions(facts)[number]


class Around(Struct):
    """What else happened in a call, by which a refusal is excused.

    `tried` is when each side last sent a request of a method, `asked` when it did so with credentials, `accepted` when
    one of its requests was last accepted; `hung_up` when a side sent its first BYE, `cancelled` whether anybody sent a
    CANCEL.
    """

    tried: dict[tuple[str, str], float] = field(default_factory=dict)
    asked: dict[tuple[str, str], float] = field(default_factory=dict)
    accepted: dict[tuple[str, str], float] = field(default_factory=dict)
    hung_up: dict[str, float] = field(default_factory=dict)
    cancelled: bool = False


def around(found: Sequence[Transaction]) -> Around:
    """What happened in a call."""
    known = Around()
    for each in found:
        key, first = (each.side, each.method), each.requests[0]
        known.cancelled |= each.method == "CANCEL"
        known.tried[key] = max(first.time, known.tried.get(key, first.time))
        if each.method == "BYE":
            known.hung_up.setdefault(each.side, first.time)
        if any(message.credentials for message in each.requests):
            known.asked[key] = max(first.time, known.asked.get(key, first.time))
        if each.final is not None and (each.final.status or 0) < 300:
            known.accepted[key] = max(first.time, known.accepted.get(key, first.time))
    return known


@rule(
    "request-refused", "warning", "A request within the call was refused",
    why="The call is up, and one side asked for something (hold, fax, transfer, refresh, digits, its end). It did "
    "not happen, and the side that asked may continue as if it had.",
    fix="Read the status and what stands beside it; then see at the side that refused why.",
)
def request_refused(facts: Facts) -> Iterator[Found]:
    for number, call, found in calls(facts, REFUSED):
        refused = [(each, final) for each in found if within(each) and (final := refusal(each))]
        known = around(found) if refused else Around()
        for each, final in refused:
            if _excused(facts, call, each, final, known):
                continue
            later = final.status == TOO_SHORT and known.accepted.get((each.side, each.method), 0.0) > final.time
            instead = (
                each.method == "UPDATE" and final.status in UNKNOWN_METHOD
                and known.accepted.get((each.side, "INVITE"), 0.0) > final.time
            )
            none = ", and no credentials followed" if final.status in CHALLENGES else ""
            none = ", and not repeated" if final.status == PENDING else none
            none += misfits(facts).get(number, {}).get(each.requests[0].place, "") if each.method == "PRACK" else ""
            none += ", and accepted later" if later else ", and a re-INVITE was accepted instead" if instead else ""
            odd, advice = _unfit(each, found)
            what = f"the {named(each)} was answered {explained(final)}{none}{odd}"
            severity: Severity | None = "note" if later or instead else None
            fix = " ".join(filter(None, (MEANINGS.get(final.status or 0, ""), advice, setting(final))))
            yield Found(what, (each.requests[0].place, final.place), number, severity=severity, fix=fix)


def _unfit(each: Transaction, found: Sequence[Transaction]) -> tuple[str, str]:
    """What of a refused request does not fit its dialog, and what to do then; both empty where nothing is known."""
    sent = each.requests[0]
    begun = next((one.requests[0] for one in found if one.method == "INVITE" and not one.requests[0].to_tag), None)
    if begun is not None and each.side != begun.side and sent.from_tag == begun.from_tag and sent.to_tag:
        return ": its From tag is that of the other side, and its To tag its own", SWAPPED
    if each.final is None or each.final.status != OUT_OF_ORDER:
        return "", ""
    earlier = [
        one.requests[0] for one in found
        if one is not each and one.side == each.side and one.method not in ("ACK", "CANCEL")
        and one.requests[0].time < sent.time and one.requests[0].from_tag == sent.from_tag
        and one.requests[0].to_tag in (None, sent.to_tag)
    ]
    last = max(earlier, key=lambda one: one.cseq or 0, default=None)
    if last is None or last.cseq is None or sent.cseq is None or sent.cseq > last.cseq:
        return "", ""
    return f": its CSeq is {sent.cseq}, and the {last.method} before it had {last.cseq}", RISING


def refusal(each: Transaction) -> Message | None:
    """The response that refused a request; None if another hop or a fork accepted it."""
    finals = [message for message in each.responses if (message.status or 0) >= 200]
    return finals[0] if finals and all((message.status or 0) >= 300 for message in finals) else None


def _excused(facts: Facts, call: Call, each: Transaction, final: Message, known: Around) -> bool:
    """Whether a refusal is how things go: a challenge that is followed, requests that crossed, the end of the call."""
    status, key = final.status, (each.side, each.method)
    if status in CHALLENGES:
        return known.asked.get(key, 0.0) > final.time or facts.end - final.time < MIN_WAIT_SECONDS
    ended = [time for side, time in known.hung_up.items() if each.method != "BYE" or side != each.side]
    over = min(ended, default=final.time) < final.time
    if status == GONE:
        # What is asked while the other side hangs up meets a call that is over.
        return over
    if status == TERMINATED:
        return over or known.cancelled
    if status == PENDING:
        # Whoever is told to wait tries again after at most four seconds (RFC 3261 section 14.1).
        end = facts.end_of(call)
        again = max(known.tried.get((each.side, method), 0.0) for method in CHANGING)
        return each.method not in CHANGING or again > final.time or end - final.time < MAX_PENDING_SECONDS
    # OPTIONS asks whether the other side lives, and every other answer says that it does.
    return each.method == "OPTIONS"


@rule(
    "reinvite-glare", "note", "Both sides changed the call at the same time",
    why="Two re-INVITEs crossed and were refused with 491; each side tries again after a moment (RFC 3261 14.1).",
    fix="Nothing, unless it repeats: then both sides wait the same time, and one of them must wait longer.",
)
def reinvite_glare(facts: Facts) -> Iterator[Found]:
    for number, call in facts.having(PENDING):
        refused = [message.place for message in call.messages if message.status == PENDING]
        if refused:
            pending = [each for each in transactions(facts)[number] if each.final and each.final.status == PENDING]
            to = " and ".join(dict.fromkeys(f"the {named(each)}" for each in pending))
            yield Found(f"491 Request Pending{f' to {to}' if to else ''}", refused, number)


@rule(
    "reinvite-unanswered", "warning", "A re-INVITE got no final answer",
    confirm_seconds=UNANSWERED_SECONDS, absence="answer",
    why="The change that it asks for (hold, fax, session refresh) does not happen, and the side that asked may end "
    "the call.",
    fix="A request within a call goes to the Contact of the other side, through the Record-Route of its answer. See "
    "whether these can be reached from here, and whether the other side still has the call.",
)
def reinvite_unanswered(facts: Facts) -> Iterator[Found]:
    for number, call, found in calls(facts, UNANSWERED):
        open_ones = [one for one in found if one.method == "INVITE" and within(one) and one.final is None]
        # Who acknowledges an answer got one, whatever way it took.
        acknowledged = {(m.from_tag, m.cseq) for m in call.messages if m.method == "ACK"} if open_ones else set()
        for each in open_ones:
            first, said = each.requests[0], each.responses[-1:]
            waited = facts.end - first.time
            if (first.from_tag, first.cseq) in acknowledged:
                continue
            if said and waited >= TIMER_B_SECONDS:
                what = f"{said[0].summary} was the last response to the {named(each)}; {waited:.0f} s passed"
                yield Found(what, (first.place, said[0].place), number, certainty="high")
            elif not said and (each.repeated or (waited >= MIN_WAIT_SECONDS and not _ended_soon(call, first.time))):
                hop = max(each.hops, key=lambda one: one.first.time)
                what = f"no response from {hop.to} to the {named(each)}"
                yield unheard(what, hop.repeated, hop.requests, number)


def _ended_soon(call: Call, time: float) -> bool:
    return call.ended is not None and call.ended - time < MIN_WAIT_SECONDS


@rule(
    "cancel-refused", "warning", "The caller gave up, and the CANCEL had no effect",
    confirm_seconds=UNANSWERED_SECONDS,
    why="The phone keeps ringing although the caller is gone. Somebody who answers hears nobody.",
    fix="A CANCEL has the same Via branch, Call-ID, tags and CSeq number as its INVITE, and goes the same way (RFC "
    "3261 section 9.1): compare them. 481 says that no such INVITE is known there.",
)
def cancel_refused(facts: Facts) -> Iterator[Found]:
    for number, call, found in calls(facts, "CANCEL"):
        invites = {(each.side, each.requests[0].cseq): each for each in found if each.method == "INVITE"}
        for each in found:
            invite = invites.get((each.side, each.requests[0].cseq))
            if each.method != "CANCEL" or invite is None:
                continue
            if call.outcome != "cancelled":
                yield from _without_effect(facts, number, each, invite)
            elif invite.final is None and each.final is not None and not _acknowledged(call, each.requests[0]):
                yield from _unfinished(facts, number, each, each.final)


def _acknowledged(call: Call, cancel: Message) -> bool:
    """Whether an INVITE has an ACK, and so had a final response."""
    return any(each.method == "ACK" and each.cseq == cancel.cseq for each in call.messages)


def _unfinished(facts: Facts, number: int, cancel: Transaction, final: Message) -> Iterator[Found]:
    """A CANCEL that was accepted, and the INVITE that got no final response: 487 has to come (RFC 3261 section 9.2)."""
    asked, waited = cancel.requests[0], facts.end - cancel.requests[0].time
    if (final.status or 0) < 300 and waited >= TIMER_B_SECONDS:
        none = f"no final response came to the INVITE; {waited:.0f} s passed"
        what = f"the CANCEL was answered {final.summary}, and {none}"
        yield Found(what, (asked.place, final.place), number, certainty="high", fix=TERMINATES)


TERMINATES = "Who accepts a CANCEL answers the INVITE 487 (RFC 3261 section 9.2): see whether that is sent, and where."


def _without_effect(
    facts: Facts, number: int, cancel: Transaction, invite: Transaction
) -> Iterator[Found]:
    """What became of a CANCEL and of the call; silent where the final response crossed it."""
    asked, said, final = cancel.requests[0], cancel.final, invite.final
    branches = {message.branch for message in invite.requests}
    strange = ", its branch is not that of the INVITE" if asked.branch not in branches else ""
    after = f"; {explained(final)} came {final.time - asked.time:.1f} s after it" if final else ""
    places = [asked.place, *(message.place for message in (said, final) if message is not None)]
    # Where nothing rang yet, the caller hears of no callee, and a proxy that reaches nobody has nobody to tell.
    rang = any(100 < (message.status or 0) < 300 for message in invite.responses)
    severity: Severity | None = None if rang else "note"
    soon = final is not None and final.time - asked.time < MIN_WAIT_SECONDS
    if final is not None and final.status == TERMINATED:
        return
    if said is not None and (said.status or 0) >= 300:
        # A final response on its way already is what a CANCEL finds no transaction for.
        if final is None or not soon or final.time > said.time:
            what = f"the CANCEL was answered {explained(said)}{strange}{after}"
            yield Found(what, places, number, severity=severity, fix=setting(said))
    elif said is not None and final is not None and not soon:
        what = f"the CANCEL was answered {said.summary} and had no effect{after}"
        yield Found(what, places, number, severity=severity)
    elif said is None and invite.responses and not soon:
        # The answers to the INVITE are seen here, so that one to the CANCEL would be.
        end = final.time if final is not None else facts.end
        if end - asked.time >= MIN_WAIT_SECONDS:
            times = f", sent {cancel.repeated + 1} times" if cancel.repeated else ""
            sure: Certainty = "certain" if cancel.repeated else "medium"
            what = f"nothing answered the CANCEL{times}{strange}{after}"
            yield Found(what, places, number, certainty=sure, severity=severity)


RULES = (request_refused, reinvite_glare, reinvite_unanswered, cancel_refused)
