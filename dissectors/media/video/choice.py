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
    """A stream that is seen: its position, its codec by payload type.

    `configuration` has the parameter sets of its SDP by the name of the codec. `repairs` are the positions of those
    that send again what it lost (RFC 4588), `again` by their payload types the codec of what they send.
    """

    position: int
    side: str
    codecs: dict[int, Video]
    configuration: dict[str, bytes]
    encrypted: bool
    repairs: tuple[int, ...] = ()
    again: dict[int, Video] = {}


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
    configuration: dict[str, bytes] = {}
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
            configuration[codec.name] = configuration.get(codec.name) or announced(parameters)
    if not codecs:
        return None, lacking
    side = stream.sender or f"{stream.src}:{stream.sport}"
    repairs = _repairs(report, stream)
    again = _again(report, repairs, codecs) if len(configuration) > 1 else {}
    return Seen(position, side, codecs, configuration, stream.encrypted, repairs, again), lacking


def _repairs(report: Report, stream: Stream) -> tuple[int, ...]:
    return tuple(number for number, each in enumerate(report.streams)
                 if each.repairs == stream.ssrc and each.call == stream.call)


def _again(report: Report, repairs: Iterable[int], codecs: dict[int, Video]) -> dict[int, Video]:
    """The codec of what is sent again, by the payload type that it is sent with (RFC 4588 section 8.1: apt)."""
    found = {}
    for stream in (report.streams[position] for position in repairs):
        for payload in stream.payloads:
            said = described(report, stream, payload.payload_type)
            apt = words(said.parameters if said else None).get("apt", "")
            if apt.isdecimal() and int(apt) in codecs:
                found[payload.payload_type] = codecs[int(apt)]
    return found
