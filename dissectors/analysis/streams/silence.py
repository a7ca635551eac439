"""For what share of the time a sender fell silent: comfort noise (RFC 3389), DTX of speech codecs, or nothing at all.

Timestamps go on in silence and sequence numbers do not. But so do they with longer frames, and where a timestamp jumps:
neither is silence. A sender with DTX sends a frame of comfort noise now and then (AMR each 160 ms, Opus each 400 ms):
such a frame, and the time behind it, are silent.

Nobody falls silent for a frame or two. Where these are missing and no number is, they were lost before something that
numbered the rest anew, or its sender left them out.
"""

from __future__ import annotations

from dissectors.mux.counters import MIN_RHYTHM, Counters
from dissectors.mux.marks import Rhythm, with_rhythm
from dissectors.wire.values import Struct

LONGEST_FRAME_SECONDS = 0.12
"""What is farther apart than any frame is long (Opus, 120 ms) was not sent one behind the other."""

DTX_FRAME_SECONDS = 0.02
NOISE_OCTETS = {"amr": 7, "amr-wb": 7, "evs": 8, "g729": 2, "opus": 3, "silk": 9}
"""Codecs with DTX, and how long a payload of theirs is at most that holds comfort noise or nothing."""

AUTHENTICATION_OCTETS = 16
"""What SRTP adds at most to a payload."""

COMFORT_NOISE = (13, 19)
MIN_REGULAR, MIN_NOISE_SHARE = 10, 0.1
"""So many datagrams equally far apart, and half of those that are far apart, are a rhythm of comfort noise; where they
are such a share of all, they may be anything."""

OPUS_DTX = (19200, 48000)
"""How far apart Opus sends frames while nobody speaks, and its clock: nobody else does so."""

MIN_FRAME_SHARE = 0.5

MOST_MISSING, MAX_PAUSES_SHARE = 2, 0.25
"""So many frames at most are missing at once that are no silence; and so few times more are, as a share of these."""


class Silence(Struct, frozen=True):
    """The share of time in which the sender was silent, and in which rhythm, in milliseconds, it sent comfort noise.

    `missing` counts the frames that are missing one or two at a time, although no number is.
    """

    share: float
    rhythm_ms: float | None
    missing: int = 0


NO_SILENCE = Silence(0.0, None)
"""Of a stream whose frames come one behind the other."""


def silence(counters: Counters, clock: int, codec: str | None, encrypted: bool, excused: float) -> Silence | None:
    """What timestamps and numbers say of silence; None where they say nothing.

    In `excused` seconds the sender paused for another reason. Jumps of which only some are known leave nothing to say.
    """
    if counters.jumps > len(counters.leaps):
        return None
    longest = LONGEST_FRAME_SECONDS * clock
    if _has_one_step(counters, longest):
        return NO_SILENCE
    steps, others = _without_jumps(counters)
    usual = max([(count, -step) for step, count in steps.items() if 0 < step <= longest], default=None)
    frame = -usual[1] if usual else 0
    if usual is None or _is_noise_only(usual[0], steps, codec):
        frame = round(DTX_FRAME_SECONDS * clock) if _has_dtx(codec) else 0
    whole = sum([step * count for step, count in steps.items() if step > 0]) + max(0, others[1])
    framed = sum([count for step, count in steps.items() if step > 0 and frame and not step % frame])
    if not frame or not whole or framed < MIN_FRAME_SHARE * (sum(steps.values()) + others[0]):
        return None
    longer = _not_frames(counters, steps, frame, longest)
    silent = sum([(step - frame) * count for step, count in longer.items()]) + max(0, others[1] - frame * others[0])
    step, count = max(longer.items(), key=lambda each: each[1], default=(0, 0))
    regular = step if count >= MIN_REGULAR and 2 * count >= sum(longer.values()) + others[0] else 0
    noise = _sends_noise(counters, codec, encrypted) or (regular, clock) == OPUS_DTX
    if regular and not noise and codec is None and count >= MIN_NOISE_SHARE * framed:
        return None  # Who knows what an unknown codec sends at such a pace.
    if noise:
        silent += frame * sum(longer.values())
    missing = 0 if noise else _missing(counters, longer, others[0], frame)
    share = max(0.0, silent - frame * missing - excused * clock) / whole
    return Silence(min(1.0, share), 1000 * regular / clock if regular and noise else None, missing)


def _has_one_step(counters: Counters, longest: float) -> bool:
    """Whether all frames are of one length, as those of a sender that never falls silent."""
    if counters.jumps or counters.other_steps:
        return False
    steps = counters.steps
    return len(steps) == 1 and all([0 < step <= longest for step in steps])


def _without_jumps(counters: Counters) -> tuple[dict[int, int], tuple[int, int]]:
    """The steps without those of jumps; and how many others there are, and how far they go together."""
    steps, others, ticks = counters.steps, counters.other_steps, counters.other_ticks
    for leap in counters.leaps:
        if leap.numbers == 1 and leap.step in steps:
            steps = {**steps, leap.step: steps[leap.step] - 1}
        elif leap.numbers == 1:
            others, ticks = others - 1, ticks - leap.step
    return steps, (max(0, others), ticks)


def rhythms(counters: Counters) -> tuple[Rhythm, ...]:
    """In which steps timestamps went on, also the last one, which has not ended."""
    step = counters.beat_step
    count = 0 if step is None else counters.steps[step] - counters.beat_from
    if step is None or count < MIN_RHYTHM:
        return counters.rhythms
    return with_rhythm(counters.rhythms, Rhythm(step, counters.beat_time, counters.last, count, counters.beat_frame))


def _not_frames(counters: Counters, steps: dict[int, int], frame: int, longest: float) -> dict[int, int]:
    """The steps that are longer than a frame, without those that were longer frames for a while."""
    longer = {step: count for step, count in steps.items() if step > frame and count > 0}
    for rhythm in counters.rhythms and rhythms(counters):
        if rhythm.step in longer and rhythm.step <= longest:
            longer[rhythm.step] = max(0, longer[rhythm.step] - rhythm.times)
    return longer


def _missing(counters: Counters, longer: dict[int, int], others: int, frame: int) -> int:
    """The frames that are missing few at a time, where each payload is of one length and so of one frame."""
    if len(counters.sizes) != 1 or counters.jumps or counters.restarts or counters.pictures is not None:
        return 0
    ((_, _, smallest, largest),) = counters.sizes.values()
    few = {step: count for step, count in longer.items() if not step % frame and step // frame <= 1 + MOST_MISSING}
    times = sum(few.values())
    if smallest != largest or sum(longer.values()) + others - times > MAX_PAUSES_SHARE * times:
        return 0
    return sum([(step // frame - 1) * count for step, count in few.items()])


def _has_dtx(codec: str | None) -> bool:
    return (codec or "").lower() in NOISE_OCTETS


def _is_noise_only(count: int, steps: dict[int, int], codec: str | None) -> bool:
    """Whether the most frequent frame is hardly ever sent: a sender that is muted from the beginning."""
    return _has_dtx(codec) and count < 3 and sum(steps.values()) > MIN_REGULAR


def _sends_noise(counters: Counters, codec: str | None, encrypted: bool) -> bool:
    """Whether frames of comfort noise are sent: by their payload type, or by the least payload of a codec with DTX."""
    if any(payload_type in COMFORT_NOISE for payload_type in counters.sizes):
        return True
    most = NOISE_OCTETS.get((codec or "").lower(), -1) + (AUTHENTICATION_OCTETS if encrypted else 0)
    return any(
        smallest <= most and (largest > 2 * smallest or largest <= most) and _has_dtx(codec)
        for _, _, smallest, largest in counters.sizes.values()
    )
