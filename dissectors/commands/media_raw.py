"""The payloads of one stream as they were sent: one after the other, or, of AAC, as a file of LATM."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from dissectors.commands.media_streams import Asked

if TYPE_CHECKING:
    from dissectors.media.pcm import Sound

ENDINGS = (".raw", ".latm")


def write(asked: Asked, options: argparse.Namespace) -> list[str]:
    """Write the file; what to say of it. Raises NoSound."""
    from dissectors.crypto.srtp import Source
    from dissectors.media.choice import NoSound, name
    from dissectors.media.raw import Payloads
    from dissectors.media.received import Received
    from dissectors.media.sounds import sealed, sounds_of
    from dissectors.queries.decrypted import Openers
    from dissectors.rewriting.output import Output

    position = of_one(asked, options.ssrc)
    stream = asked.report.streams[position]
    main = max(stream.payloads, key=lambda each: each.packets)
    framed = os.path.splitext(options.output)[1].lower() != ".raw"
    named = dict(options.rtpmap)
    made, note = _frames(asked, position, main.payload_type, named) if framed else (bytes, None)
    encrypted = stream.encrypted or sealed(stream, sounds_of(asked.report, stream, named)[0])
    keys = asked.keys([position] if encrypted else [])
    received = Received(Source(Openers().of(keys.get(position, ()))), encrypted)
    with Output(options.output, force=options.force, inputs=[options.input]) as output:
        payloads = Payloads(main.payload_type, made, output.write)
        for taken in asked.taken([position]):
            message = received.message(taken)
            if message is not None:
                payloads.take(message, taken.time)
        payloads.finish()
        said = [*received.opened(), *received.left_out(), *(f"{count:,} datagrams {what}" for count, what in (
            (payloads.ordered.missing, "are missing, and nothing stands for them"),
            (payloads.ordered.late, "come again or too late and are left out"),
            (payloads.other, "of other payload types are left out"), (payloads.unread, "cannot be read"),
        ) if count)]
        if not payloads.written:
            raise NoSound("; ".join(said) or "no payloads are in it")
    codec = main.codec or f"payload type {main.payload_type}"
    return [f"{options.output}: {payloads.written:,} payloads of {codec}, {payloads.octets:,} bytes, not decoded",
            *(f"{name(stream)}: {line}" for line in (note, *said) if line)]


def of_one(asked: Asked, ssrc: int | None) -> int:
    """The position of the only stream that may be meant; raises NoSound where there are none or several."""
    from dissectors.media.choice import NoSound, name

    streams = asked.report.streams
    found = [number for number, stream in enumerate(streams)
             if (ssrc is None or stream.ssrc == ssrc) and asked.call in (None, stream.call) and stream.payloads]
    if not found:
        raise NoSound("no such stream is in it")
    if len(found) > 1:
        names = ", ".join(name(streams[number]) for number in found[:8])
        raise NoSound(f"such a file has one stream: name it with --ssrc ({names}{', …' if len(found) > 8 else ''})")
    return found[0]


def _frames(
    asked: Asked, position: int, payload_type: int, named: dict[int, Sound]
) -> tuple[Callable[[bytes], bytes], str | None]:
    """What makes frames of LATM; raises NoSound where the stream is not of AAC, or nothing says how it is coded."""
    from dissectors.media.choice import NoSound
    from dissectors.media.raw import AAC, framed
    from dissectors.media.sounds import sound_of
    from dissectors.wire.errors import Malformed

    stream = asked.report.streams[position]
    payload = next(each for each in stream.payloads if each.payload_type == payload_type)
    sound = sound_of(asked.report, stream, payload, named)
    if sound is None or sound.codec not in AAC:
        raise NoSound(f"{payload.codec or f'payload type {payload_type}'} is no AAC: name OUT .raw")
    try:
        return framed(sound)
    except Malformed as error:
        raise NoSound(f"{sound.codec}: {error.reason}") from None
