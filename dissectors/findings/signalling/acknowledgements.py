"""Rules about the ACK of a final response: missing, unfit, or late."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.analysis.calls.media_lines import OTHER_SIDE
from dissectors.findings.hosts import private
from dissectors.findings.rule import UNANSWERED_SECONDS, Facts, Found, of, rule
from dissectors.findings.signalling.answers import Answer, answers
from dissectors.findings.signalling.exchanges import MIN_REPEATS, MIN_WAIT_SECONDS, unheard, unreachable
from dissectors.findings.signalling.targets import target
from dissectors.protocols.sip_headers import shown
from dissectors.report import Call, Message
from dissectors.wire.datagram import endpoint
from dissectors.wire.values import replace


def _misfit(answer: Answer) -> tuple[list[Message], str] | None:
    """ACKs that cannot be taken for that of a response, and what of them does not fit; it was not taken, either."""
    if answer.again < MIN_REPEATS and not answer.given_up:
        return None
    response, wrong = answer.first, answer.elsewhere or answer.unrouted if answer.acks else answer.others
    if not wrong or not (answer.after(wrong[0].time) >= MIN_REPEATS or answer.given_up):
        return None
    ack = wrong[0]
    if answer.acks and not answer.elsewhere:
        to = endpoint(ack.dst, ack.dport)
        said = f"it has no Route although the {response.status} has Record-Route, and goes to {to}"
    elif answer.acks:
        said = f"its Request-URI {shown(ack.uri or '')} is not the Contact {shown(next(iter(answer.contacts)))}"
    elif not answer.accepts:
        said = f"its branch {shown(ack.branch or '')} is not that of the INVITE {shown(response.branch or '')}"
        if ack.to_tag != response.to_tag:
            said += f", its To tag is {_shown(ack.to_tag)} and not {_shown(response.to_tag)}"
    else:
        pairs = (
            ("CSeq", str(ack.cseq), str(response.cseq)), ("From tag", ack.from_tag, response.from_tag),
            ("To tag", ack.to_tag, response.to_tag),
        )
        said = ", ".join(f"its {name} is {_shown(one)} and not {_shown(two)}" for name, one, two in pairs if one != two)
    return wrong, said


def _end_of(answer: Answer) -> str:
    """How the call ended for want of the ACK."""
    return f", then BYE with Reason {answer.reason}" if answer.given_up and answer.reason else ""


def _shown(text: str | None) -> str:
    return "missing" if text is None else text if text.isdigit() else shown(text)


FITS = (
    "The ACK to a 2xx has the CSeq number of the INVITE and both tags of the answer, and goes to the Contact of the "
    "2xx through its Record-Route (RFC 3261 section 13.2.2.4)."
)
FITS_REFUSAL = (
    "The ACK to a refusal has the Via branch, the Request-URI and the Route of its INVITE, and the To tag of the "
    "refusal (RFC 3261 section 17.1.1.3)."
)


@rule(
    "ack-mismatch", "error", "An ACK does not fit the answer",
    confirm_seconds=UNANSWERED_SECONDS,
    why="The side that answered does not accept it as the ACK: it repeats its answer for 32 seconds, and then ends a "
    "call that it accepted.",
    fix="Look at the sender of the ACK, and at what rewrites Via, Contact and Record-Route on the way.",
)
def ack_mismatch(facts: Facts) -> Iterator[Found]:
    for number, found in answers(facts).items():
        for answer in found:
            if misfit := _misfit(answer):
                wrong, said = misfit
                times = f"sent {answer.again + 1} times{_end_of(answer)}"
                what = f"the ACK to {of(answer.first)} does not fit: {said}; {times}"
                places = [message.place for message in (answer.first, *wrong)]
                fix = FITS if answer.accepts else FITS_REFUSAL
                yield Found(what, places, number, time=wrong[0].time, fix=fix)


@rule(
    "ack-missing", "error", "The answer was never acknowledged",
    confirm_seconds=UNANSWERED_SECONDS, absence="answer",
    why="Without ACK the callee repeats its 200 OK and hangs up after 32 seconds.",
    fix="Look at the Contact of the 200 OK: the ACK goes there, often to a private address or through a lost route.",
)
def ack_missing(facts: Facts) -> Iterator[Found]:
    for number, found in answers(facts).items():
        call = facts.calls[number]
        for answer in found:
            if answer.lost:
                yield _lost(answer, number)
            elif answer.acks or answer.others or (not answer.accepts and answer.again < MIN_REPEATS):
                # An ACK that does not fit is told as such, if it was not taken.
                continue
            elif answer.again >= MIN_REPEATS or facts.end - answer.first.time >= MIN_WAIT_SECONDS:
                missing = unheard(f"no ACK to {of(answer.first)}", answer.again, answer.sent, number, answer.stopped)
                why, fix = _why(call, answer, found)
                missing = replace(missing, what=f"{missing.what}{_end_of(answer)}{why}", fix=fix)
                yield missing if answer.accepts else replace(missing, severity="warning")


def _why(call: Call, answer: Answer, found: list[Answer]) -> tuple[str, str]:
    """What shows why a 2xx got no ACK, and what to do then; both empty where nothing does."""
    first = answer.first
    if not answer.accepts:
        return "", ""
    asked = [each for each in call.messages if each.status is None]
    tags = first.from_tag, first.to_tag
    other = next((
        each.first for each in found if each.accepts and each.acks and each.first.cseq == first.cseq
        and each.first.from_tag == first.from_tag and each.first.to_tag != first.to_tag
    ), None)
    left = not any(each.method == "BYE" and (each.from_tag, each.to_tag) == tags for each in asked)
    if other is not None and left:
        return (
            f"; another phone answered, too, and got its ACK ({other.src}, To tag {_shown(other.to_tag)}): the one at "
            f"{first.src}, To tag {_shown(first.to_tag)}, got neither ACK nor BYE"
        ), SECOND_ANSWER
    cancel = next((each for each in asked if each.method == "CANCEL" and each.cseq == first.cseq), None)
    if cancel is not None and left and abs(cancel.time - first.time) < MIN_WAIT_SECONDS:
        apart = (cancel.time - first.time) * 1000
        when = f"{abs(apart):.0f} ms {'after' if apart > 0 else 'before'} it"
        return f"; the caller sent a CANCEL {when}, which was too late", LATE_CANCEL
    hosts = [to[1] for to in map(target, answer.contacts) if to]
    known = unreachable(call, hosts, OTHER_SIDE.get(first.side, ""))
    return (f"; {known}" if known else ""), ""


SECOND_ANSWER = (
    "Several phones may answer one INVITE: the caller must acknowledge each 2xx and send BYE to those that it does "
    "not want (RFC 3261 section 13.2.2.4)."
)
LATE_CANCEL = (
    "A CANCEL has no effect on an INVITE that was answered (RFC 3261 section 9.1): the caller must acknowledge the 2xx "
    "and then send BYE (section 15)."
)


def _lost(answer: Answer, number: int) -> Found:
    """An ACK that was captured on its way to the sender of the 2xx and does not arrive there."""
    src, ack = endpoint(answer.first.src, answer.first.sport), answer.acks[0]
    what = f"no ACK to {of(answer.first)} reaches {src}, sent {answer.again + 1} times"
    came = f"{what}: it comes to {endpoint(ack.dst, ack.dport)} only"
    return Found(came, [message.place for message in answer.sent], number)


@rule(
    "answer-repeated", "warning", "The 200 OK had to be sent several times",
    why="Its sender did not get the ACK in time: the answer or the ACK was lost on the way.",
    fix="Compare both ends of the path: where signalling is lost, media is usually lost, too. If an ACK follows each "
    "of the answers, the ACK is lost behind this place.",
)
def answer_repeated(facts: Facts) -> Iterator[Found]:
    for number, found in answers(facts).items():
        for answer in found:
            if answer.accepts and answer.again >= MIN_REPEATS and answer.acks and not (answer.lost or _misfit(answer)):
                later = answer.after(answer.acks[0].time)
                behind = f", {later} times after the first ACK" if later >= MIN_REPEATS else ""
                again = [message.place for message in answer.sent if message.retransmission]
                inside = _inside(answer)
                if inside is not None:
                    to = endpoint(inside.dst, inside.dport)
                    behind += f"; the ACK goes to {to}, the private address of its Contact"
                    again.append(inside.place)
                yield Found(f"{answer.first.summary} was sent {answer.again + 1} times{behind}", again, number)


def _inside(answer: Answer) -> Message | None:
    """An ACK that goes to a private address of the Contact, if all do and the answer comes from another one."""
    hosts = {message.src for message in answer.everywhere}
    all_inside = all(private(ack.dst) and ack.dst not in hosts for ack in answer.acks)
    return answer.acks[0] if all_inside and not private(answer.first.src) else None


RULES = (ack_mismatch, ack_missing, answer_repeated)
