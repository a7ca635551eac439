"""Rules about media before and after a call, of no call, and with pauses."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.findings.kinds import video
from dissectors.findings.media.holes import missed_by_capture
from dissectors.findings.media.pauses import pauses
from dissectors.findings.media.sources import spanning
from dissectors.findings.media_traits import EARLY, OUTLIVING
from dissectors.findings.moments import into, largest, marks
from dissectors.findings.negotiation.fax import faxed
from dissectors.findings.negotiation.holding import held
from dissectors.findings.outlines import CallOutline, HeardEarly
from dissectors.findings.rule import Facts, Found, call_outlines, counted, is_talk, name_of, outlines, rule
from dissectors.findings.traits import DESCRIBED
from dissectors.report import Call, Mark, Severity, Stream

MIN_RTP_PACKETS = 20
AFTER_END_SECONDS = 1.0
EARLY_MEDIA_SECONDS = 0.1
PAUSE_MS = 1000.0
"""What is shorter than these is not worth a finding."""

SETTLED_SECONDS = 1.0
"""What comes before an answer, and so long behind it, may come in pieces."""

MAX_CLOCK_OFF = 0.2
"""By what share of a pause timestamps may be off the time that passed."""

MAX_RHYTHMS = 4
"""A pause is no silence where it is so many times as long as comfort noise takes to come."""


@rule(
    "media-after-bye", "note", "Media went on after the call had ended",
    why="A side that keeps sending did not notice the BYE; it wastes bandwidth, and may disturb the next call.",
    fix="See whether it got the BYE and answered it.",
)
def media_after_bye(facts: Facts) -> Iterator[Found]:
    several = spanning(facts)
    for number, call in facts.talks(OUTLIVING):
        for position in call.streams if call.ended is not None else ():
            stream = facts.streams[position]
            if stream.last - (call.ended or 0.0) > AFTER_END_SECONDS and position not in several:
                what = f"{name_of(stream)}: {stream.last - (call.ended or 0.0):.1f} s after the BYE"
                yield Found(what, (stream.last_place,), number)


@rule(
    "early-media", "note", "Media flowed before the call was answered",
    scope="stream",
    why="Announcements and ring tones of the network come before the 200 OK; nobody is charged for them.",
    fix="Nothing. If callers do not hear it, see whether the 183 carried SDP and whether a firewall lets the media "
    "in.",
)
def early_media(facts: Facts) -> Iterator[Found]:
    streams = outlines(facts)
    for number in facts.numbers(EARLY):
        call = _heard(facts, number)
        if call is None:
            continue
        for position in call.streams:
            stream = streams[position]
            early = (call.answered or 0.0) - stream.first
            if early > EARLY_MEDIA_SECONDS and stream.first > call.start:
                what = f"{name_of(stream)}: {early:.1f} s before the answer"
                yield Found(what, (stream.first_place,), number, position)


def _heard(facts: Facts, number: int) -> Call | HeardEarly | None:
    """What is asked of a call, if it was answered."""
    outline = call_outlines(facts)[number]
    if isinstance(outline, CallOutline):
        return outline.heard
    return outline if is_talk(outline) else None


def lasting(seconds: float) -> str:
    """`12.5 s`, `21 min 42 s`, `3 h 5 min`."""
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


@rule(
    "media-gap", "warning", "A stream paused",
    scope="stream", absence="moment",
    why="Nothing came for so long: a part of the conversation is missing, or the sender was held or suspended. If "
    "sequence numbers and timestamps went on, the sender kept sending, and its packets were lost or not captured. If "
    "nothing else came at that time, it is a note: the capture paused, or was cut. So it is where a picture stood "
    "still: no number is missing, and timestamps went on with the time.",
    fix="Look at what else happened at that time: loss in the other direction, a re-INVITE, a network that changed, a "
    "capture that was interrupted or filtered.",
)
def media_gap(facts: Facts) -> Iterator[Found]:
    several = spanning(facts)
    severity: Severity
    for number, stream in facts.striking:
        for gap in stream.gaps:
            what = (
                f"{name_of(stream)}: nothing for {lasting(gap.seconds)} while its numbers and timestamps went on: "
                f"about {counted(gap.missing, 'datagram')} are not in the capture"
            )
            alone = (number, gap.start) not in missed_by_capture(facts)
            what += "" if alone else ", nor is anything else of that time"
            place = (gap.place or stream.last_place,)
            severity = "warning" if alone else "note"
            yield Found(what, place, stream.call, number, severity=severity, time=gap.start + gap.seconds)
        # What sends again comes when something was lost.
        if stream.repairs is not None:
            continue
        if stream.gaps or stream.largest_gap_ms < PAUSE_MS or stream.packets < 2 * MIN_RTP_PACKETS:
            continue
        if stream.restarts or number in several or (stream.call is not None and faxed(facts.calls[stream.call])):
            continue
        answered = None if stream.call is None else facts.calls[stream.call].answered
        later = (answered or 0.0) + SETTLED_SECONDS
        at = largest(each for each in marks(stream, "pause") if each.time > later and not _on_hold(facts, stream, each))
        if at is not None and at.milliseconds is not None and not _is_silence(stream, at.milliseconds):
            what = f"{name_of(stream)}: nothing for {at.milliseconds / 1000:.1f} s until {into(stream, at.time)}"
            alone = (number, at.time - at.milliseconds / 1000) not in missed_by_capture(facts)
            still = alone and _stood_still(stream, at)
            what += "" if alone else ", nor is anything else of that time in the capture"
            what += "; nothing is missing, and timestamps kept the time: the camera was off, or saw no change" * still
            severity = "warning" if alone and not still else "note"
            yield Found(what, (at.place,), stream.call, number, severity=severity, time=at.time)


def _on_hold(facts: Facts, stream: Stream, pause: Mark) -> bool:
    return held(facts, stream, pause.time - (pause.milliseconds or 0.0) / 1000, pause.time)


def _stood_still(stream: Stream, pause: Mark) -> bool:
    """Whether a sender had no picture to send in a pause: no number is missing, and its clock went on."""
    lost = any(each.place == pause.place for each in marks(stream, "loss"))
    passed = 1000 * pause.units / stream.clock if stream.clock else 0.0
    return video(stream) and not lost and abs(passed / (pause.milliseconds or 1.0) - 1) <= MAX_CLOCK_OFF


def _is_silence(stream: Stream, milliseconds: float) -> bool:
    """Whether a stream pauses while nobody speaks; not where comfort noise comes more often than that."""
    rhythm = stream.timing.rhythm_ms if stream.timing else None
    return pauses(stream) and not (rhythm and milliseconds > MAX_RHYTHMS * rhythm)


@rule(
    "stream-unsignalled", "note", "No call in the capture announced this stream",
    scope="stream",
    why="No SIP message that can be read negotiated it.",
    fix="Its signalling is encrypted, went another way, or came before the capture began.",
)
def stream_unsignalled(facts: Facts) -> Iterator[Found]:
    alone = [(number, stream) for number, stream in facts.striking if stream.call is None]
    described = alone and any(call.descriptions for _, call in facts.having(DESCRIBED))
    for number, stream in alone if described else ():
        yield Found(f"{name_of(stream)}: no call announced it", (stream.first_place,), stream=number)


RULES = (media_after_bye, media_gap, early_media, stream_unsignalled)
