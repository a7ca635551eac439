"""Rules about SIP: calls that were not answered, messages that were lost, repeated or broken."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.findings.refusals import REFUSALS
from dissectors.findings.rule import UNANSWERED_SECONDS, Facts, Found, of, rule
from dissectors.findings.transactions import transactions
from dissectors.protocols.sip_deviation import Kind
from dissectors.report import Call, Message, Severity

MIN_WAIT_SECONDS, LONG_RINGING_SECONDS, SLOW_SETUP_SECONDS, TIMER_H_SECONDS = 2.0, 30.0, 5.0, 32.0
"""Seconds: without any response, ringing, until it rings, and until a SIP transaction gives up (RFC 3261 17.1)."""

SILENT_SECONDS = 10.0


def _unheard(what: str, again: int, messages: list[Message], number: int) -> Found:
    """What nothing answers; who does not repeat it over UDP got what it waits for (RFC 3261 section 17)."""
    places = [message.place for message in messages]
    if again:
        return Found(f"{what}, sent {again + 1} times", places, number)
    elsewhere = f"{what}, which was not sent again: the answer may have come another way"
    return Found(elsewhere, places, number, certainty="low", severity="warning")


def _calls(facts: Facts) -> Iterator[tuple[int, Call]]:
    return ((number, call) for number, call in enumerate(facts.calls) if call.kind == "call" and call.messages)


@rule(
    "invite-no-response", "error", "Nothing answered the INVITE, not even 100 Trying",
    confirm_seconds=UNANSWERED_SECONDS,
    why="The request or every answer to it is lost: the caller hears silence and gives up after 32 seconds.",
    fix="Capture at the callee too: if the INVITE does not arrive, look at address, firewall and message size; if it "
    "does, look at the way back.",
)
def invite_no_response(facts: Facts) -> Iterator[Found]:
    for number, _ in _calls(facts):
        for each in transactions(facts)[number]:
            waited = facts.end - each.requests[0].time
            if each.requests[0].to_tag is not None:
                continue
            if each.method == "INVITE" and not each.responses and (each.repeated or waited >= MIN_WAIT_SECONDS):
                yield _unheard("no response to the INVITE", each.repeated, each.requests, number)


@rule(
    "call-unanswered", "warning", "The phone rang and nobody answered",
    confirm_seconds=UNANSWERED_SECONDS,
    why="The callee's side got the INVITE; it was never accepted or refused while the capture lasted.",
    fix="Ask the callee; otherwise see whether a 200 OK was sent and lost on its way (capture there too).",
)
def call_unanswered(facts: Facts) -> Iterator[Found]:
    for number, call in _calls(facts):
        provisional = [message for message in call.messages if message.method == "INVITE" and message.status]
        if call.outcome in ("unanswered", "ringing") and provisional and facts.end - call.start >= LONG_RINGING_SECONDS:
            what = f"{provisional[-1].summary} was the last response; {facts.end - call.start:.0f} s passed"
            yield Found(what, (call.messages[0].place, provisional[-1].place), number)


@rule(
    "call-cancelled", "note", "The caller gave up before the call was answered",
    why="The caller hung up, or a timer did, while it rang.",
    fix="If it happens after the same time again and again, look for a timer in the phone or the exchange.",
)
def call_cancelled(facts: Facts) -> Iterator[Found]:
    for number, call in _calls(facts):
        cancels = [message for message in call.messages if message.method == "CANCEL" and message.status is None]
        if call.outcome == "cancelled" and cancels:
            yield Found(f"CANCEL after {cancels[0].time - call.start:.1f} s", (cancels[0].place,), number)


@rule(
    "call-setup-slow", "warning", "It took long until it rang",
    why="Callers hear nothing until the first 18x; after about five seconds they believe that the line is dead.",
    fix="Look between which two messages the time passes: DNS, a proxy that tries several targets, push to a phone.",
)
def call_setup_slow(facts: Facts) -> Iterator[Found]:
    for number, call in _calls(facts):
        said = [m for m in call.messages if m.method == "INVITE" and m.status is not None]
        heard = next((m for m in said if 180 <= (m.status or 0) < 300), None)
        # A phone that asks its user for a password sends another INVITE when it has it.
        asked = next((m for m in call.messages if heard and m.status is None and m.cseq == heard.cseq), None)
        if heard and asked and heard.time - asked.time > SLOW_SETUP_SECONDS:
            what = f"{heard.time - asked.time:.1f} s from the INVITE to {heard.summary}"
            yield Found(what, (asked.place, heard.place), number)


@rule(
    "ack-missing", "error", "The answer was never acknowledged",
    confirm_seconds=UNANSWERED_SECONDS,
    why="Without ACK the callee repeats its 200 OK and hangs up after 32 seconds.",
    fix="Look at the Contact of the 200 OK: the ACK goes there, often to a private address or through a lost route.",
)
def ack_missing(facts: Facts) -> Iterator[Found]:
    for number, call in facts.talks():
        acknowledged = {message.cseq for message in call.messages if message.method == "ACK"}
        for each in transactions(facts)[number]:
            final = each.final
            if each.method != "INVITE" or final is None or (final.status or 0) >= 300:
                continue
            again = sum(message.retransmission and message.status == final.status for message in each.responses)
            if final.cseq not in acknowledged and (again or facts.end - final.time >= MIN_WAIT_SECONDS):
                yield _unheard(f"no ACK to {of(final)}", again, each.responses, number)


@rule(
    "answer-repeated", "warning", "The 200 OK had to be sent several times",
    why="Its sender did not get the ACK in time: the answer or the ACK was lost on the way.",
    fix="Compare both ends of the path; loss of signalling usually means loss of media too.",
)
def answer_repeated(facts: Facts) -> Iterator[Found]:
    for number, call in facts.talks():
        acknowledged = {message.cseq for message in call.messages if message.method == "ACK"}
        for each in transactions(facts)[number]:
            again = [m for m in each.responses if m.retransmission and 200 <= (m.status or 0) < 300]
            if each.method == "INVITE" and len(again) >= 2 and again[0].cseq in acknowledged:
                yield Found(f"{again[0].summary} was sent {len(again) + 1} times", [m.place for m in again], number)


@rule(
    "request-repeated", "warning", "A request had to be sent several times until it was answered",
    why="The request or its answer was lost, or the other side takes longer than half a second.",
    fix="See whether the repeats reach the other side: if all do, it is slow; if not, the path loses datagrams.",
)
def request_repeated(facts: Facts) -> Iterator[Found]:
    for number, found in enumerate(transactions(facts)):
        for each in found:
            if each.repeated >= 2 and each.responses:
                what = f"{each.method} was sent {each.repeated + 1} times before an answer came"
                yield Found(what, [message.place for message in each.requests], number)


@rule(
    "bye-unanswered", "warning", "The BYE got no answer",
    confirm_seconds=UNANSWERED_SECONDS,
    why="The other side may believe that the call goes on: it keeps sending media, and bills go on.",
    fix="Look at the route of the dialog (Record-Route, Contact): requests within a call take another way than INVITE.",
)
def bye_unanswered(facts: Facts) -> Iterator[Found]:
    for number, found in enumerate(transactions(facts)):
        for each in found:
            waited = facts.end - each.requests[0].time
            if each.method == "BYE" and each.final is None and (each.repeated >= 2 or waited >= TIMER_H_SECONDS):
                yield _unheard("no response to the BYE", each.repeated, each.requests, number)


@rule(
    "request-unanswered", "warning", "A request got no answer",
    confirm_seconds=UNANSWERED_SECONDS,
    why="Registrations and probes that nobody answers mean that the server is not reached or does not reach back.",
    fix="Look at address, port and firewall; see whether the server's answers leave for another address.",
)
def request_unanswered(facts: Facts) -> Iterator[Found]:
    for number, found in enumerate(transactions(facts)):
        for each in found:
            if each.method in ("INVITE", "ACK", "BYE") or each.responses or each.repeated < 2:
                continue
            what = f"{each.method} was sent {each.repeated + 1} times, nothing came back"
            yield Found(what, [message.place for message in each.requests], number)


@rule(
    "call-forked", "note", "Several phones rang for one call",
    why="The INVITE was forked: each branch has a dialog of its own, and media may come from more than one.",
    fix="Nothing; look at each dialog on its own when media of the branches mixes.",
)
def call_forked(facts: Facts) -> Iterator[Found]:
    for number, call in _calls(facts):
        tags = {dialog.to_tag for dialog in call.dialogs if dialog.to_tag}
        if len({dialog.from_tag for dialog in call.dialogs}) == 1 and len(tags) > 1:
            yield Found(f"{len(tags)} dialogs from one INVITE", (call.messages[0].place,), number)


@rule(
    "bye-missing", "warning", "Media stopped and nobody hung up",
    why="One side lost the call (crash, network, battery) without saying so.",
    fix="Use session timers (RFC 4028), so that a dead call ends; look at what happened when the last RTP came.",
)
def bye_missing(facts: Facts) -> Iterator[Found]:
    for number, call in facts.talks():
        streams = facts.of(call)
        last = max((stream.last for stream in streams), default=facts.end)
        last = max(last, *(message.time for message in call.messages), last)
        if call.ended is None and streams and facts.end - last > SILENT_SECONDS:
            places = [stream.last_place for stream in streams]
            yield Found(f"the last RTP came {facts.end - last:.0f} s before the end, and no BYE", places, number)


@rule(
    "call-in-part", "note", "Only a part of this call is in the capture",
    why="The INVITE is missing, so who called whom, the SDP and the codecs may be unknown.",
    fix="Begin the capture before the call.",
)
def call_in_part(facts: Facts) -> Iterator[Found]:
    for number, call in _calls(facts):
        if call.outcome == "fragment" and not call.returned:
            yield Found(f"the first message is {of(call.messages[0])}", (call.messages[0].place,), number)


@rule(
    "content-length-wrong", "warning", "Content-Length does not say how long the body is",
    why="Over UDP a body that is shorter than announced is an error to many receivers, and over TCP it is fatal.",
    fix="Look for a device that changes the body (an ALG) without its length, or for a path that cuts datagrams.",
)
def content_length_wrong(facts: Facts) -> Iterator[Found]:
    yield from _deviating(facts, "length wrong", "octets follow")


@rule(
    "header-missing", "warning", "A message lacks a header that every message must have",
    why="Receivers refuse such a message with 400, or drop it (RFC 3261 section 8.1.1).",
    fix="The sender, or a proxy or ALG on the way, must be repaired.",
)
def header_missing(facts: Facts) -> Iterator[Found]:
    yield from _deviating(facts, "header missing")


@rule(
    "header-broken", "warning", "A header cannot be what it is meant to be",
    why="Strict receivers refuse the message; lenient ones read different things out of it.",
    fix="Look at the octets with muxshark explain; the sender or a device on the way must be repaired.",
)
def header_broken(facts: Facts) -> Iterator[Found]:
    yield from _deviating(facts, "header broken")


def _deviating(facts: Facts, *kinds: Kind) -> Iterator[Found]:
    """One finding for each different deviation of these kinds of a call's messages."""
    for number, call in enumerate(facts.calls):
        for message in call.messages:
            for deviation in message.deviations:
                if deviation.kind in kinds:
                    # Octets behind the body are left alone by receivers (RFC 3261 section 18.3).
                    severity: Severity | None = "note" if deviation.kind == "octets follow" else None
                    yield Found(f"{of(message)}: {deviation.text}", (message.place,), number, severity=severity)


RULES = (
    invite_no_response, *REFUSALS, call_unanswered, call_cancelled, call_setup_slow, ack_missing, answer_repeated,
    request_repeated, bye_unanswered, request_unanswered, call_forked, bye_missing, call_in_part, content_length_wrong,
    header_missing, header_broken,
)
