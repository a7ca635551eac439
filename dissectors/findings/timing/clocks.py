"""Rules about the clock of a sender: drift, steps, jumps, another clock than announced, and time that is not real."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dissectors.findings.agreements import rtp_lines
from dissectors.findings.kinds import by_ssrc, video
from dissectors.findings.media.media import lasting
from dissectors.findings.media.sources import spanning
from dissectors.findings.moments import into, largest, mark, marks
from dissectors.findings.negotiation.holding import held
from dissectors.findings.rule import Facts, Found, counted, name_of, rule
from dissectors.findings.timing.rates import in_real_time, rate_off
from dissectors.report import Certainty, Mark, MarkKind, Severity, Stream

DRIFT_PPM = 150.0
MIN_STEP_MS, HEARD_STEP_MS = 20.0, 50.0
"""A step of a sender's clock from which on it is told, and beyond which jitter buffers do not hide it."""

START_SECONDS, KEY_SECONDS = 3.0, 0.5
MIN_SILENCE = 0.02
PAUSE_MS = 1000.0
TOLD_JUMPS = 16
LONG_JUMP_SECONDS = 600.0
CLOCKS = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 90000)
MILLISECONDS = 1000
MAX_RATE_ERROR, MIN_RATE_OFF = 0.01, 0.02
"""How near a rate must be to a clock to be that one's, and how far from another to differ."""

FRAMES_MS = (20, 30)
MORE_FRAMES_MS = (10, 20, 30, 40, 60)
"""Milliseconds of a frame that speak for a clock; more of them where the capture is known to be in real time."""


@rule(
    "clock-drift", "note", "The sender's clock runs fast or slow",
    scope="stream",
    why="The receiver's buffer slowly fills or empties: now and then it must skip or repeat a frame.",
    fix="Below about 200 ppm, good receivers correct it and nobody hears it. Above that, look for a sound card with "
    "a wrong rate.",
)
def clock_drift(facts: Facts) -> Iterator[Found]:
    for number, stream in facts.striking:
        timing = stream.timing
        if timing is None or timing.drift_ppm is None or timing.error_ppm is None or video(stream):
            continue
        if abs(timing.drift_ppm) >= max(DRIFT_PPM, 4 * timing.error_ppm) and not timing.silence:
            what = f"{name_of(stream)}: {timing.drift_ppm:+.0f} ppm (± {timing.error_ppm:.0f}) against the capture"
            yield Found(what, (stream.last_place,), stream.call, number, certainty="high")


@rule(
    "clock-step", "warning", "The sender's clock stepped against the time that passed",
    scope="stream",
    why="The sender paused or skipped, and its timestamps do not show it (or the path became longer or shorter at "
    "once): from then on everything comes later or earlier. A jitter buffer must adapt, which people hear as a gap "
    "or a click; sound and picture come apart.",
    fix="Look at the sender at that moment: a busy processor, a change of the sound source, a sound card that was "
    "opened again. If several senders step at once, it was the network or the capture.",
)
def clock_step(facts: Facts) -> Iterator[Found]:
    for number, stream in _marked(facts, "step"):
        steps = [each for each in marks(stream, "step") if _counts(stream, each) and not _on_hold(facts, stream, each)]
        worst = largest(steps)
        if worst is None or worst.milliseconds is None or video(stream):
            continue
        if stream.timing and stream.timing.real_time is False:
            continue
        # Where a stream begins, much still has to settle.
        heard = abs(worst.milliseconds) > HEARD_STEP_MS and worst.time - stream.first > START_SECONDS
        # A sender that stops while nobody speaks may begin anew a little off: nobody hears that.
        heard = heard and not (stream.timing and (stream.timing.silence or 0.0) > MIN_SILENCE)
        severity: Severity = "warning" if heard else "note"
        way = "later" if worst.milliseconds > 0 else "earlier"
        what = (
            f"{name_of(stream)}: a step of {abs(worst.milliseconds):,.0f} ms, {into(stream, worst.time)}: from there "
            f"on packets come {way} than their timestamps say"
        )
        if len(steps) > 1:
            what += f"; it is the largest of {len(steps)}"
        places = [worst.place, *(each.place for each in steps if each is not worst)]
        yield Found(what, places, stream.call, number, "high", severity, worst.time)


def _counts(stream: Stream, step: Mark) -> bool:
    """Whether a step is one that may be heard; not where a pause that timestamps show, or a pressed key, hides it."""
    long = abs(step.milliseconds or 0.0)
    main = stream.payloads[0].payload_type if stream.payloads else None
    beside = (each for each in stream.payload_types if each.payload_type != main)
    if any(each.first - KEY_SECONDS <= step.time <= each.last + KEY_SECONDS for each in beside):
        return False
    pause = next((each for each in marks(stream, "pause") if each.place == step.place), None)
    return long >= MIN_STEP_MS and (pause is None or long > (pause.milliseconds or 0.0) / 2)


def _marked(facts: Facts, kind: MarkKind) -> Sequence[tuple[int, Stream]]:
    """The streams that have a moment of this kind, with their positions."""
    return facts.once(_by_kind).get(kind, ())


def _by_kind(facts: Facts) -> dict[str, list[tuple[int, Stream]]]:
    found: dict[str, list[tuple[int, Stream]]] = {}
    for number, stream in facts.striking:
        for kind in {each.kind for each in stream.marks} if stream.marks else ():
            found.setdefault(kind, []).append((number, stream))
    return found


def _on_hold(facts: Facts, stream: Stream, step: Mark) -> bool:
    """Whether a step is the pause of a call that was held: many senders stop their clock for it."""
    long = abs(step.milliseconds or 0.0)
    return long >= PAUSE_MS and held(facts, stream, step.time - long / 1000, step.time)


@rule(
    "timestamp-jump", "note", "Timestamps jump",
    scope="stream",
    why="No clock explains this step: the sender changed its source of sound, or started again without saying so. "
    "Many receivers wait for the time in between, or drop what seems old: people hear nothing for a while.",
    fix="This is normal after hold or a transfer. If there was none, look at the sender: when it changes its source, "
    "it should take a new SSRC, or continue its timestamps.",
)
def timestamp_jump(facts: Facts) -> Iterator[Found]:
    several = spanning(facts)
    for number, stream in _marked(facts, "jump"):
        # What is sent again has the timestamps of what was sent first, whenever that was.
        if stream.repairs is not None:
            continue
        jumps = marks(stream, "jump")
        if number not in several and mark(stream, "alternation") is None:
            what = f"{name_of(stream)}: timestamps jump {_jumps(stream)}"
            yield Found(what, [each.place for each in jumps[:TOLD_JUMPS]], stream.call, number, time=jumps[0].time)


def _jumps(stream: Stream) -> str:
    """How often timestamps jump, where first, how far, and which way."""
    jumps = marks(stream, "jump")
    # Where fewer are told than there is room for, the others went with their numbers: they came out of order.
    times = stream.timing.jumps if stream.timing and len(jumps) == TOLD_JUMPS else len(jumps)
    first = jumps[0]
    way = "back" if first.units < 0 else "ahead"
    far = "" if first.milliseconds is None else f" ({_length(abs(first.milliseconds) / 1000)})"
    told = f"{way} by {abs(first.units):,}{far}, {into(stream, first.time)}"
    if times > 1:
        told = f"{counted(times, 'time')}, first {told}"
    zeros = sum(each.timestamp == 0 for each in jumps)
    if zeros:
        least = "at least " if times > len(jumps) else ""
        told += f"; {least}{counted(zeros, 'packet')} with timestamp 0 among others"
    return told


def _length(seconds: float) -> str:
    """`0.5 s`, `5 min 12 s`, `12 h 25 min`."""
    return f"{seconds:,.3g} s" if seconds < LONG_JUMP_SECONDS else lasting(seconds)


@rule(
    "ssrc-two-sources", "warning", "Two sources send under one SSRC",
    scope="stream",
    why="Two streams come as one, each with its own clock: timestamps jump between the two. A receiver takes every "
    "second part for old, or for far ahead: people see the picture freeze, or hear chopped sound.",
    fix="Give each source an SSRC of its own (RFC 3550 section 8), also the layers of simulcast and the streams that "
    "a mixer or a relay joins.",
)
def ssrc_two_sources(facts: Facts) -> Iterator[Found]:
    if facts.once(by_ssrc):
        from dissectors.findings.media.namesakes import two_ends

        yield from two_ends(facts)
    for number, stream in _marked(facts, "alternation"):
        found = mark(stream, "alternation")
        if found is not None:
            what = f"{name_of(stream)}: timestamps go to and fro between two clocks, {counted(found.units, 'time')}"
            yield Found(what, (found.place,), stream.call, number, certainty="high", time=found.time)


@rule(
    "clock-differs", "warning", "Timestamps do not run at the announced clock",
    scope="stream",
    why="The receiver plays at the wrong speed, or its jitter buffer runs empty or full all the time. What pauses, or "
    "sends pictures at a varying rate, is not told, nor what is captured faster or slower than it was sent.",
    fix="Look at the clock in a=rtpmap: G.722 must say 8000 and Opus 48000, whatever rate the sound is sampled at. If "
    "it is off by a few per cent, look at the source: a sound card at another rate, or a camera that makes fewer "
    "pictures than its timestamps count. If it is far off, the sender may count in milliseconds, or one packet in two.",
)
def clock_differs(facts: Facts) -> Iterator[Found]:
    for number, stream in facts.striking:
        if stream.timing is None or stream.timing.real_time:
            continue
        place, time = (stream.first_place,), stream.first
        measured = seen_clock(stream, in_real_time(facts, stream))
        if measured and stream.clock and stream.certainty == "certain" and measured != stream.clock:
            what = f"{name_of(stream)}: {stream.codec} at {stream.clock:,} Hz, timestamps advance as {measured:,} Hz do"
            yield Found(what, place, stream.call, number, certainty="high", time=time)
        elif (off := rate_off(facts, stream)) is not None:
            way = "fast" if off.share > 0 else "slow"
            sent = f"{stream.codec or 'media'} at {off.clock:,} Hz, timestamps advance {off.rate:,.0f} a second"
            what = f"{name_of(stream)}: {sent}, {abs(off.share):.1%} too {way}"
            what += ", as milliseconds do" if abs(off.rate / MILLISECONDS - 1) < MAX_RATE_ERROR else ""
            what += "" if stream.certainty == "certain" else ", against the clock of the other direction"
            sure: Certainty = "high" if stream.certainty == "certain" else "medium"
            yield Found(what, place, stream.call, number, certainty=sure, time=time)


def seen_clock(stream: Stream, real: bool) -> int | None:
    """Another clock at which this stream would run in real time, or None.

    It must have 20 or 30 ms in a datagram then; or another usual frame, where the capture is known to be in real time.
    """
    timing = stream.timing
    if timing is None or timing.rate is None or not timing.frame or timing.real_time is True or not stream.clock:
        return None
    if abs(timing.rate / stream.clock - 1) < MIN_RATE_OFF or (timing.silence and timing.rate < stream.clock):
        return None
    near = [clock for clock in CLOCKS if abs(timing.rate / clock - 1) < MAX_RATE_ERROR]
    usual = MORE_FRAMES_MS if real else FRAMES_MS
    return near[0] if near and round(1000 * timing.frame / near[0], 1) in usual else None


@rule(
    "time-not-real", "note", "Media was captured faster than it is played",
    scope="stream",
    why="Somebody replayed or made this capture at another speed: jitter, gaps and drift in it mean nothing.",
    fix="Judge loss and order only, or capture in real time.",
)
def time_not_real(facts: Facts) -> Iterator[Found]:
    for number, stream in facts.striking:
        if stream.timing is None or stream.timing.real_time is not False or in_real_time(facts, stream):
            continue
        if _changed_meaning(facts, stream):
            continue
        if seen_clock(stream, real=False) is None:
            sure: Certainty = "certain" if stream.clock else "medium"
            what = f"{name_of(stream)}: {stream.timing.evidence}"
            yield Found(what, (stream.first_place,), stream.call, number, certainty=sure, time=stream.first)


def _changed_meaning(facts: Facts, stream: Stream) -> bool:
    """Whether the main payload type of a stream was given another clock in the call: no one rate is right for both."""
    if stream.call is None or not stream.payloads:
        return False
    main = str(stream.payloads[0].payload_type)
    clocks = {
        each.clock for described in facts.calls[stream.call].descriptions for line in rtp_lines(described)
        if line.kind == stream.kind for each in line.formats if each.payload_type == main and each.codec
    }
    return len(clocks) > 1


RULES = (clock_differs, clock_step, clock_drift, ssrc_two_sources, timestamp_jump, time_not_real)
