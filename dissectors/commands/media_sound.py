"""The sound of a call or a stream, as a WAV file."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from dissectors.commands.media_streams import Asked

RECEIVED = "received"

if TYPE_CHECKING:
    from dissectors.media.choice import Choice
    from dissectors.media.sound import Sounding


def write(asked: Asked, options: argparse.Namespace) -> list[str]:
    """Write the file; what to say of it. Raises NoSound and TooLong."""
    from dissectors.media import wav
    from dissectors.rewriting.output import Output

    choice, sounding, _ = sounded(asked, options)
    marks = holes(choice, sounding) if options.played == RECEIVED else []
    with Output(options.output, force=options.force, inputs=[options.input]) as output:
        length = wav.write(sounding.channels, choice.rate, output.write, marks)
    sides = " and ".join(choice.sides)
    return [f"{options.output}: {length / choice.rate:,.2f} s of {sides}, {choice.rate:,} samples a second",
            *sounding.told(), *choice.notes]


def sounded(asked: Asked, options: argparse.Namespace) -> tuple[Choice, Sounding, int]:
    """What is heard, and since when in nanoseconds; raises NoSound and TooLong."""
    from dissectors.media.choice import NoSound, choose
    from dissectors.media.sound import Sounding

    choice = choose(asked.report, asked.call, options.ssrc, dict(options.rtpmap))
    positions = [each.position for each in choice.heard]
    keys, zero = asked.keys(each.position for each in choice.heard if each.encrypted), asked.zero(positions)
    buffer = options.buffer if options.played == RECEIVED else None
    sounding = Sounding(asked.report, choice, keys, asked.stack, zero, buffer=buffer)
    for taken in asked.taken(positions):
        sounding.take(taken)
    if not sounding.heard:
        raise NoSound("; ".join(sounding.told()) or "nothing of it can be heard")
    if options.tones:
        sounding.dial()
    return choice, sounding, zero


def holes(choice: Choice, sounding: Sounding) -> list[tuple[int, str]]:
    """Where something is missing, and on which side."""
    sides = {each.position: each.side for each in choice.heard}
    return sorted((begin, f"{sides[position]}: {1000 * (end - begin) / choice.rate:.0f} ms missing")
                  for position, tally in sounding.tallies.items() for begin, end in tally.track.holes)
