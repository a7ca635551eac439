"""Rules about what a call ended by: a transfer that failed, a session timer, a Reason that says so."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dissectors.analysis.calls.media_lines import OTHER_SIDE
from dissectors.analysis.calls.outcomes import CHALLENGES
from dissectors.findings.rule import AT_ONCE, UNANSWERED_SECONDS, Facts, Found, rule
from dissectors.findings.signalling.within_calls import around, refusal
from dissectors.findings.statuses import explained, setting
from dissectors.findings.transactions import transactions
from dissectors.protocols.sip_headers import address, number
from dissectors.protocols.sip_reason import Reason, reasons
from dissectors.report import Call, Certainty, Message
from dissectors.wire.patterns import pattern
from dissectors.wire.values import Struct

SIPFRAG = pattern(r"SIP/2\.0 +([2-6]\d\d)[^\S\r\n]*([^\r\n]*)")
"""The status line with which NOTIFY says what became of a REFER (RFC 3515 section 2.4.5)."""

MAX_TARGET_LENGTH = 60
REFRESHING = ("INVITE", "UPDATE")
SESSION_WORDS = pattern(r"(session|refresh).{0,20}(time|expir)|timer? expir", re.IGNORECASE)
MAX_EARLY_SECONDS, EARLY_PART = 32.0, 3
"""Without a refresh a side hangs up so long before the end, at most a third of the interval (RFC 4028 section 10)."""

RESTART = (
    "This one was refreshed: each side restarts its timer with every 2xx to a refresh (RFC 4028 sections 7.4 and 10), "
    "and the one that hung up did not. See whether its program takes an UPDATE, and one without a body, for a refresh."
)

FIRST_NOTIFY_SECONDS, MAX_NEW_CALL_SECONDS = 5.0, 180.0
MARGIN_SECONDS, MAX_LATE_SECONDS = 2.0, 10.0


@rule(
    "transfer-failed", "warning", "A transfer failed",
    confirm_seconds=AT_ONCE,
    why="The transferred side did not reach the new target: the call hangs between the two, or comes back.",
    fix="See why the new call was refused: the number in Refer-To as the other side dials it, its rights, and, for "
    "an attended transfer, whether the call that Replaces names still exists there.",
)
def transfer_failed(facts: Facts) -> Iterator[Found]:
    for position, call in _transferred(facts):
        found = transactions(facts)[position]
        known = around(found)
        for each in found:
            final = refusal(each) if each.method == "REFER" else None
            if final is None or known.asked.get((each.side, "REFER"), 0.0) > final.time:
                continue
            if final.status in CHALLENGES and facts.end - final.time < MARGIN_SECONDS:
                continue
            what = f"the REFER to {_target(each.requests[0])} was answered {explained(final)}"
            yield Found(what, (each.requests[0].place, final.place), position, fix=setting(final))
        for refer, notify, said in _failures(call):
            places = [message.place for message in (refer, notify) if message is not None]
            target = f" to {_target(refer)}" if refer else ""
            yield Found(f"the transfer{target} was answered {said}", places, position, time=notify.time)


def _transferred(facts: Facts) -> Iterator[tuple[int, Call]]:
    """The calls with a REFER, or a NOTIFY that may be about one."""
    return iter(facts.having("REFER", "NOTIFY"))


def _failures(call: Call) -> Iterator[tuple[Message | None, Message, str]]:
    """Each REFER with the NOTIFY that says how its call failed, as long as none says that it went well."""
    refer: Message | None = None
    failed: dict[int, tuple[Message | None, Message, str]] = {}
    well: set[int] = set()
    for message in call.messages:
        if message.status is None and message.method == "REFER" and not message.retransmission:
            refer = message
        elif message.status is None and message.method == "NOTIFY" and message.body is not None:
            line = SIPFRAG().match(message.body.text)
            key = refer.cseq or 0 if refer else 0
            if line and line[1] < "300":
                well.add(key)
            elif line:
                failed[key] = refer, message, f"{line[1]} {line[2]}".strip()
    return (one for key, one in failed.items() if key not in well)


@rule(
    "transfer-unknown", "note", "Nobody says what became of a transfer",
    confirm_seconds=UNANSWERED_SECONDS, absence="answer",
    why="The other side accepted the REFER, and must then say by NOTIFY how its new call goes (RFC 3515 section "
    "2.4.4). So nobody can see here whether the transfer succeeded.",
    fix="Look for the new call of the side that was referred. See whether its NOTIFY takes another way, or whether a "
    "server on the way keeps it.",
)
def transfer_unknown(facts: Facts) -> Iterator[Found]:
    for position, call in _transferred(facts):
        for each in transactions(facts)[position]:
            final, first = each.final if each.method == "REFER" else None, each.requests[0]
            if final is None or (final.status or 0) >= 300 or _unsubscribed(first) or _unsubscribed(final):
                continue
            said = [message for message in call.messages if message.time >= first.time and _of_transfer(message)]
            lines = [line[1] for message in said if message.body and (line := SIPFRAG().match(message.body.text))]
            if any(line >= "200" for line in lines) or facts.end - final.time < _patience(said):
                continue
            what = f"the REFER to {_target(first)} was answered {explained(final)}, and "
            what += "no NOTIFY follows" if not said else "no NOTIFY says more than that it goes on"
            places = (first.place, final.place, *(message.place for message in said[-1:]))
            yield Found(what, places, position, time=final.time)


def _unsubscribed(message: Message) -> bool:
    """Whether a message says that there will be no NOTIFY (RFC 4488)."""
    return (message.header("Refer-Sub") or "").strip().lower().startswith("false")


def _of_transfer(message: Message) -> bool:
    """Whether a message is a NOTIFY about a REFER."""
    if message.status is not None or message.method != "NOTIFY" or message.retransmission:
        return False
    by_event = (message.header("Event") or "").strip().lower().startswith("refer")
    return by_event or message.body is not None and "sipfrag" in (message.body.content_type or "").lower()


def _patience(said: list[Message]) -> float:
    """How many seconds the outcome may take: a first NOTIFY comes at once, the new call may ring for long."""
    if any("terminated" in (message.header("Subscription-State") or "").lower() for message in said):
        return MARGIN_SECONDS
    return MAX_NEW_CALL_SECONDS if said else FIRST_NOTIFY_SECONDS


def _target(refer: Message) -> str:
    uri = address(refer.header("Refer-To") or "").uri.partition("?")[0]
    return uri if len(uri) <= MAX_TARGET_LENGTH else uri[: MAX_TARGET_LENGTH - 1] + "…"


class Expiry(Struct, frozen=True):
    """A session timer that was agreed, and the BYE that came when it expired, or said so."""

    agreed: Message
    seconds: int
    bye: Message
    what: str
    certainty: Certainty
    fix: str = ""


@rule(
    "session-expired", "warning", "The session timer expired, and the call ended",
    confirm_seconds=AT_ONCE,
    why="Both sides agreed that the call is over unless one of them refreshes it in time (RFC 4028).",
    fix="The side that is the refresher must send a re-INVITE or UPDATE after half of the time. See whether it does, "
    "and whether that reaches the other side. Calls that always end after the same time have this cause.",
)
def session_expired(facts: Facts) -> Iterator[Found]:
    for position, expiry in facts.once(_expiries).items():
        places = (expiry.agreed.place, expiry.bye.place)
        yield Found(expiry.what, places, position, certainty=expiry.certainty, time=expiry.bye.time, fix=expiry.fix)


def _expiries(facts: Facts) -> dict[int, Expiry]:
    found = (
        (position, _expiry(call)) for position, call in facts.having("Session-Expires") if call.kind == "call"
    )
    return {position: expiry for position, expiry in found if expiry is not None}


def _expiry(call: Call) -> Expiry | None:
    bye = next((message for message in call.messages if message.method == "BYE" and message.status is None), None)
    if bye is None:
        return None
    agreed, tried, refresh = _agreed(call, bye.time)
    if agreed is None or (tried is not None and (tried.status or 0) < 300):
        return None
    value, _, rest = (agreed.header("Session-Expires") or "").partition(";")
    seconds = number(value.strip()) or 0
    said = reasons(bye.header("Reason") or "")
    late = bye.time - agreed.time - seconds
    early = min(MAX_EARLY_SECONDS, seconds / EARLY_PART) + MARGIN_SECONDS
    told = any(SESSION_WORDS().search(each.text) for each in said)
    near = -early <= late <= MAX_LATE_SECONDS
    if not seconds or not (told or (near and _open(said))):
        return None
    why = f", Reason: {bye.meaning('Reason')}" if said else ""
    if refresh is not None and late < -early:
        what = (
            f"a session timer of {seconds} s was refreshed by {refresh.method} of the {refresh.side}, which was "
            f"answered {agreed.summary}; BYE of the {bye.side} {-late:.1f} s before its end{why}"
        )
        return Expiry(agreed, seconds, bye, what, "certain", RESTART)
    sure: Certainty = "certain" if told else "high" if any(each.failure for each in said) else "medium"
    refresher = _refresher(agreed, rest)
    by = f" by the {refresher}" if refresher else ""
    refused = f" (its attempt was answered {explained(tried)})" if tried is not None else ""
    what = (
        f"a session timer of {seconds} s was not refreshed{by}{refused}; BYE of the {bye.side} "
        f"{bye.time - agreed.time:.1f} s after{why}"
    )
    return Expiry(agreed, seconds, bye, what, sure)


def _open(said: tuple[Reason, ...]) -> bool:
    """Whether a BYE may come of a timer: it gives no reason, or one that is not that somebody hung up."""
    return not said or any(each.failure for each in said)


def _agreed(call: Call, end: float) -> tuple[Message | None, Message | None, Message | None]:
    """The last response before `end` that agreed on a session timer, and what became of an attempt to refresh it.

    That is its refusal, or the request itself while nothing answered it. The last is the request that refreshed an
    earlier timer, if the response answers one.
    """
    agreed: Message | None = None
    tried: Message | None = None
    refresh: Message | None = None
    last: tuple[str | None, int | None] | None = None
    for message in call.messages:
        if message.time >= end or message.method not in REFRESHING:
            continue
        key, status = (message.from_tag, message.cseq), message.status
        if status is None:
            tried = message if agreed is not None and message.to_tag is not None and key != last else tried
        elif 200 <= status < 300 and key != last:
            # A hop further the same answer may have lost its timer, or got one.
            refresh = tried if tried is not None and key == (tried.from_tag, tried.cseq) else None
            agreed, tried, last = message if message.header("Session-Expires") else None, None, key
        elif 200 <= status < 300:
            agreed = agreed or (message if message.header("Session-Expires") else None)
        elif status >= 300 and tried is not None and key == (tried.from_tag, tried.cseq):
            tried = message
    return agreed, tried, refresh


def _refresher(agreed: Message, rest: str) -> str:
    """The side that has to refresh: `uac` is the one that asked, whose answer this is not (RFC 4028 section 4)."""
    role = re.search(r"refresher\s*=\s*\"?(uac|uas)", rest, re.IGNORECASE)
    if role is None or agreed.side not in OTHER_SIDE:
        return ""
    return agreed.side if role[1].lower() == "uas" else OTHER_SIDE[agreed.side]


@rule(
    "call-ended-reason", "note", "A side says that it ended the call because something went wrong",
    confirm_seconds=AT_ONCE,
    why="Nobody hung up: a timer, a failure in the network or a lost message ended the call, and Reason says which.",
    fix="Look at what the reason names, just before that moment: a lost ACK or answer, media that stopped, a trunk "
    "without free lines.",
)
def call_ended_reason(facts: Facts) -> Iterator[Found]:
    expired = facts.once(_expiries)
    for position, call in facts.having("Reason"):
        if call.kind != "call" or position in expired:
            continue
        for message in call.messages:
            if message.status is None and message.method in ("BYE", "CANCEL") and not message.retransmission:
                if any(each.failure for each in reasons(message.header("Reason") or "")):
                    what = f"the {message.method} of the {message.side} says {message.meaning('Reason')}"
                    yield Found(what, (message.place,), position)


RULES = (
    transfer_failed,
    transfer_unknown,
    session_expired,
    call_ended_reason,
)
