"""Which streams of a report are seen, and which repair them."""

from __future__ import annotations

from collections.abc import Iterable

from dissectors.media.choice import NoSound, name
from dissectors.media.codecs import words
from dissectors.media.sounds import Named, described
from dissectors.media.video.codecs import VIDEO, Video, video
from dissectors.media.video.nal import announced
from dissectors.report import Report, Stream
from dissectors.wire.values import Struct

MAX_SEEN = 8
"""Tracks of a file."""

REFUSED = {"interleaved": "H264 in interleaved mode (packetization-mode=2)", "reordered": "H265 in another order"}


class Seen(Struct, frozen=True):
    """A stream that is seen: its position, its codec by payload type, the parameter sets of its SDP.

    `repairs` are the positions of the streams that send again what it lost (RFC 4588).
    """

    position: int
    side: str
    codecs: dict[int, Video]
    configuration: bytes
    encrypted: bool
    repairs: tuple[int, ...] = ()


def choose_video(report: Report, call: int | None, ssrc: int | None, named: Named) -> tuple[list[Seen], list[str]]:
    """The streams that are seen, and what people should know; raises NoSound."""
    found: list[Seen] = []
    lacking: list[str] = []
    for position in _candidates(report, call, ssrc):
        seen, refused = _seen(report, position, named)
        lacking += refused
        if seen is not None:
            found.append(seen)
    if not found:
        raise NoSound(f"{', '.join(dict.fromkeys(lacking))}: only {', '.join(VIDEO)} are read" if lacking
                      else "no stream with video is in it; what payload types are says --rtpmap 96=H264/90000")
    notes = [f"{name(report.streams[each.position])} is left out: a file has at most {MAX_SEEN} streams of video"
             for each in found[MAX_SEEN:]]
    return found[:MAX_SEEN], notes


def _candidates(report: Report, call: int | None, ssrc: int | None) -> list[int]:
    if ssrc is not None:
        return [number for number, stream in enumerate(report.streams)
                if stream.ssrc == ssrc and call in (None, stream.call)]
    positions: Iterable[int] = range(len(report.streams)) if call is None else report.calls[call].streams
    found = [number for number in positions
             if report.streams[number].kind in (None, "video") and report.streams[number].repairs is None]
    calls = {report.streams[number].call for number in found if report.streams[number].kind == "video"}
    if call is None and len(calls) > 1:
        numbers = ", ".join(report.number_of(number) for number in sorted(each for each in calls if each is not None))
        raise NoSound(f"{len(calls)} calls have video: name one with --call ({numbers})")
    return found


def _seen(report: Report, position: int, named: Named) -> tuple[Seen | None, list[str]]:
    stream = report.streams[position]
    codecs: dict[int, Video] = {}
    lacking: list[str] = []
    configuration = b""
    for payload in stream.payloads:
        number = payload.payload_type
        codec = video(named[number].codec if number in named else payload.codec)
        said = described(report, stream, number)
        parameters = words(said.parameters if said else None)
        if codec is None:
            if stream.kind == "video":
                lacking.append(payload.codec or f"payload type {number}, whose codec nobody says")
        elif parameters.get("packetization-mode") == "2":
            lacking.append(REFUSED["interleaved"])
        elif codec.name == "H.265" and parameters.get("sprop-max-don-diff", "0") != "0":
            lacking.append(REFUSED["reordered"])
        else:
            codecs[number] = codec
            configuration = configuration or announced(parameters)
    if not codecs:
        return None, lacking
    side = stream.sender or f"{stream.src}:{stream.sport}"
    return Seen(position, side, codecs, configuration, stream.encrypted, _repairs(report, stream)), lacking


def _repairs(report: Report, stream: Stream) -> tuple[int, ...]:
    return tuple(number for number, each in enumerate(report.streams)
                 if each.repairs == stream.ssrc and each.call == stream.call)
