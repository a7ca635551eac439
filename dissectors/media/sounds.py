"""How the payload types of a stream sound: by SDP, by RFC 3551, or by what somebody said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dissectors.analysis.calls.media_lines import OTHER_SIDE
from dissectors.media.codecs import DECODED, refusal
from dissectors.media.decoders import LACKING, available
from dissectors.media.pcm import CODECS, Sound
from dissectors.protocols.payload_types import STATIC
from dissectors.report import Format, Payload, Report, Stream

SILENT = {"CN", "TELEPHONE-EVENT"}
"""Payload types beside a codec that have no samples of their own."""

RATES = range(1000, 384_001)
"""Samples a second that sound may have, whatever SDP says."""

TAG_OCTETS = (4, 10, 14, 16, 20)
"""What SRTP adds to a payload: its tag, with an MKI of four octets or without."""

Named = Mapping[int, Sound]
"""What somebody said of payload types, by their number."""


def sounds_of(report: Report, stream: Stream, named: Named) -> tuple[dict[int, Sound], tuple[str, ...]]:
    """How each payload type of a stream sounds, and what of it is not decoded."""
    sounds: dict[int, Sound] = {}
    lacking: list[str] = []
    for payload in stream.payloads:
        codec = (payload.codec or "").upper()
        sound = sound_of(report, stream, payload, named)
        if sound is None:
            if codec not in SILENT:
                lacking.append(payload.codec or f"payload type {payload.payload_type}, whose codec nobody says")
        elif reason := _reason(sound):
            lacking.append(reason)
        else:
            sounds[payload.payload_type] = sound
    return sounds, tuple(lacking)


def sound_of(report: Report, stream: Stream, payload: Payload, named: Named) -> Sound | None:
    """How a payload type sounds, decoded or not; None where its codec is not known here."""
    number, codec = payload.payload_type, (payload.codec or "").upper()
    if number in named:
        return named[number]
    if codec in CODECS:
        return Sound(codec, _rate(stream, number), _channels(stream, codec, payload.largest))
    if codec not in DECODED:
        return None
    known, said = DECODED[codec], described(report, stream, number)
    clock = known.clock or said and said.clock or _rate(stream, number)
    return Sound(
        codec, known.rate or clock, said and said.channels or 1, clock, said.parameters if said else None,
    )


def _reason(sound: Sound) -> str | None:
    """Why a sound is not decoded; None where it is."""
    if sound.rate not in RATES:
        return f"{sound.codec} with {sound.rate:,} samples a second"
    if sound.codec in CODECS:
        return None
    if sound.codec not in DECODED:
        return sound.codec
    return refusal(sound) or (None if available() else f"{sound.codec} {LACKING}")


def described(report: Report, stream: Stream, payload_type: int) -> Format | None:
    """What SDP says of a payload type of a stream: the receiver before the sender, the last word before it began."""
    if stream.call is None:
        return None
    receiver, kinds = OTHER_SIDE.get(stream.sender or ""), (stream.kind, "audio", "video", "text")
    found = [
        (each.side == receiver, each.time <= stream.first + 1, number, form)
        for number, each in enumerate(report.calls[stream.call].descriptions)
        for line in each.media for form in line.formats
        if form.payload_type == str(payload_type) and form.codec and line.kind in kinds
    ]
    return max(found, key=lambda each: each[:3])[3] if found else None


def sealed(stream: Stream, sounds: Mapping[int, Sound]) -> bool:
    """Whether payloads have beyond their samples what SRTP adds to them."""
    frame = stream.timing.frame if stream.timing else None
    return bool(frame) and any(spare in TAG_OCTETS for spare in _spare(stream, sounds, frame or 0))


def _spare(stream: Stream, sounds: Mapping[int, Sound], frame: int) -> Iterator[int]:
    """How many octets the payloads of a type have beyond their frames, where all are of one length."""
    for payload in stream.payloads:
        sound = sounds.get(payload.payload_type)
        if sound is not None and sound.codec in CODECS and payload.smallest == payload.largest:
            yield payload.largest - frame * CODECS[sound.codec].octets * sound.channels


def _rate(stream: Stream, payload_type: int) -> int:
    static = STATIC.get(payload_type)
    return static.clock if static is not None else stream.clock or 8000


def _channels(stream: Stream, codec: str, octets: int) -> int:
    """How many channels there are, by the length of a payload and the step of the timestamps."""
    frame = stream.timing.frame if stream.timing else None
    return max(1, min(8, octets // (frame * CODECS[codec].octets))) if frame else 1
