"""Rules about what is heard; they are asked where streams were decoded (`--audio`)."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.findings.rule import Facts, Found, both_ends, name_of, rule
from dissectors.report import Heard, Stream

MIN_CLIPPED, MIN_CLIPPED_SHARE = 10, 0.01
"""Datagrams with clipped samples, and their share of all, from which people hear it."""

MIN_SECONDS = 5.0
"""What is shorter says little of a microphone."""

QUIET_DB, QUIET_BESIDE_DB, BESIDE_DB = -45.0, -36.0, 20.0
"""Speech is usual at about -26 dBov: so quiet it is by itself, and so quiet where the other side is so much louder."""

MIN_ECHO_WINDOWS, MIN_ECHO_MS = 3, 25.0


def _heard(facts: Facts) -> list[tuple[int, Stream, Heard]]:
    """The streams that were decoded, with their positions."""
    return [(number, stream, stream.heard) for number, stream in facts.striking if stream.heard is not None]


def _other(facts: Facts, stream: Stream) -> Heard | None:
    """What the other side of the call sends at the same time."""
    if stream.call is None:
        return None
    for each in facts.of(facts.calls[stream.call]):
        if each.heard is not None and each.sender != stream.sender and each.first < stream.last > each.first:
            return each.heard
    return None


@rule(
    "audio-clipped", "warning", "Sound is distorted: it is louder than can be sent",
    scope="stream",
    why="Samples are cut off at the loudest value. Speech sounds harsh, and recognition of speech and tones fails.",
    fix="Lower the gain where the sound comes from: the microphone, a gateway's gain, or a mixer that adds two sides.",
)
def audio_clipped(facts: Facts) -> Iterator[Found]:
    for number, stream, heard in facts.once(_heard):
        if heard.clipped >= MIN_CLIPPED and heard.clipped >= MIN_CLIPPED_SHARE * heard.packets and heard.clipped_place:
            what = (
                f"{name_of(stream)}: {heard.clipped:,} of {heard.packets:,} datagrams have samples that are cut off, "
                f"peak {heard.peak:.1f} dBov"
            )
            yield Found(what, (heard.clipped_place,), stream.call, number, time=heard.clipped_time)


@rule(
    "audio-silent", "warning", "A stream holds nothing but silence",
    scope="stream",
    why="Packets come and nothing is heard: a microphone that is muted or not connected, or a gateway that has no "
    "sound of its own to send. The other side of this call does send sound.",
    fix="Ask whether the microphone was muted. If not, look at the audio device, and at the leg behind the gateway.",
)
def audio_silent(facts: Facts) -> Iterator[Found]:
    for number, stream, heard in facts.once(_heard):
        other = _other(facts, stream)
        if (
            heard.level is None and heard.seconds >= MIN_SECONDS and heard.silent > 0.99 * heard.seconds
            and other is not None and other.level is not None and other.active >= 1.0 and not _held(facts, stream)
        ):
            what = f"{name_of(stream)}: {heard.seconds:.1f} s of silence, the loudest sample has {heard.peak:.0f} dBov"
            yield Found(what, both_ends(stream), stream.call, number, time=stream.first)


@rule(
    "audio-quiet", "warning", "Sound is so quiet that it is hard to hear",
    scope="stream",
    why="Speech is usually at about -26 dBov. So much below it, people ask each other to speak up, or turn the volume "
    "up and hear noise.",
    fix="Raise the gain where the sound comes from. If one side alone is quiet, compare its gateway or headset with "
    "others.",
)
def audio_quiet(facts: Facts) -> Iterator[Found]:
    for number, stream, heard in facts.once(_heard):
        if heard.level is None or heard.active < MIN_SECONDS:
            continue
        other = _other(facts, stream)
        louder = None if other is None or other.level is None or other.active < 1.0 else other.level - heard.level
        beside = heard.level < QUIET_BESIDE_DB and louder is not None and louder >= BESIDE_DB
        if heard.level < QUIET_DB or beside:
            rest = f", the other side is {louder:.0f} dB louder" if beside and louder is not None else ""
            what = f"{name_of(stream)}: {heard.active:.1f} s of sound at {heard.level:.1f} dBov{rest}"
            yield Found(what, both_ends(stream), stream.call, number, time=stream.first)


@rule(
    "audio-echo", "warning", "What one side says comes back to it",
    scope="stream",
    why="Who speaks hears himself, later. From about 25 ms on people hear it as an echo, and the later the worse.",
    fix="The echo is made at the side that sends this stream: a loudspeaker beside a microphone, or a two-wire line "
    "behind a gateway without (or with too short) an echo canceller.",
)
def audio_echo(facts: Facts) -> Iterator[Found]:
    for number, stream, heard in facts.once(_heard):
        echo = heard.echo
        if echo is not None and echo.windows >= MIN_ECHO_WINDOWS and echo.delay_ms >= MIN_ECHO_MS:
            what = (
                f"{name_of(stream)}: the other side's sound comes back after {echo.delay_ms:.0f} ms, "
                f"{echo.loss_db:.0f} dB quieter"
            )
            yield Found(what, both_ends(stream), stream.call, number, certainty="high", time=echo.time)


def _held(facts: Facts, stream: Stream) -> bool:
    """Whether the call was on hold: who holds sends nothing, or music."""
    if stream.call is None:
        return False
    lines = [line for described in facts.calls[stream.call].descriptions for line in described.media]
    return any(line.direction in ("inactive", "sendonly", "recvonly") for line in lines if line.kind == "audio")


RULES = (audio_clipped, audio_silent, audio_quiet, audio_echo)
