"""Rules about SIP: calls that were not answered, messages that were lost, repeated or broken."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.analysis.calls.outcomes import TERMINATED
from dissectors.findings.capture.capture import SNAPLEN
from dissectors.findings.rule import UNANSWERED_SECONDS, Facts, Found, of, rule
from dissectors.findings.signalling.refusals import REFUSALS
from dissectors.findings.statuses import explained
from dissectors.findings.traits import CONNECTIONS, DEVIATING, FAILED, FORKED, PARTIAL, SLOW, STREAMED, UNENDED, Trait
from dissectors.protocols.sip_deviation import Kind
from dissectors.report import Call, Message, Place, Severity

LONG_RINGING_SECONDS, SLOW_SETUP_SECONDS = 30.0, 5.0
"""Seconds: ringing, and until it rings."""

SILENT_SECONDS = 10.0

UNFINISHED = "the header block is not finished"
"""How a deviation says that a message ends within its headers."""

USUAL_LENGTH, LENGTHS = "Content-Length", frozenset(("content-length", "l"))


def _calls(facts: Facts, trait: Trait) -> Iterator[tuple[int, Call]]:
    return ((number, call) for number, call in facts.having(trait) if call.kind == "call" and call.messages)


@rule(
    "call-unanswered", "warning", "Nobody answered the call",
    confirm_seconds=UNANSWERED_SECONDS, absence="answer",
    why="The phone, or a server on the way, got the INVITE. Nobody accepted or refused it while the capture lasted.",
    fix="Ask the callee. If the callee answered, see whether a 200 OK was sent and lost on its way (capture there, "
    "too).",
)
def call_unanswered(facts: Facts) -> Iterator[Found]:
    for number, call in _calls(facts, FAILED):
        if call.outcome not in ("unanswered", "ringing"):
            continue
        provisional = [message for message in call.messages if message.method == "INVITE" and message.status]
        if provisional and facts.end - call.start >= LONG_RINGING_SECONDS:
            what = f"{provisional[-1].summary} was the last response; {facts.end - call.start:.0f} s passed"
            what += "" if any((each.status or 0) > 100 for each in provisional) else ", and no phone is known to ring"
            yield Found(what, (call.messages[0].place, provisional[-1].place), number)


@rule(
    "call-cancelled", "note", "The caller gave up before the call was answered",
    why="The caller hung up, or a timer ended the attempt, before anybody answered here. Reason may say that the call "
    "was answered at another phone. Where no CANCEL came, a server on the way gave up the call.",
    fix="If it happens after the same time again and again, look for a timer in the phone or the exchange.",
)
def call_cancelled(facts: Facts) -> Iterator[Found]:
    for number, call in _calls(facts, FAILED):
        if call.outcome != "cancelled":
            continue
        cancels = [message for message in call.messages if message.method == "CANCEL" and message.status is None]
        ended = cancels[:1] or [message for message in call.messages if message.status == TERMINATED][:1]
        for message in ended:
            without = "" if cancels else " without a CANCEL"
            what = f"{explained(message)}{without} after {message.time - call.start:.1f} s"
            said = {each.status or 0 for each in call.messages if each.method == "INVITE" and (each.status or 0) < 300}
            silent = message.time - call.start > SLOW_SETUP_SECONDS and max(said, default=0) == 100
            what += ", and nothing rang" if silent else ""
            yield Found(what, (message.place,), number)


@rule(
    "call-setup-slow", "warning", "It took long until it rang",
    why="Callers hear nothing until the first 18x; after about five seconds they believe that the line is dead.",
    fix="See between which two messages the time passes: DNS, a proxy that tries several targets, a push message to "
    "a phone.",
)
def call_setup_slow(facts: Facts) -> Iterator[Found]:
    for number, call in _calls(facts, SLOW):
        heard = next((m for m in call.messages if m.method == "INVITE" and 180 <= (m.status or 0) < 300), None)
        if heard is None:
            continue
        # A phone that asks its user for a password sends another INVITE when it has it.
        asked = next((m for m in call.messages if m.status is None and m.cseq == heard.cseq), None)
        if asked and heard.time - asked.time > SLOW_SETUP_SECONDS:
            what = f"{heard.time - asked.time:.1f} s from the INVITE to {heard.summary}"
            yield Found(what, (asked.place, heard.place), number)


@rule(
    "call-forked", "note", "Several phones rang for one call",
    why="The INVITE was forked: each branch has a dialog of its own, and media may come from more than one of them.",
    fix="Nothing. If media of several branches mixes, look at each dialog on its own.",
)
def call_forked(facts: Facts) -> Iterator[Found]:
    for number, call in _calls(facts, FORKED):
        tags = {dialog.to_tag for dialog in call.dialogs if dialog.to_tag}
        if len({dialog.from_tag for dialog in call.dialogs}) == 1 and len(tags) > 1:
            yield Found(f"{len(tags)} dialogs from one INVITE", (call.messages[0].place,), number)


@rule(
    "bye-missing", "warning", "Media stopped and nobody hung up",
    absence="answer",
    why="One side lost the call (crash, network, battery) without saying so.",
    fix="Use session timers (RFC 4028), so that a dead call ends. Look at what happened when the last RTP came.",
)
def bye_missing(facts: Facts) -> Iterator[Found]:
    for number, call in facts.talks(UNENDED):
        if call.ended is not None or not call.streams:
            continue
        streams = facts.of(call)
        last = max(stream.last for stream in streams)
        last = max(last, *(message.time for message in call.messages), last)
        if facts.end - last > SILENT_SECONDS:
            places = [stream.last_place for stream in streams]
            yield Found(f"the last RTP came {facts.end - last:.0f} s before the end, and no BYE", places, number)


@rule(
    "call-in-part", "note", "Only a part of this call is in the capture",
    why="The INVITE is missing, so who called whom, the SDP and the codecs may be unknown.",
    fix="Begin the capture before the call, and capture both directions.",
)
def call_in_part(facts: Facts) -> Iterator[Found]:
    for number, call in _calls(facts, PARTIAL):
        if (call.outcome == "fragment" or call.begun_before) and not call.returned:
            yield Found(f"the first message is {of(call.messages[0])}", (call.messages[0].place,), number)


@rule(
    "content-length-wrong", "warning", "Content-Length does not say how long the body is",
    why="Over UDP, many receivers refuse a body that is shorter than announced. Over TCP, the whole connection "
    "breaks.",
    fix="Look for a device that changes the body (an ALG) but not its length, or for a path that cuts datagrams.",
)
def content_length_wrong(facts: Facts) -> Iterator[Found]:
    yield from _deviating(facts, "length wrong", "octets follow")
    for number, call in facts.having(STREAMED):
        if call.signalling == "SIP":
            for message in call.messages:
                # A message of WebSocket has an end of its own.
                lacks = message.transport in CONNECTIONS and message.body is not None
                if not lacks or USUAL_LENGTH in message.headers:
                    continue
                if LENGTHS.isdisjoint(map(str.lower, message.headers)):
                    yield Found(f"{of(message)}: a body and no Content-Length", (message.place,), number)


@rule(
    "header-missing", "warning", "A message lacks a header that every message must have",
    why="Receivers refuse such a message with 400, or drop it (RFC 3261 section 8.1.1).",
    fix="Repair the sender, or the proxy or ALG on the way that removes the header.",
)
def header_missing(facts: Facts) -> Iterator[Found]:
    yield from _deviating(facts, "header missing")


@rule(
    "header-broken", "warning", "A header cannot be what it is meant to be",
    why="Strict receivers refuse the message. Tolerant ones read different things in it.",
    fix="Look at the bytes with muxshark explain. Repair the sender, or the device on the way that changes the "
    "header.",
)
def header_broken(facts: Facts) -> Iterator[Found]:
    yield from _deviating(facts, "header broken")


def _deviating(facts: Facts, *kinds: Kind) -> Iterator[Found]:
    """One finding for each different deviation of these kinds of a call's messages, but for what the capture made."""
    for number, call in facts.having(DEVIATING):
        for message in call.messages:
            for deviation in message.deviations:
                if deviation.kind in kinds and deviation.kind not in _made_by_capture(facts, message):
                    # Octets behind the body are left alone by receivers of datagrams (RFC 3261 section 18.3).
                    ignored = deviation.kind == "octets follow" and message.transport not in CONNECTIONS
                    severity: Severity | None = "note" if ignored else None
                    yield Found(f"{of(message)}: {deviation.text}", (message.place,), number, severity=severity)


def _made_by_capture(facts: Facts, message: Message) -> tuple[Kind, ...]:
    """The kinds of deviations that are there because the capture kept only the beginning of a message."""
    places, length = facts.once(_cut)
    known = message.place in places or (length is not None and message.length >= length)
    # Where the frames are not all known, a header block without its end was cut, too.
    if not known and (length is None or UNFINISHED not in [each.text for each in message.deviations]):
        return ()
    return ("length wrong",) if message.body else ("length wrong", "header broken", "header missing")


def _cut(facts: Facts) -> tuple[set[Place], int | None]:
    """The frames that the capture cut; if not all are known, the least length of their messages, else None."""
    told = [each for each in facts.problems if each.id == SNAPLEN.id]
    places = {place for each in told for place in each.places}
    if sum(each.count for each in told) <= len(places):
        return places, None
    return places, min((each.least for each in told if each.least is not None), default=None)


RULES = (
    *REFUSALS, call_unanswered, call_cancelled, call_setup_slow, call_forked, bye_missing, call_in_part,
    content_length_wrong, header_missing, header_broken,
)
