"""The video of a call or a stream, with its sound, as a file that players open."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dissectors.commands import inputs
from dissectors.commands.media_streams import Asked

if TYPE_CHECKING:
    from dissectors.media.choice import Choice


def write(asked: Asked, options: argparse.Namespace) -> list[str]:
    """Write the file; what to say of it. Raises NoSound and TooLong."""
    from dissectors.media.choice import NoSound
    from dissectors.media.decoders import LACKING, available
    from dissectors.media.sound import Sounding
    from dissectors.media.video.choice import choose_video
    from dissectors.media.video.container import FORMATS, Unwritten, written
    from dissectors.media.video.seeing import Seeing
    from dissectors.media.video.soundtrack import soundtrack
    from dissectors.rewriting.output import Output

    seen, notes = choose_video(asked.report, asked.call, options.ssrc, dict(options.rtpmap))
    if not available():
        raise NoSound(f"video {LACKING}")
    choice = sound_of(asked, options, [position for each in seen for position in (each.position, *each.repairs)])
    heard = choice.heard if choice else ()
    positions = [*(position for each in seen for position in (each.position, *each.repairs)),
                 *(each.position for each in heard)]
    keys = asked.keys([*(position for each in seen if each.encrypted for position in (each.position, *each.repairs)),
                       *(each.position for each in heard if each.encrypted)])
    zero = asked.zero([*(each.position for each in seen), *(each.position for each in heard)])
    seeing = Seeing(asked.report, seen, keys, asked.stack, zero)
    sounding = Sounding(asked.report, choice, keys, asked.stack, zero) if choice else None
    for taken in asked.taken(positions):
        if sounding is not None and taken.stream in sounding.tallies:
            sounding.take(taken)
        else:
            seeing.take(taken)
    seeing.finish()
    lanes = seeing.lanes()
    if not lanes:
        raise NoSound("; ".join(seeing.told()))
    if choice is not None and sounding is not None and sounding.heard:
        lanes.append(soundtrack(sounding.channels, choice.rate, choice.sides))
        notes += [*sounding.told(), *choice.notes]
    try:
        with Output(options.output, force=options.force, inputs=[options.input]) as output:
            for octets in written(lanes, FORMATS[os.path.splitext(options.output)[1].lower()]):
                output.write(octets)
    except Unwritten as error:
        raise inputs.Refused(f"{options.output}: {error}") from None
    return [f"{options.output}: {', '.join(lane.title for lane in lanes)}", *seeing.told(), *notes]


def sound_of(asked: Asked, options: argparse.Namespace, seen: Sequence[int]) -> Choice | None:
    """The sound beside it, where a call has any that is clear."""
    from dissectors.media.choice import NoSound, choose

    if options.ssrc is not None:
        return None
    try:
        return choose(asked.report, asked.call, None, dict(options.rtpmap), seen)
    except NoSound:
        return None
