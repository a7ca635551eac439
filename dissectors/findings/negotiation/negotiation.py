"""Rules about offer and answer (RFC 3264): what was agreed, held, refused, or said wrongly."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.findings.agreements import agreements, rtp_lines
from dissectors.findings.media_traits import BESIDE, INTRICATE, UNNAMED
from dissectors.findings.media_traits import codecs as codecs_of
from dissectors.findings.rule import Facts, Found, of, rule
from dissectors.findings.transactions import transactions
from dissectors.report import Call, Description, Media, Message

MAY_ANSWER = {
    "sendonly": ("recvonly", "inactive"),
    "recvonly": ("sendonly", "inactive"),
    "inactive": ("inactive",),
}


def pairs(call: Call) -> Iterator[tuple[Description, Description]]:
    """Each answer with the offer that it answers."""
    offers = {described.place: described for described in call.descriptions if described.role == "offer"}
    for described in call.descriptions:
        if described.answers in offers:
            yield offers[described.answers], described


def answers(facts: Facts) -> list[tuple[int, Description, Description]]:
    """The same of calls that did more than to agree on a line of sound, each with the position of its call."""
    return facts.once(_answers)


def _answers(facts: Facts) -> list[tuple[int, Description, Description]]:
    return [(number, offer, answer) for number, call in facts.having(INTRICATE) for offer, answer in pairs(call)]


@rule(
    "answer-missing", "warning", "The call was answered without an answer to the offer",
    absence="answer",
    why="The side that offered does not learn where to send media and which codec to use.",
    fix="If the INVITE has an offer, the 200 OK (or a reliable 183) must carry SDP. If it has none, the 200 OK "
    "offers and the ACK must answer. Look for a device that removes the SDP.",
)
def answer_missing(facts: Facts) -> Iterator[Found]:
    for number, call in facts.talks(INTRICATE):
        if _all_answered(call):
            continue
        answered = {described.answers for described in call.descriptions}
        offers = {described.place for described in call.descriptions if described.role == "offer"}
        answering = {described.to_tag for described in call.descriptions if described.role == "answer"}
        acknowledgements = {(m.side, m.cseq): m for m in call.messages if m.method == "ACK"}
        for each in transactions(facts)[number]:
            if each.method != "INVITE" or any(map(undescribed, [*each.requests, *each.responses])):
                continue
            accepted = [m for m in each.responses if 200 <= (m.status or 0) < 300]
            if not accepted:
                continue
            offered = [message for message in (*each.requests, *each.responses) if message.place in offers]
            ack = acknowledgements.get((each.side, each.requests[0].cseq))
            said = unanswered(offered, accepted, ack)
            places = {message.place for message in (*each.requests, *each.responses)}
            # What another fork answers is no answer of the one that was accepted.
            forked = answering and not answering & {message.to_tag for message in accepted}
            if said and (forked or not answered & places):
                yield Found(said, [message.place for message in (*offered[:1], *accepted, ack) if message], number)


def _all_answered(call: Call) -> bool:
    """Whether the 2xx to every INVITE of a call brings an answer, and no response offers anything."""
    roles = {each.place: each.role for each in call.descriptions}
    for each in call.messages:
        if each.method == "INVITE" and each.status is not None:
            role = roles.get(each.place)
            if role == "offer" or role is None and 200 <= each.status < 300:
                return False
    return True


def unanswered(offered: list[Message], accepted: list[Message], ack: Message | None) -> str | None:
    """What an INVITE transaction that nobody answered lacks; None where it offers nothing or its ACK is not there."""
    if not offered:
        return None
    if offered[0].status is None:
        return f"the INVITE offers and {accepted[0].summary} has no SDP" if not accepted[0].body else None
    if ack is None or ack.body is not None:
        return None
    return f"the INVITE offers nothing, {of(offered[0])} does, and the ACK has no SDP"


def undescribed(message: Message) -> bool:
    """Whether a message has a body of which nobody knows what it describes."""
    return message.body is not None and message.body.status not in ("complete", "identity")


@rule(
    "direction-wrong", "warning", "The answer's direction does not fit the offer's",
    why="Only recvonly or inactive can answer an offer of sendonly (RFC 3264 section 6.1). If not, both sides "
    "disagree about who may speak.",
    fix="Repair the answering side. Until then, look which side is silent after hold.",
)
def direction_wrong(facts: Facts) -> Iterator[Found]:
    for number, offer, answer in answers(facts):
        for ours, theirs in zip(offer.media, answer.media, strict=False):
            allowed = MAY_ANSWER.get(ours.direction)
            if allowed and theirs.port and theirs.direction not in allowed:
                what = f"{ours.kind} was offered {ours.direction} and answered {theirs.direction}"
                yield Found(what, (offer.place, answer.place), number)


TALKING = frozenset(("audio", "video"))
"""The kinds of media without which nobody hears or sees anybody: who refuses a fax may go on as before."""


@rule(
    "media-refused", "note", "A part of the offer was refused",
    why="Port 0 in the answer refuses a media line: the call goes on without it. Where no line is left, nobody hears "
    "anybody.",
    fix="If it was wanted, compare its codecs and its profile with what the other side supports.",
)
def media_refused(facts: Facts) -> Iterator[Found]:
    for number, offer, answer in answers(facts):
        refused = [
            ours.kind for ours, theirs in zip(offer.media, answer.media, strict=False) if ours.port and not theirs.port
        ]
        if not TALKING.isdisjoint(refused) and _nothing_left(facts, number, answer):
            what = f"{', '.join(refused)} refused (port 0), and nothing else is accepted: nobody hears anybody"
            yield Found(what, (offer.place, answer.place), number, severity="warning")
            continue
        for kind in refused:
            yield Found(f"{kind} was refused (port 0)", (offer.place, answer.place), number)


def _nothing_left(facts: Facts, number: int, answer: Description) -> bool:
    """Whether no media line is accepted as of an answer, in a call that goes on with it."""
    if answer.state != "agreed" or facts.calls[number].answered is None:
        return False
    return not any(
        line.port for each in agreements(facts)[number] if each.end > answer.time for line in each.answer.media
    )


@rule(
    "media-lines-differ", "warning", "The media lines of the answer are not those of the offer",
    why="The answer must have one line for each line of the offer, in the same order (RFC 3264 section 6). Otherwise "
    "nobody knows which lines belong together.",
    fix="Repair the answering side.",
)
def media_lines_differ(facts: Facts) -> Iterator[Found]:
    for number, offer, answer in answers(facts):
        if len(offer.media) != len(answer.media):
            what = f"{len(offer.media)} offered, {len(answer.media)} answered"
            yield Found(what, (offer.place, answer.place), number)
            continue
        offered, answered = ([line.kind for line in each.media] for each in (offer, answer))
        if offered != answered:
            what = f"offered {', '.join(offered)}; answered {', '.join(answered)}"
            yield Found(what, (offer.place, answer.place), number)


@rule(
    "codec-not-common", "error", "The answer has no codec of the offer",
    why="Each side sends what the other side cannot decode: people hear silence or noise, although packets flow.",
    fix="Give both sides a codec in common; look for a proxy that filters codecs in one direction.",
)
def codec_not_common(facts: Facts) -> Iterator[Found]:
    for number, offer, answer in answers(facts):
        for ours, theirs in zip(offer.media, answer.media, strict=False):
            if not ours.port or not theirs.port or ours.kind != theirs.kind or _first_taken(ours, theirs):
                continue
            offered, taken = codecs(ours, theirs), codecs(theirs, ours)
            if offered and taken and not offered & taken:
                what = f"{ours.kind}: offered {', '.join(sorted(offered))}; answered {', '.join(sorted(taken))}"
                yield Found(what, (offer.place, answer.place), number)


def _first_taken(offered: Media, answered: Media) -> bool:
    """Whether both lines begin with the same codec."""
    first = offered.formats[0] if offered.formats else None
    return first in answered.formats[:1] and first is not None and (first.codec or "").lower() not in BESIDE


def numeric(payload_type: str) -> bool:
    """Whether a format is a payload type of RTP."""
    return payload_type.isascii() and payload_type.isdecimal()


def codecs(line: Media, other: Media) -> frozenset[str]:
    """The codecs of a media line of RTP by name, or by payload type where nothing names them.

    What only the other side's line names is that for both (RFC 3264 section 6.1).
    """
    if "RTP" not in line.profile.upper():
        return frozenset()
    named = {each.payload_type: each for each in other.formats if each.codec}
    return codecs_of([each if each.codec else named.get(each.payload_type, each) for each in line.formats])


@rule(
    "sdp-odd", "note", "A description deviates from the grammar of SDP",
    why="Tolerant receivers ignore it, strict ones refuse the call.",
    fix="Look at the lines; many gateways, and FaceTime, leave lines out on purpose. If a line is damaged, capture "
    "on both sides of each device between the two: one of them rewrites the body.",
)
def sdp_odd(facts: Facts) -> Iterator[Found]:
    for number, call in facts.having(INTRICATE):
        for described in call.descriptions:
            if not described.deviations:
                continue
            final = refusal(facts, number, described) if described.broken else None
            if final is None:
                what = f"{described.role}: {'; '.join(described.deviations[:4])}"
                yield Found(what, (described.place,), number)
            else:
                what = f"{described.role}: {'; '.join(described.broken[:4])}; it was refused with {final.summary}"
                yield Found(what, (described.place, final.place), number, severity="warning")


UNREADABLE = (400, 406, 415, 488, 500, 606)
"""How those refuse who cannot read a description."""


def refusal(facts: Facts, number: int, described: Description) -> Message | None:
    """The response that refused a description as one that cannot be read or taken."""
    if described.state != "refused":
        return None
    for each in transactions(facts)[number]:
        if any(request.place == described.place for request in each.requests):
            return next((message for message in each.responses if message.status in UNREADABLE), None)
    return None


@rule(
    "rtpmap-missing", "note", "Payload types without rtpmap",
    why="A short SDP saves bytes. But a tool or a receiver that does not know the sender cannot know the codec and "
    "the clock of these types: tools show no jitter and play nothing.",
    fix="Nothing, if the endpoints know each other. If not, let the sender add a=rtpmap.",
)
def rtpmap_missing(facts: Facts) -> Iterator[Found]:
    for number, call in facts.having(UNNAMED):
        unnamed: dict[str, None] = {}
        places = []
        for described in call.descriptions:
            for line in rtp_lines(described):
                types = [f.payload_type for f in line.formats if f.certainty != "certain" and numeric(f.payload_type)]
                if types:
                    unnamed.update(dict.fromkeys(types))
                    places.append(described.place)
        if unnamed:
            yield Found(f"nothing names payload types {', '.join(unnamed)}", places, number)


RULES = (
    answer_missing, codec_not_common, direction_wrong, media_lines_differ, media_refused,
    rtpmap_missing, sdp_odd,
)
