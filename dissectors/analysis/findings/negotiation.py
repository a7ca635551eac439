"""Rules about offer and answer (RFC 3264): what was agreed, held, refused, or said wrongly."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.analysis.findings.rule import Facts, Found, rule
from dissectors.analysis.report import Call, Description, Media

ANYWHERE = ("0.0.0.0", "::")
MAY_ANSWER = {
    "sendonly": ("recvonly", "inactive"),
    "recvonly": ("sendonly", "inactive"),
    "inactive": ("inactive",),
}
EXTRAS = {"telephone-event", "cn", "red", "ulpfec", "rtx", "flexfec-03"}


def pairs(call: Call) -> Iterator[tuple[Description, Description]]:
    """Each answer with the offer that it answers."""
    offers = {described.place: described for described in call.descriptions if described.role == "offer"}
    for described in call.descriptions:
        if described.answers in offers:
            yield offers[described.answers], described


def rtp_lines(described: Description) -> list[Media]:
    """The media lines that want RTP."""
    return [line for line in described.media if line.port and "RTP" in line.profile.upper()]


def held(call: Call) -> bool:
    """Whether either side put the call on hold at some time."""
    lines = [line for described in call.descriptions for line in rtp_lines(described)]
    return any(line.direction != "sendrecv" or line.address in ANYWHERE for line in lines)


@rule(
    "call-held", "note", "The call was put on hold",
    why="While a side holds (sendonly, inactive, or the address 0.0.0.0), silence in one direction is intended.",
    fix="Nothing; see that it was taken off hold again.",
)  # fmt: skip
def call_held(facts: Facts) -> Iterator[Found]:
    for number, call in facts.talks():
        for described in call.descriptions[1:]:
            lines = rtp_lines(described) if described.role == "offer" else []
            words = {line.direction for line in lines} - {"sendrecv", "recvonly"}
            words |= {line.address for line in lines if line.address in ANYWHERE}
            if words:
                what = f"the {described.side} offers {', '.join(sorted(words))}"
                yield Found(what, (described.place,), number)


@rule(
    "answer-missing", "warning", "The call was answered without an answer to the offer",
    why="The caller does not learn where to send media and which codec to use.",
    fix="The 200 OK (or a reliable 183) must carry SDP; look for a device that removes it.",
)  # fmt: skip
def answer_missing(facts: Facts) -> Iterator[Found]:
    for number, call in facts.talks():
        accepted = [m for m in call.messages if m.method == "INVITE" and 200 <= (m.status or 0) < 300]
        answered = any(described.role == "answer" for described in call.descriptions)
        if call.descriptions and accepted and not answered and all(message.body is None for message in accepted):
            yield Found(f"{accepted[0].summary} has no SDP", (accepted[0].place,), number)


@rule(
    "direction-wrong", "warning", "The answer's direction does not fit the offer's",
    why="An offer of sendonly can be answered by recvonly or inactive alone (RFC 3264 section 6.1); otherwise both "
    "sides have different ideas of who may speak.",
    fix="The answering side must be repaired; until then look who is silent after hold.",
)  # fmt: skip
def direction_wrong(facts: Facts) -> Iterator[Found]:
    for number, call in enumerate(facts.calls):
        for offer, answer in pairs(call):
            for ours, theirs in zip(offer.media, answer.media, strict=False):
                allowed = MAY_ANSWER.get(ours.direction)
                if allowed and theirs.port and theirs.direction not in allowed:
                    what = f"{ours.kind} was offered {ours.direction} and answered {theirs.direction}"
                    yield Found(what, (offer.place, answer.place), number)


@rule(
    "media-refused", "note", "A part of the offer was refused",
    why="Port 0 in the answer refuses a media line: the call goes on without it.",
    fix="If it was wanted, compare its codecs and profile with what the other side supports.",
)  # fmt: skip
def media_refused(facts: Facts) -> Iterator[Found]:
    for number, call in enumerate(facts.calls):
        for offer, answer in pairs(call):
            for ours, theirs in zip(offer.media, answer.media, strict=False):
                if ours.port and not theirs.port:
                    yield Found(f"{ours.kind} was refused (port 0)", (offer.place, answer.place), number)


@rule(
    "media-lines-differ", "warning", "Offer and answer have different numbers of media lines",
    why="The answer must have a line for each of the offer's, in order (RFC 3264 section 6); without that nobody "
    "knows which belongs to which.",
    fix="The answering side must be repaired.",
)  # fmt: skip
def media_lines_differ(facts: Facts) -> Iterator[Found]:
    for number, call in enumerate(facts.calls):
        for offer, answer in pairs(call):
            if len(offer.media) != len(answer.media):
                what = f"{len(offer.media)} offered, {len(answer.media)} answered"
                yield Found(what, (offer.place, answer.place), number)


@rule(
    "codec-not-common", "error", "The answer has no codec of the offer",
    why="Each side sends what the other cannot decode: silence or noise, although packets flow.",
    fix="Give both sides a codec in common; look for a proxy that filters codecs in one direction.",
)  # fmt: skip
def codec_not_common(facts: Facts) -> Iterator[Found]:
    for number, call in enumerate(facts.calls):
        for offer, answer in pairs(call):
            for ours, theirs in zip(offer.media, answer.media, strict=False):
                offered, taken = codecs(ours), codecs(theirs)
                if ours.port and theirs.port and offered and taken and not offered & taken:
                    what = f"{ours.kind}: offered {', '.join(sorted(offered))}; answered {', '.join(sorted(taken))}"
                    yield Found(what, (offer.place, answer.place), number)


def numeric(payload_type: str) -> bool:
    """Whether a format is a payload type of RTP."""
    return payload_type.isascii() and payload_type.isdecimal()


def codecs(line: Media) -> set[str]:
    """The codecs of a media line by name, or by payload type where nothing names them."""
    names = {(each.codec or f"payload type {each.payload_type}").lower() for each in line.formats}
    return names - EXTRAS if "RTP" in line.profile.upper() else set()


@rule(
    "sdp-odd", "note", "A description deviates from the grammar of SDP",
    why="Lenient receivers read over it, strict ones refuse the call.",
    fix="Look at the lines; many gateways and FaceTime leave lines out on purpose.",
)  # fmt: skip
def sdp_odd(facts: Facts) -> Iterator[Found]:
    for number, call in enumerate(facts.calls):
        for described in call.descriptions:
            if described.deviations:
                what = f"{described.role}: {'; '.join(described.deviations[:4])}"
                yield Found(what, (described.place,), number)


@rule(
    "rtpmap-missing", "note", "Payload types without rtpmap",
    why="A minimised SDP saves octets; who does not know the sender cannot know codec and clock of these types, and "
    "tools show no jitter and play nothing.",
    fix="Nothing, between endpoints that know one another; else let the sender add a=rtpmap.",
)  # fmt: skip
def rtpmap_missing(facts: Facts) -> Iterator[Found]:
    for number, call in enumerate(facts.calls):
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
    answer_missing, codec_not_common, direction_wrong, media_lines_differ, media_refused, call_held, rtpmap_missing,
    sdp_odd,
)  # fmt: skip
