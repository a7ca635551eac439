"""Rules about what the streams carry: payload types, codecs, clocks, pauses, digits, redundancy."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.findings.kinds import video
from dissectors.findings.moments import into
from dissectors.findings.rule import Facts, Found, counted, name_of, rule
from dissectors.findings.transactions import transactions
from dissectors.mux.counters import MAX_EVENTS
from dissectors.protocols import dtmf
from dissectors.report import Message

MIN_RTP_PACKETS = 10
BESIDE = {"telephone-event", "cn", "red", "ulpfec", "flexfec-03", "rtx", "parityfec"}
REDUNDANT = {"red": "redundant audio (RFC 2198)", "ulpfec": "parity FEC (RFC 5109)", "parityfec": "parity FEC",
             "flexfec-03": "flexible FEC (RFC 8627)", "rtx": "retransmissions (RFC 4588)"}
COMFORT_NOISE = 13
COLLIDING = range(64, 96)


@rule(
    "payload-type-changed", "note", "The codec changed within a stream",
    scope="stream",
    why="Both codecs were agreed, so this is allowed. Receivers that reset may lose a moment of sound.",
    fix="This is normal if a sender adapts to the network, or after a transfer. If neither is the case, look at the "
    "sender.",
)
def payload_type_changed(facts: Facts) -> Iterator[Found]:
    for number, stream in facts.striking:
        if len(stream.payloads) < 2:
            continue
        main = {
            p.payload_type for p in stream.payloads
            if p.packets >= MIN_RTP_PACKETS and not beside(p.payload_type, p.codec, p.largest)
        }
        changed = list(dict.fromkeys(p.payload_type for p in stream.payload_types if p.payload_type in main))
        if len(changed) > 1 and stream.kind != "video":
            what = f"{name_of(stream)}: payload types {' then '.join(map(str, changed))}"
            began = {each: next(p for p in stream.payload_types if p.payload_type == each) for each in changed}
            second = began[changed[1]]
            what += f", {into(stream, second.first)}"
            places = [each.place for each in list(began.values())[1:] if each.place]
            yield Found(what, places, stream.call, number, time=second.first)


def beside(payload_type: int, codec: str | None, largest: int) -> bool:
    """Whether a payload type stands beside the codec: events, comfort noise, redundancy."""
    return payload_type == COMFORT_NOISE or largest <= 4 or (codec or "").lower() in BESIDE


@rule(
    "payload-type-collides", "warning", "A payload type that looks like RTCP on a shared port",
    scope="stream",
    why="With the marker bit set, types 64 to 95 look like RTCP if both share a port (RFC 5761 section 4).",
    fix="Let the offer use types from 96 to 127, or 0 to 63.",
)
def payload_type_collides(facts: Facts) -> Iterator[Found]:
    for number, stream in facts.striking:
        for each in stream.payloads:
            if each.payload_type in COLLIDING and each.packets >= MIN_RTP_PACKETS:
                what = f"{name_of(stream)}: payload type {each.payload_type}"
                began = next((p for p in stream.payload_types if p.payload_type == each.payload_type), None)
                place = began.place if began and began.place else stream.first_place
                yield Found(what, (place,), stream.call, number, time=began.first if began else None)


@rule(
    "codec-guessed", "note", "The codec is a guess",
    scope="stream",
    why="The SDP has no rtpmap for this payload type, so the codec is a guess and not a fact.",
    fix="Compare with what the endpoint's documentation says of the payload type.",
)
def codec_guessed(facts: Facts) -> Iterator[Found]:
    for number, stream in facts.striking:
        guessed = stream.certainty in ("high", "medium", "low") and (stream.codec or "").lower() not in BESIDE
        if stream.codec is not None and guessed:
            main = stream.payloads[0].payload_type if stream.payloads else "?"
            what = f"{name_of(stream)}: payload type {main} is taken for {stream.codec} ({stream.source})"
            yield Found(what, (stream.first_place,), stream.call, number, certainty=stream.certainty)


@rule(
    "silence-suppressed", "note", "The sender pauses while nobody speaks",
    scope="stream",
    why="Timestamps continue and sequence numbers do not: this is silence suppression (DTX), not loss.",
    fix="Nothing. If people complain about chopped words, switch it off at the sender.",
)
def silence_suppressed(facts: Facts) -> Iterator[Found]:
    for number, stream in facts.striking:
        silence = stream.timing.silence if stream.timing else None
        if silence and silence > 0.05:
            what = f"{name_of(stream)}: silent for {silence:.0%} of the time"
            rhythm = stream.timing.rhythm_ms if stream.timing else None
            what += f", with comfort noise each {rhythm:.0f} ms" if rhythm else ""
            yield Found(what, (stream.first_place,), stream.call, number)


@rule(
    "digits-sent", "note", "Keys were pressed",
    scope="stream",
    why="Digits travel as telephone events (RFC 4733), or by INFO in the signalling. They may be a PIN, and "
    "everybody on the path can read them here.",
    fix="Nothing. If a menu does not react, compare these with what it understood.",
)
def digits_sent(facts: Facts) -> Iterator[Found]:
    for number, stream in facts.striking:
        if stream.digits:
            first = f"the first {MAX_EVENTS} are " if len(stream.digits) == MAX_EVENTS else ""
            what = f"{name_of(stream)}: {first}{' '.join(each.digit for each in stream.digits)}"
            key = stream.digits[0]
            places = [each.place for each in stream.digits if each.place]
            yield Found(what, places, stream.call, number, certainty=key.certainty, time=key.time)
    for number, _ in facts.having("INFO"):
        yield from _by_info(facts, number)


def _by_info(facts: Facts, number: int) -> Iterator[Found]:
    """The keys that each side sent by INFO, once however often and over however many hops."""
    sent: dict[tuple[str, str], list[tuple[str, Message]]] = {}
    for each in transactions(facts)[number]:
        body = each.requests[0].body if each.method == "INFO" else None
        pressed = dtmf.keys(body.content_type, body.text) if body else ()
        kind = (body.content_type or "").partition(";")[0].strip().lower() if body else ""
        sent.setdefault((each.side, kind), []).extend((key, each.requests[0]) for key in pressed)
    for (side, kind), keys in sent.items():
        if keys:
            first = f"the first {MAX_EVENTS} are " if len(keys) > MAX_EVENTS else ""
            told = " ".join(key for key, _ in keys[:MAX_EVENTS])
            yield Found(f"the {side} sent by INFO ({kind}): {first}{told}", [each.place for _, each in keys], number)


@rule(
    "redundancy-sent", "note", "The stream carries redundancy",
    scope="stream",
    why="Redundancy or parity hides loss from the listener: what is lost here may still be heard.",
    fix="Nothing; keep it in mind when you compare loss and quality.",
)
def redundancy_sent(facts: Facts) -> Iterator[Found]:
    for number, stream in facts.striking:
        for each in stream.payloads:
            kind = REDUNDANT.get((each.codec or "").lower())
            if kind and video(stream) and (each.codec or "").lower() == "red":
                kind = "pictures, or of parity FEC for them, in RED (RFC 2198)"
            if kind:
                what = f"{name_of(stream)}: {counted(each.packets, 'packet')} of {kind}"
                yield Found(what, (stream.first_place,), stream.call, number)


RULES = (
    payload_type_collides, payload_type_changed,
    codec_guessed, silence_suppressed, digits_sent, redundancy_sent,
)
